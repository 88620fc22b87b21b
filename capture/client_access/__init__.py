"""Client access: API tokens, a client's own leads, idempotent requests."""
