"""What a client may see and do: tokens, its own leads, each request once."""
