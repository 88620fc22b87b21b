"""The command: settings, the server, and both halves' commands joined, lazily."""
