"""The HTTP API by which a client's CRM reads its leads and says what became of them."""
