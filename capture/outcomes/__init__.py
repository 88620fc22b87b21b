"""What happens after a lead was delivered: recorded one by one, or from a table of a CRM."""
