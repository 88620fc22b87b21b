"""Serves the site and the lead service in one, under gunicorn."""
