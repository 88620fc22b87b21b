"""Judges past leads by a draft campaign file: which verdicts and amounts would change.

It writes nothing: a verdict is never computed again (rule 19 of docs/rules.md).
"""
