"""The lead service: receives, judges, tracks and bills leads.

Empty on purpose, so that a build never loads Flask.
"""
