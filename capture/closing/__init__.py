"""Closes a campaign's month with a statement; issues credit and debit notes; records payments.

Statements are drawn from the ledger's events, so that they can be drawn again and checked.
"""
