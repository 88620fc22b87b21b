"""Judges a lead: a campaign's criteria and the answers give a verdict with reasons in words."""
