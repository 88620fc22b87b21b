"""A person's rights: receipt of the consent, own data, withdrawal, erasure."""
