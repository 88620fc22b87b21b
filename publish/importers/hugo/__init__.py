"""A Hugo site: content, static files, configuration."""
