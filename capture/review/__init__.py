"""The review of leads: accept, reject, undo, dispute, settle, notify; one lead or many."""
