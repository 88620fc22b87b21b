"""The writer's live preview: builds on every save, and the browser follows.

It stands apart from the service that visitors meet: it answers this machine alone, builds into a
folder of its own and tries forms out on a ledger of its own. All of that is gone when it ends.
"""
