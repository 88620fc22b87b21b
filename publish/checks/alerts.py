"""Quotes that look like an alert, `> [!NOTE]`, and are none."""

import re
from typing import Final

KINDS: Final = ("NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION")
_MARK: Final = re.compile(r"[ \t]*>[ \t]*(?P<mark>\[!(?P<kind>\w+)\])(?![(\[:])(?P<rest>[^\n]*)")


def alert_problem(quote: str) -> str:
    """What keeps a quote that is no alert from being one; empty if it looks like a quote."""
    mark = _MARK.match(quote)
    if mark is None:
        return ""
    if mark["kind"].upper() not in KINDS:
        kinds = ", ".join(f"`[!{kind}]`" for kind in KINDS)
        return f"`{mark['mark']}` is no alert, so it is shown as text: write one of {kinds}"
    if words := mark["rest"].strip():
        return (
            f"`{mark['mark']}` is no alert with other words on its line, so it is shown as text: "
            f"put `{words}` on the next line"
        )
    return ""
