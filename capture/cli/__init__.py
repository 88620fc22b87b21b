"""The agency's commands: translate in, call one use case, translate out."""
