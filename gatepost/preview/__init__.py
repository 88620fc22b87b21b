"""The writer's live preview: it builds the site on every save and reloads the browser.

The preview is separate from the service that visitors use. It answers only this machine, builds
into a temporary folder and stores test leads in a temporary ledger. Both are deleted at the end.
"""
