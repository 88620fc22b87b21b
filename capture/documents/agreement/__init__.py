"""The agreement of a campaign in words, drawn from its file alone."""
