"""The lead service: takes, judges, tracks and bills leads.

Empty on purpose, so that a build never loads Flask.
"""
