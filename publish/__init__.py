"""Pelican plugins, a file each: make the site."""
