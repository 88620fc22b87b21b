"""Receives leads, one submission or a table of them, and judges corrected leads again."""
