"""Takes the posts and pages of another system over: reads its export, writes content files.

`ghost`, `wordpress` and `hugo` read; `plan` decides what becomes which file; `write` writes.
What cannot be carried is a `Note`: nothing is dropped without one.
"""
