"""Checks the complete released site with external tools: `make audit`. Not part of the tests."""
