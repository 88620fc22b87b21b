"""Campaign and client files: TOML in git to frozen, validated facts. Knows nothing of leads."""
