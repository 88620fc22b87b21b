"""The pages behind the signed links in a client's letters. They need no account."""
