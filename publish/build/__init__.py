"""Runs Pelican, and replaces the old site by the new one."""
