"""Billing rules as pure functions: which lines a lead has, when they fall due, what they cost.

All amounts are integers in minor units. Nothing here reads the ledger or the clock.
"""
