"""The lead service: takes, judges, tracks and bills leads. Empty on purpose: a build never loads Flask."""
