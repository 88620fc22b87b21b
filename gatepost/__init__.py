"""The `gatepost` command: settings, server, live preview, releases."""
