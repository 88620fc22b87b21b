"""Which leads are billable, when, and for how much: pure rules on events, integer minor units."""
