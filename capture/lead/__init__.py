"""A lead: its events, its three tracks and their moves, and its current state as a fold."""
