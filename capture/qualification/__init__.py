"""Applies a campaign's criteria to answers; gives a verdict with a reason for each criterion."""
