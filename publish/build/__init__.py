"""Runs Pelican, and puts a new site in the place of the old one."""
