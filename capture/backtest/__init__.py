"""Tries a campaign file on past leads: whose verdict would change, and what that does to the bill.

Verdicts that were given stay as they are (rule 19): nothing here is ever written down.
"""
