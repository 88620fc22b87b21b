"""The tags of ours that stand in an HTML tree for what Markdown writes in another way."""

from typing import Final

RAW: Final = "gatepost-raw"
"""Stands for a piece of HTML that Markdown has no word for; its number is in `n`."""
NOTE: Final = "gatepost-footnote"
