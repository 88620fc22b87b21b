"""Publishing with git: a push becomes a release, a release becomes the site, all of it or nothing.

Nothing that is pushed is ever run, and nothing of it but three folders is ever written anywhere.
"""
