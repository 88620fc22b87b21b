"""What visitors get: forms, thanks, gated files."""
