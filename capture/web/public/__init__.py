"""The pages for visitors: forms, thanks, gated files."""
