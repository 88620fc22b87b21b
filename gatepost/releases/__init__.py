"""Publishing with git: a push becomes a release, and a release goes live completely or not at all.

No pushed code is ever run. Only the pushed files of three folders are written to disk.
"""
