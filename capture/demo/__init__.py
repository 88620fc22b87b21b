"""A demonstration: a realistic year of leads in a ledger of its own, never in the real ledger.

`fill` creates it. `year` has the events of the year, `people` the people who send forms, `terms`
the changes of the agreements, `page_views` the views, `messages` the letters and webhooks, and
`last_days` what waits at the end.
"""
