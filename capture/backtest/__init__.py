"""Tries a draft campaign file on past leads: which verdicts and bills would change.

It writes nothing: verdicts that were given stay (rule 19).
"""
