"""One lead in words: its facts, its timeline, other leads of the person, and what may be done next.

Stages of leads are put into words in `stages`, for lists too.
"""
