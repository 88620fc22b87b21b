"""Client access: API tokens, a client's own leads as it sees them, idempotent requests."""
