"""A demonstration: a believable year of leads in a ledger of its own. Never the real ledger."""
