"""Reads what WordPress exports. Posts and pages are carried; all else is told."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from capture.errors import Refused, short_path
from publish.imports.facts import Export, Item, Media, Note, Root, Status, counted, listed
from publish.imports.places import split
from publish.imports.shortcodes import Attachment, html_of
from publish.imports.text import line, plain
from publish.imports.wordpress_rest import (
    ALT,
    GONE,
    SEO_CANONICAL,
    SEO_NOINDEX,
    SEO_SUMMARY,
    TEXTS,
    not_carried,
)
from publish.imports.wxr import Entry, Wxr, parsed

_UPLOADS: Final = "/wp-content/uploads/"
_STATUS: Final[Mapping[str, Status]] = {"publish": "published", "future": "published"}


def read(path: Path) -> Export:
    """Reads one XML file. Raises `Refused` if it is none, `Unavailable` if it cannot be read."""
    found = parsed(path)
    attached = [entry for entry in found.entries if entry.type == "attachment"]
    files = {entry.text("post_id"): _attachment(entry) for entry in attached}
    carried = [
        entry for entry in found.entries if entry.type in TEXTS and entry.text("status") not in GONE
    ]
    if not carried:
        raise Refused(f"{short_path(path)}: holds no post and no page: export all content")
    notes = list(not_carried(found, carried, path.name))
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


def _item(entry: Entry, found: Wxr, files: Mapping[str, Attachment], notes: list[Note]) -> Item:
    def say(kind: str, told: str) -> None:
        notes.append(Note(kind, entry.where, told))

    status, said = _status(entry)
    if said:
        say("status", said)
    if entry.text("is_sticky") == "1":
        say("field", "is sticky there: no post is here")
    terms: defaultdict[str, list[str]] = defaultdict(list)
    for domain, nicename, name in entry.terms:
        if not (domain == "category" and nicename == "uncategorized"):
            terms[domain].append(name)
    categories = terms.pop("category", [])
    tags = terms.pop("post_tag", [])
    if len(categories) > 1:
        told = f"is in {counted(len(categories), 'category')}; those after the first became tags"
        say("categories", f"{told}: {listed(categories[1:])}")
    for domain, names in sorted(terms.items()):
        say("field", f"`{domain}` was not carried: {listed(names)}")
    number = entry.meta.get("_thumbnail_id", "")
    thumbnail = files.get(number, Attachment("", "", ""))
    if number.strip("0") and not thumbnail.address:
        say("picture", f"the one that stands for it, attachment {number}, is not in the export")
    login = entry.text("creator")
    html, lost = html_of(entry.text("encoded"), files)
    for kind, told in lost:
        say(kind, told)
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
        return "draft", "is protected by a password there: a draft here"
    if status in _STATUS:
        return _STATUS[status], ""
    return "draft", "" if status == "draft" else f"is `{status}` there: a draft here"


def _moment(entry: Entry, name: str) -> datetime | None:
    """In UTC as WordPress has it; drafts have only the time of their site."""
    for text in (entry.text(f"{name}_gmt"), entry.text(name)):
        try:
            return datetime.strptime(line(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:  # 0000-00-00 00:00:00 stands for none
            continue
    return None


def _address(link: str) -> str:
    parts = split(link)
    if parts.query:  # a draft, or a site without permanent links
        return f"{parts.path or '/'}?{parts.query}" if "p=" not in parts.query else ""
    return parts.path


def _old(slug: str, address: str) -> str:
    """The path under an earlier slug, from which WordPress led on."""
    above = split(address).path.rstrip("/").rpartition("/")[0]
    return f"{above}/{slug}/"


def _footnotes(value: str) -> str:
    """Those of the block editor, which it keeps beside the text."""
    try:
        notes = json.loads(value or "[]")
        pairs = [(str(note["id"]), str(note["content"])) for note in notes]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    safe = ((re.sub(r"[^\w-]", "", key), text) for key, text in pairs)
    return "".join(f'<div class="footnote-definition" id="{k}">{text}</div>' for k, text in safe)
