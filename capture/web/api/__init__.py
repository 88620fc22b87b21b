"""The HTTP API: a client's CRM reads its leads and records reviews and outcomes."""
