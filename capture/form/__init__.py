"""The form of a campaign: one class renders the page and validates submissions."""
