"""Users of the desk: roles, passphrases, one-time links, sessions, and the access log."""
