"""Judges the whole released site as strangers would: `make audit`. Never part of the test run."""
