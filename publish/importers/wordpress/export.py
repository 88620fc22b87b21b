"""Reads a WordPress export: imports posts and pages, and notes everything else."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from capture.errors import Refused, short_path
from publish.importers.model import (
    Export,
    ImportNote,
    Item,
    Media,
    Root,
    Status,
    count_noun,
    join_words,
)
from publish.importers.places import split
from publish.importers.text import line, plain
from publish.importers.wordpress.shortcodes import Attachment, html_of
from publish.importers.wordpress.wxr import Entry, Wxr, read_wxr

SEO_SUMMARY: Final = ("_yoast_wpseo_metadesc", "rank_math_description", "_aioseo_description")
SEO_CANONICAL: Final = ("_yoast_wpseo_canonical", "rank_math_canonical_url")
SEO_NOINDEX: Final = "_yoast_wpseo_meta-robots-noindex"
ALT: Final = "_wp_attachment_image_alt"
GONE: Final = frozenset({"trash", "auto-draft", "inherit"})
TEXTS: Final = frozenset({"post", "page"})
_READ: Final = frozenset({"_thumbnail_id", "footnotes", *SEO_SUMMARY, *SEO_CANONICAL, SEO_NOINDEX})
_INNER: Final = re.compile(r"^_(?:edit_l|wp_old_date|wp_attach|encloseme|pingme|wp_trash_)")
"""Internal fields of WordPress."""
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


def unsupported(found: Wxr, carried: list[Entry], where: str) -> Iterator[ImportNote]:
    """Notes for everything in the export except posts and pages, one for each kind."""
    counts = Counter[str]()
    for entry in found.entries:
        if entry.type not in TEXTS | {"attachment"}:
            counts[_KINDS.get(entry.type, f"`{entry.type}`")] += 1
        elif entry.type in TEXTS and entry.text("status") in GONE:
            counts[f"`{entry.text('status')}`"] += 1
    counts.update({f"`<{name}>`": number for name, number in found.others.items()})
    for what, number in sorted(counts.items()):
        yield ImportNote("not imported", where, f"{number} of kind {what}")
    if comments := sum(entry.comments for entry in found.entries):
        message = f"{count_noun(comments, 'comment')} not imported: personal data"
        yield ImportNote("comments", where, message)
    if found.site:
        message = (
            f"settings of the site were not imported: {join_words(found.site)}: see pelicanconf.py"
        )
        yield ImportNote("settings", where, message)
    if found.addresses:
        message = f"{count_noun(found.addresses, 'account')} with e-mail address: never imported"
        yield ImportNote("authors", where, message)
    yield from _terms(found, carried, where)
    yield from _library(found, where)
    yield from _fields(carried, where)


def _terms(found: Wxr, carried: list[Entry], where: str) -> Iterator[ImportNote]:
    used = {(domain, nicename) for entry in carried for domain, nicename, _ in entry.terms}
    names = {(term.domain, term.nicename): term.name for term in found.terms}
    idle: dict[str, list[str]] = {}
    for term in found.terms:
        if (term.domain, term.nicename) in used:
            if term.parent:
                parent = names.get((term.domain, term.parent), term.parent)
                place = f"`{term.name}` is below `{parent}` on the old site"
                message = f"{place}: categories are not nested here"
                yield ImportNote("categories", where, message)
            if term.more:
                message = (
                    f"`{term.name}` was imported as a name only, without {join_words(term.more)}"
                )
                yield ImportNote("categories", where, message)
        elif term.nicename != "uncategorized":
            idle.setdefault(term.domain, []).append(term.name)
    for domain, words in sorted(idle.items()):
        yield ImportNote("categories", where, f"`{domain}` without a post: {join_words(words)}")


def _library(found: Wxr, where: str) -> Iterator[ImportNote]:
    """Notes for descriptions of files in the media library."""
    files = [entry for entry in found.entries if entry.type == "attachment"]
    data = {
        "caption": sum(bool(entry.text("excerpt").strip()) for entry in files),
        "description": sum(bool(entry.text("encoded").strip()) for entry in files),
        "alternative text": sum(bool(entry.meta.get(ALT)) for entry in files),
    }
    if words := ", ".join(count_noun(number, word) for word, number in data.items() if number):
        message = f"{words} of the media library: imported only where a text shows them"
        yield ImportNote("attachment", where, message)


def _fields(entries: list[Entry], where: str) -> Iterator[ImportNote]:
    """Notes for custom fields: those of authors for each item, those of plugins once."""
    inner: Counter[str] = Counter()
    titles = {entry.text("post_id"): line(entry.text("title")) for entry in entries}
    for entry in entries:
        keys = [key for key in entry.meta if key not in _READ and not _INNER.match(key)]
        if entry.meta.get("_wp_page_template") in ("", "default"):
            keys.remove("_wp_page_template")
        shown = [key for key in keys if not key.startswith("_")]
        inner.update(key for key in keys if key.startswith("_"))
        if shown:
            yield ImportNote(
                "field", entry.where, f"custom fields were not imported: {join_words(shown)}"
            )
        unread = [
            name
            for name, text in entry.texts.items()
            if name not in _READ_TEXTS | _OF_THE_FORMAT and text.strip()
        ]
        if unread:
            yield ImportNote(
                "field", entry.where, f"fields were not imported: {join_words(unread)}"
            )
        if (parent := entry.text("post_parent")) not in ("", "0"):
            above = titles.get(parent) or parent
            message = f"is below `{above}` on the old site: pages are not nested here"
            yield ImportNote("field", entry.where, message)
        if (order := line(entry.text("menu_order"))) not in ("", "0"):
            yield ImportNote(
                "field", entry.where, f"its position in the order, {order}, was not imported"
            )
    for key, number in sorted(inner.items()):
        yield ImportNote(
            "field", where, f"a plugin's `{key}` was not imported from {count_noun(number, 'item')}"
        )


_UPLOADS: Final = "/wp-content/uploads/"
_STATUS: Final[Mapping[str, Status]] = {"publish": "published", "future": "published"}


def read_wordpress(path: Path) -> Export:
    """Reads one XML file. Raises `Refused` if it is not an export, `Unavailable` if unreadable."""
    found = read_wxr(path)
    attached = [entry for entry in found.entries if entry.type == "attachment"]
    files = {entry.text("post_id"): _attachment(entry) for entry in attached}
    carried = [
        entry for entry in found.entries if entry.type in TEXTS and entry.text("status") not in GONE
    ]
    if not carried:
        raise Refused(f"{short_path(path)}: contains no post and no page: export all content")
    notes = list(unsupported(found, carried, path.name))
    items = tuple(_item(entry, found, files, notes) for entry in carried)
    media = tuple(Media(entry.where, line(entry.text("attachment_url"))) for entry in attached)
    return Export(items, tuple(notes), frozenset(found.hosts), _roots(path.parent), media)


def _roots(beside: Path) -> tuple[Root, ...]:
    folders = (beside / "wp-content" / "uploads", beside / "uploads")
    return tuple(Root(_UPLOADS, folder) for folder in folders if folder.is_dir())


def _attachment(entry: Entry) -> Attachment:
    return Attachment(
        line(entry.text("attachment_url")),
        line(entry.meta.get(ALT, "")),
        plain(entry.text("excerpt")),
    )


def _item(
    entry: Entry, found: Wxr, files: Mapping[str, Attachment], notes: list[ImportNote]
) -> Item:
    def say(kind: str, problem_text: str) -> None:
        notes.append(ImportNote(kind, entry.where, problem_text))

    status, text = _status(entry)
    if text:
        say("status", text)
    if entry.text("is_sticky") == "1":
        say("field", "is sticky on the old site: no post is sticky here")
    terms: defaultdict[str, list[str]] = defaultdict(list)
    for domain, nicename, name in entry.terms:
        if not (domain == "category" and nicename == "uncategorized"):
            terms[domain].append(name)
    categories = terms.pop("category", [])
    tags = terms.pop("post_tag", [])
    if len(categories) > 1:
        message = (
            f"is in {count_noun(len(categories), 'category')}; those after the first became tags"
        )
        say("categories", f"{message}: {join_words(categories[1:])}")
    for domain, names in sorted(terms.items()):
        say("field", f"`{domain}` was not imported: {join_words(names)}")
    number = entry.meta.get("_thumbnail_id", "")
    thumbnail = files.get(number, Attachment("", "", ""))
    if number.strip("0") and not thumbnail.address:
        say("picture", f"its featured image, attachment {number}, is not in the export")
    login = entry.text("creator")
    html, lost = html_of(entry.text("encoded"), files)
    for kind, message in lost:
        say(kind, message)
    address = _address(entry.text("link"))
    return Item(
        where=entry.where,
        kind="page" if entry.type == "page" else "post",
        title=plain(entry.text("title")),
        slug=unquote(entry.text("post_name")),
        html=html + _footnotes(entry.meta.get("footnotes", "")),
        address=address,
        aliases=tuple(_old(slug, address) for slug in entry.old_slugs if slug),
        date=_moment(entry, "post_date"),
        modified=_moment(entry, "post_modified"),
        summaries=(plain(entry.text("excerpt")), *_first(entry.meta, SEO_SUMMARY)),
        category=categories[0] if categories else "",
        tags=(*tags, *categories[1:]),
        authors=(found.authors.get(login) or login,),
        status=status,
        image=thumbnail.address,
        image_alt=thumbnail.alt,
        canonical=next(_first(entry.meta, SEO_CANONICAL), ""),
        noindex=entry.meta.get(SEO_NOINDEX) == "1",
    )


def _first(meta: Mapping[str, str], keys: tuple[str, ...]) -> Iterator[str]:
    return (line(meta[key]) for key in keys if line(meta.get(key, "")))


def _status(entry: Entry) -> tuple[Status, str]:
    status = entry.text("status") or "publish"
    if entry.text("post_password"):
        return "draft", "was protected by a password: imported as a draft"
    if status in _STATUS:
        return _STATUS[status], ""
    return (
        "draft",
        "" if status == "draft" else f"was `{status}` on the old site: imported as a draft",
    )


def _moment(entry: Entry, name: str) -> datetime | None:
    """The time in UTC; drafts have only the local time of their site."""
    for text in (entry.text(f"{name}_gmt"), entry.text(name)):
        try:
            return datetime.strptime(line(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:  # 0000-00-00 00:00:00 means no time
            continue
    return None


def _address(link: str) -> str:
    parts = split(link)
    if parts.query:  # a draft, or a site without permalinks
        return f"{parts.path or '/'}?{parts.query}" if "p=" not in parts.query else ""
    return parts.path


def _old(slug: str, address: str) -> str:
    """The path with an earlier slug, which WordPress redirected."""
    above = split(address).path.rstrip("/").rpartition("/")[0]
    return f"{above}/{slug}/"


def _footnotes(value: str) -> str:
    """The footnotes of the block editor, which are stored outside the text."""
    try:
        notes = json.loads(value or "[]")
        pairs = [(str(note["id"]), str(note["content"])) for note in notes]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    safe = ((re.sub(r"[^\w-]", "", key), text) for key, text in pairs)
    return "".join(f'<div class="footnote-definition" id="{k}">{text}</div>' for k, text in safe)
