"""Draws what a campaign may bill for a month, from its events alone, and closes the month.

What follows a close are documents as well: credit and debit notes, and payments on them.
"""
