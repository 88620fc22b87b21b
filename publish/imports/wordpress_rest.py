"""What a WordPress export holds beside the texts, and what its posts say that no head here can."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from publish.imports.facts import Note, counted, listed
from publish.imports.text import line
from publish.imports.wxr import Entry, Wxr

SEO_SUMMARY: Final = ("_yoast_wpseo_metadesc", "rank_math_description", "_aioseo_description")
SEO_CANONICAL: Final = ("_yoast_wpseo_canonical", "rank_math_canonical_url")
SEO_NOINDEX: Final = "_yoast_wpseo_meta-robots-noindex"
ALT: Final = "_wp_attachment_image_alt"
GONE: Final = frozenset({"trash", "auto-draft", "inherit"})
TEXTS: Final = frozenset({"post", "page"})
_READ: Final = frozenset({"_thumbnail_id", "footnotes", *SEO_SUMMARY, *SEO_CANONICAL, SEO_NOINDEX})
_INNER: Final = re.compile(r"^_(?:edit_l|wp_old_date|wp_attach|encloseme|pingme|wp_trash_)")
"""What WordPress notes for itself."""
_READ_TEXTS: Final = frozenset(
    {"title", "link", "creator", "encoded", "excerpt", "post_id", "post_date", "post_date_gmt",
     "post_modified", "post_modified_gmt", "post_name", "status", "post_type", "post_password",
     "is_sticky", "attachment_url", "post_parent", "menu_order"}
)  # fmt: skip
_OF_THE_FORMAT: Final = frozenset(
    {"pubDate", "guid", "comment_status", "ping_status", "commentRss", "comments"}
)
_KINDS: Final = {
    "nav_menu_item": "menu",
    "revision": "revision",
    "wp_navigation": "menu",
    "wp_block": "reusable block",
}


def not_carried(found: Wxr, carried: list[Entry], where: str) -> Iterator[Note]:
    """Everything in the export that is no text, each kind on one line."""
    counts = Counter[str]()
    for entry in found.entries:
        if entry.type not in TEXTS | {"attachment"}:
            counts[_KINDS.get(entry.type, f"`{entry.type}`")] += 1
        elif entry.type in TEXTS and entry.text("status") in GONE:
            counts[f"`{entry.text('status')}`"] += 1
    counts.update({f"`<{name}>`": number for name, number in found.others.items()})
    for what, number in sorted(counts.items()):
        yield Note("not carried", where, f"{number} of kind {what}")
    if comments := sum(entry.comments for entry in found.entries):
        told = f"{counted(comments, 'comment')}, for they are personal data: none was carried"
        yield Note("comments", where, told)
    if found.site:
        told = f"what is said of the site itself: {listed(found.site)}: see pelicanconf.py"
        yield Note("settings", where, told)
    if found.addresses:
        told = f"{counted(found.addresses, 'account')} with e-mail address: never carried"
        yield Note("authors", where, told)
    yield from _terms(found, carried, where)
    yield from _library(found, where)
    yield from _fields(carried, where)


def _terms(found: Wxr, carried: list[Entry], where: str) -> Iterator[Note]:
    used = {(domain, nicename) for entry in carried for domain, nicename, _ in entry.terms}
    names = {(term.domain, term.nicename): term.name for term in found.terms}
    idle: dict[str, list[str]] = {}
    for term in found.terms:
        if (term.domain, term.nicename) in used:
            if term.parent:
                above = names.get((term.domain, term.parent), term.parent)
                told = f"`{term.name}` lies below `{above}` there: categories have no tree here"
                yield Note("categories", where, told)
            if term.more:
                told = f"`{term.name}` is a word here; not carried: {listed(term.more)}"
                yield Note("categories", where, told)
        elif term.nicename != "uncategorized":
            idle.setdefault(term.domain, []).append(term.name)
    for domain, words in sorted(idle.items()):
        yield Note("categories", where, f"`{domain}`, of no post: {listed(words)}")


def _library(found: Wxr, where: str) -> Iterator[Note]:
    """What people wrote of files beside all texts."""
    files = [entry for entry in found.entries if entry.type == "attachment"]
    said = {
        "caption": sum(bool(entry.text("excerpt").strip()) for entry in files),
        "description": sum(bool(entry.text("encoded").strip()) for entry in files),
        "alternative text": sum(bool(entry.meta.get(ALT)) for entry in files),
    }
    if words := ", ".join(counted(number, word) for word, number in said.items() if number):
        told = f"{words} of the media library: carried where a text shows them, no more"
        yield Note("attachment", where, told)


def _fields(entries: list[Entry], where: str) -> Iterator[Note]:
    """Custom fields by name: those of people on each item, those of plugins once."""
    inner: Counter[str] = Counter()
    titles = {entry.text("post_id"): line(entry.text("title")) for entry in entries}
    for entry in entries:
        keys = [key for key in entry.meta if key not in _READ and not _INNER.match(key)]
        if entry.meta.get("_wp_page_template") in ("", "default"):
            keys.remove("_wp_page_template")
        shown = [key for key in keys if not key.startswith("_")]
        inner.update(key for key in keys if key.startswith("_"))
        if shown:
            yield Note("field", entry.where, f"custom fields were not carried: {listed(shown)}")
        unread = [
            name
            for name, said in entry.texts.items()
            if name not in _READ_TEXTS | _OF_THE_FORMAT and said.strip()
        ]
        if unread:
            yield Note("field", entry.where, f"fields were not carried: {listed(unread)}")
        if (parent := entry.text("post_parent")) not in ("", "0"):
            above = titles.get(parent) or parent
            told = f"lies below `{above}` there: pages have no tree here"
            yield Note("field", entry.where, told)
        if (order := line(entry.text("menu_order"))) not in ("", "0"):
            yield Note("field", entry.where, f"its place in the order, {order}, was not carried")
    for key, number in sorted(inner.items()):
        yield Note("field", where, f"a plugin's `{key}`, of {counted(number, 'item')}")
