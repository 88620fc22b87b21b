"""One lead in words: its facts, its timeline, its other leads, and what may be done next."""
