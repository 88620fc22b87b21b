"""A demonstration: a realistic year of leads in a ledger of its own, never in the real ledger.

`fill` creates it, `year` has the events of the year, `people` the people who send forms.
"""
