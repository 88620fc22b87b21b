"""Lists and tables in Markdown, of texts that were converted within them.

Rows and items are told apart by signs that cleaned texts do not hold.
"""

import re
from typing import Final

from bs4 import Tag

from publish.imports.escaping import escaped
from publish.imports.tags import NOTE

CELL: Final = "\x1f"
ROW: Final = "\x1e"
END: Final = "\x1d"
"""Stands at the end of a list or quote that stands in no other."""
NESTING: Final = frozenset({"li", "blockquote", "dd", "td", "th", "details", NOTE})
INDENT: Final = " " * 4
"""What Python-Markdown asks for within a list."""


def list_of(el: Tag, text: str, parent_tags: set[str]) -> str:
    """`<ul>` and `<ol>`."""
    if parent_tags & {"td", "th"}:
        return text
    if el.name == "ol":
        start = str(el.get("start") or "1")
        number = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
        signs = iter(range(number, number + text.count(ROW) + 1))
        text = re.sub(f"{ROW}    ", lambda _: f"{next(signs)}. ".ljust(4), text)
    else:
        text = text.replace(f"{ROW}    ", "-   ")
    tight = "li" in parent_tags and not (el.parent and el.parent.find("p", recursive=False))
    text = text.strip("\n")
    if tight:
        return f"\n{text}\n"
    return f"\n\n{text}{'' if parent_tags & NESTING else END}\n\n"


def quote_of(text: str, parent_tags: set[str]) -> str:
    """`<blockquote>`."""
    text = text.strip(" \t\r\n")
    if "_inline" in parent_tags:
        return f" {text} "
    if not text:
        return "\n"
    inner = "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))
    return f"\n{inner}{'' if parent_tags & NESTING else END}\n\n"


def item_of(el: Tag, text: str) -> str:
    """`<li>`."""
    text = text.strip("\n")
    text = re.sub(r"^\\\[( |x)\\\]\s+", r"[\1] ", text)
    inner = indented(text)
    parent = el.parent.name if el.parent else ""
    if not text.strip():
        return ""
    if parent not in {"ul", "ol"}:  # one that belongs to no list
        return f"\n\n-   {inner.strip()}\n\n"
    is_loose = bool(el.find("p", recursive=False)) and len(el.find_all(recursive=False)) > 1
    return f"{ROW}{inner}\n" + ("\n" if is_loose else "")


def indented(text: str) -> str:
    """Every line but empty ones below a sign."""
    return "\n".join(f"{INDENT}{line}" if line else "" for line in text.split("\n"))


def table_of(el: Tag, text: str) -> str:
    """`<table>`, its caption above it."""
    found = el.find("caption")
    words = escaped(" ".join(found.get_text().split())) if isinstance(found, Tag) else ""
    caption = f"{words}\n\n" if words else ""
    rows = [row.split(CELL)[:-1] for row in text.split(ROW) if CELL in row]
    width = max((len(row) for row in rows), default=0)
    if not width:
        return f"\n\n{text.strip()}\n\n"
    first = el.find("tr")
    is_head = isinstance(first, Tag) and not first.find("td")
    if isinstance(first, Tag) and first.find_parent("thead"):
        is_head = True
    if not is_head:
        rows.insert(0, [""] * width)
    cells = first.find_all(["td", "th"]) if isinstance(first, Tag) else []
    lines = [_cells(row, width) for row in rows]
    lines.insert(1, _cells([_rule(cell) for cell in cells], width, "---"))
    return f"\n\n{caption}" + "\n".join(lines) + "\n\n"


def _cells(row: list[str], width: int, empty: str = "") -> str:
    filled = [*row, *[empty] * (width - len(row))]
    return f"| {' | '.join(filled)} |"


def _rule(cell: Tag) -> str:
    return {"left": ":---", "center": ":---:", "right": "---:"}.get(str(cell.get("align")), "---")
