"""Reads campaign and client files: TOML in git to frozen, validated objects. No leads here."""
