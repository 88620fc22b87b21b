"""Pure billing rules: which lines a lead has, when they fall due and what they cost.

All amounts are integers in minor units. Nothing here reads the ledger or the clock.
"""
