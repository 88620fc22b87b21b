"""Which attributes and tags of an HTML tree say something here; the others are counted."""

import re
from collections import Counter
from collections.abc import Collection
from typing import Any, Final

from bs4 import BeautifulSoup, Tag

from publish.imports.carrier import Carrier
from publish.imports.facts import tallied
from publish.imports.headings import HEADING
from publish.imports.tags import NOTE, RAW

_KEPT: Final = {
    "a": ("href", "title"),
    "img": ("src", "alt", "title"),
    "td": ("colspan", "rowspan", "align"),
    "th": ("colspan", "rowspan", "align", "scope"),
    "ol": ("start",),
    "abbr": ("title",),
    NOTE: ("n",),
    RAW: ("n",),
}
_CODE: Final = frozenset({"pre", "code"})
_CELLS: Final = frozenset({"td", "th"})
_ALIGN: Final = re.compile(r"text-align\s*[:-]\s*(left|center|right)")
_LANGUAGE: Final = re.compile(r"(?:lang(?:uage)?-|brush:\s*)([\w+#.-]+)")
_NAUGHT: Final = frozenset({"class", "style", "id", "rel", "title", "lang", "dir"})
"""Attributes that say nothing if they are empty."""
_NO_MATTER: Final = frozenset(
    {"html", "head", "body", "div", "span", "section", "article", "main", "header", "footer",
     "picture", "source", "tbody", "thead", "tfoot", "colgroup", "col", "wbr", "figcaption"}
)  # fmt: skip
"""Tags that only hold others together: their words and their attributes say all."""


def keep_attributes(soup: BeautifulSoup, carrier: Carrier, wanted: Collection[str]) -> None:
    """Leaves what a page here can show; tells how many others there were, by name.

    `wanted` are the ids that links lead to.
    """
    left = Counter[str]()
    for tag in soup.find_all(True):
        kept = {name: tag[name] for name in _KEPT.get(tag.name, ()) if tag.has_attr(name)}
        used = set(kept)
        if tag.name in _CODE:
            used |= _keep_language(tag, kept)
        elif tag.name in _CELLS and (found := _ALIGN.search(_look(tag))):
            kept["align"] = found[1]
            used |= {"style", "class", "data-align"}
        if str(tag.get("id") or "") in wanted and (tag.name == "a" or HEADING.fullmatch(tag.name)):
            kept["id"] = tag["id"]
            used |= {"id", "name"}
        left.update(
            name.lower()
            for name, value in tag.attrs.items()
            if name not in used and (value or name not in _NAUGHT)
        )
        tag.attrs = kept
    handlers = {name: number for name, number in left.items() if name.startswith("on")}
    if number := sum(handlers.values()):
        carrier.note("script", f"{number} `on...` attributes were taken out")
    if others := {name: number for name, number in left.items() if name not in handlers}:
        carrier.note("attributes", f"left out: {tallied(others)}")


def tell_tags(soup: BeautifulSoup, carrier: Carrier, known: frozenset[str]) -> None:
    """Counts the tags that Markdown has no sign for: their words alone are carried."""
    names = Counter(tag.name for tag in soup.find_all(True))
    odd = {name: number for name, number in names.items() if name not in known | _NO_MATTER}
    if odd:
        carrier.note("tags of HTML", f"their words alone were carried: {tallied(odd)}")


def _keep_language(tag: Tag, kept: dict[str, Any]) -> set[str]:
    """Puts the language of code into `lang`; gives the attributes that said it."""
    found = _LANGUAGE.search(_look(tag))
    named = str(tag.get("data-lang") or tag.get("lang") or (found[1] if found else ""))
    if not re.fullmatch(r"[\w+#.-]+", named):
        return set()
    kept["lang"] = named
    return {"data-lang", "lang", "class"}


def _look(tag: Tag) -> str:
    """Classes and style, in which editors keep what HTML has no attribute for."""
    classes = tag.get("class")
    said = " ".join(classes) if isinstance(classes, list) else str(classes or "")
    return f"{said} {tag.get('style') or ''}"
