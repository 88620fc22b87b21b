"""Reads what writers write, front matter and text, and checks it by the rules.

`rules/` holds the rules; `project.Writing` is the data that they work on.
"""
