"""Serves the site and the lead service from one address, under gunicorn."""
