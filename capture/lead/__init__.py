"""A lead: the events that move it, its three tracks and their moves, and where it stands."""
