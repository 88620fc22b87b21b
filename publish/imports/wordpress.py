"""Reads what WordPress exports: WXR 1.0 to 1.2, RSS 2.0 with more in it.

Posts and pages are carried; comments, menus, revisions and kinds of plugins' own are counted.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from capture.errors import Refused, Unavailable, short_path
from publish.imports.facts import Export, Item, Note, Root, Status, counted, listed
from publish.imports.places import split
from publish.imports.shortcodes import Attachment, html_of
from publish.imports.text import clean, line, plain

_UPLOADS: Final = "/wp-content/uploads/"
_STATUS: Final[Mapping[str, Status]] = {"publish": "published", "future": "published"}
_GONE: Final = frozenset({"trash", "auto-draft", "inherit"})
_SEO_SUMMARY: Final = ("_yoast_wpseo_metadesc", "rank_math_description", "_aioseo_description")
_SEO_CANONICAL: Final = ("_yoast_wpseo_canonical", "rank_math_canonical_url")
_READ: Final = frozenset({"_thumbnail_id", "footnotes", *_SEO_SUMMARY, *_SEO_CANONICAL})
_INNER: Final = re.compile(r"^_(?:edit_|wp_old_|encloseme|pingme|wp_page_template)")
_NOT_CARRIED: Final = {
    "nav_menu_item": "menu",
    "revision": "revision",
    "wp_navigation": "menu",
    "wp_block": "reusable block",
}


@dataclass(slots=True)
class _Entry:
    """One `<item>`: the texts of its tags by their names."""

    texts: dict[str, str] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    terms: list[tuple[str, str, str]] = field(default_factory=list)
    """Kind, name in addresses, name."""
    comments: int = 0

    def text(self, name: str) -> str:
        return self.texts.get(name, "")

    @property
    def type(self) -> str:
        return self.text("post_type") or "post"

    @property
    def where(self) -> str:
        return f"{self.type} {self.text('post_id')}, {line(self.text('title')) or 'without title'}"


@dataclass(slots=True)
class _Read:
    hosts: set[str] = field(default_factory=set)
    authors: dict[str, str] = field(default_factory=dict)
    entries: list[_Entry] = field(default_factory=list)


def read(path: Path) -> Export:
    """Reads one XML file. Raises `Refused` if it is none, `Unavailable` if it cannot be read."""
    found = _parsed(path)
    notes: list[Note] = []
    files = {entry.text("post_id"): _attachment(entry) for entry in found.entries}
    carried, counts = [], Counter[str]()
    for entry in found.entries:
        if entry.type in {"post", "page"} and entry.text("status") not in _GONE:
            carried.append(entry)
        elif entry.type != "attachment":
            what = entry.text("status") if entry.type in {"post", "page"} else entry.type
            counts[_NOT_CARRIED.get(what, f"`{what}`")] += 1
    where = path.name
    for what, number in sorted(counts.items()):
        notes.append(Note("not carried", where, f"{number} of kind {what}"))
    if comments := sum(entry.comments for entry in found.entries):
        told = f"{counted(comments, 'comment')}, for they are personal data: none was carried"
        notes.append(Note("comments", where, told))
    notes += _unread_fields(carried, where)
    items = tuple(_item(entry, found, files, notes) for entry in carried)
    if not items:
        raise Refused(f"{short_path(path)}: holds no post and no page: export all content")
    return Export(items, tuple(notes), frozenset(found.hosts), _roots(path.parent))


def _roots(beside: Path) -> tuple[Root, ...]:
    folders = (beside / "wp-content" / "uploads", beside / "uploads")
    return tuple(Root(_UPLOADS, folder) for folder in folders if folder.is_dir())


def _parsed(path: Path) -> _Read:
    """Goes through the file once and keeps no more of it than is needed."""
    found = _Read()
    where = short_path(path)
    depth = 0
    try:
        with path.open("rb") as file:
            for event, tag in iterparse(file, ("start", "end"), forbid_dtd=True):
                depth += 1 if event == "start" else -1
                if event == "start":
                    if depth == 1 and tag.tag != "rss":
                        raise Refused(f"{where}: is no WordPress export: it begins with no `<rss>`")
                elif depth == 2:
                    _take(tag, found)
                    tag.clear()
    except ParseError as error:
        number, column = error.position
        said = str(error).split(":", maxsplit=1)[0]
        told = f"is no XML ({said}, column {column}): export it again, or mend that line"
        raise Refused(f"{where}:{number}: {told}") from None
    except DefusedXmlException:
        told = "declares a DTD or entities, which no WordPress export does"
        raise Refused(f"{where}: {told}: export it again") from None
    except OSError as error:
        raise Unavailable(f"{where}: cannot be read: {error.strerror}") from None
    except (ValueError, LookupError) as error:  # an encoding that nobody knows
        raise Refused(f"{where}: is no XML: {line(str(error))}") from None
    return found


def _take(tag: Element, found: _Read) -> None:
    match _name(tag):
        case "link" | "base_site_url" | "base_blog_url":
            host = split(tag.text or "").hostname
            if host:
                found.hosts.add(host.removeprefix("www."))
        case "author":
            texts = {_name(child): line(child.text) for child in tag}
            login = texts.get("author_login", "")
            found.authors[login] = texts.get("author_display_name") or login
        case "item":
            found.entries.append(_entry(tag))
        case _:
            pass


def _name(tag: Element) -> str:
    """The local name; two that are called `encoded` are told apart."""
    space, _, name = str(tag.tag).rpartition("}")
    return "excerpt" if name == "encoded" and "excerpt" in space else name


def _entry(tag: Element) -> _Entry:
    entry = _Entry()
    for child in tag:
        name = _name(child)
        if name == "postmeta":
            pair = {_name(part): clean(part.text) for part in child}
            entry.meta[pair.get("meta_key", "")] = pair.get("meta_value", "")
        elif name == "comment":
            entry.comments += 1
        elif name == "category":
            domain, nicename = child.get("domain", "category"), child.get("nicename", "")
            entry.terms.append((domain, nicename, plain(child.text)))
        else:
            entry.texts[name] = clean(child.text)
    return entry


def _attachment(entry: _Entry) -> Attachment:
    return Attachment(
        line(entry.text("attachment_url")),
        line(entry.meta.get("_wp_attachment_image_alt", "")),
        plain(entry.text("excerpt")),
    )


def _item(entry: _Entry, found: _Read, files: Mapping[str, Attachment], notes: list[Note]) -> Item:
    where = entry.where
    status, said = _status(entry)
    if said:
        notes.append(Note("status", where, said))
    if entry.text("is_sticky") == "1":
        notes.append(Note("field", where, "is sticky there: no post is here"))
    terms: defaultdict[str, list[str]] = defaultdict(list)
    for domain, nicename, name in entry.terms:
        if not (domain == "category" and nicename == "uncategorized"):
            terms[domain].append(name)
    categories = terms.pop("category", [])
    tags = terms.pop("post_tag", [])
    if len(categories) > 1:
        told = f"is in {counted(len(categories), 'category')}; those after the first became tags"
        notes.append(Note("categories", where, f"{told}: {listed(categories[1:])}"))
    for domain, names in sorted(terms.items()):
        notes.append(Note("field", where, f"`{domain}` was not carried: {listed(names)}"))
    thumbnail = files.get(entry.meta.get("_thumbnail_id", ""), Attachment("", "", ""))
    login = entry.text("creator")
    html, lost = html_of(entry.text("encoded"), files)
    notes.extend(Note(kind, where, told) for kind, told in lost)
    return Item(
        where=where,
        kind="page" if entry.type == "page" else "post",
        title=plain(entry.text("title")),
        slug=unquote(entry.text("post_name")),
        html=html + _footnotes(entry.meta.get("footnotes", "")),
        address=_address(entry.text("link")),
        date=_moment(entry, "post_date"),
        modified=_moment(entry, "post_modified"),
        summaries=(plain(entry.text("excerpt")), *_first(entry.meta, _SEO_SUMMARY)),
        category=categories[0] if categories else "",
        tags=(*tags, *categories[1:]),
        authors=(found.authors.get(login) or login,),
        status=status,
        image=thumbnail.address,
        image_alt=thumbnail.alt,
        canonical=next(_first(entry.meta, _SEO_CANONICAL), ""),
    )


def _first(meta: Mapping[str, str], keys: tuple[str, ...]) -> Iterator[str]:
    return (line(meta[key]) for key in keys if line(meta.get(key, "")))


def _status(entry: _Entry) -> tuple[Status, str]:
    status = entry.text("status") or "publish"
    if entry.text("post_password"):
        return "draft", "is protected by a password there: a draft here"
    if status in _STATUS:
        return _STATUS[status], ""
    return "draft", "" if status == "draft" else f"is `{status}` there: a draft here"


def _moment(entry: _Entry, name: str) -> datetime | None:
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


def _footnotes(value: str) -> str:
    """Those of the block editor, which it keeps beside the text."""
    try:
        notes = json.loads(value or "[]")
        pairs = [(str(note["id"]), str(note["content"])) for note in notes]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    safe = ((re.sub(r"[^\w-]", "", key), text) for key, text in pairs)
    return "".join(f'<div class="footnote-definition" id="{k}">{text}</div>' for k, text in safe)


def _unread_fields(entries: list[_Entry], where: str) -> Iterator[Note]:
    """Custom fields by name: those of people on each item, those of plugins once."""
    inner: Counter[str] = Counter()
    for entry in entries:
        keys = [key for key in entry.meta if key and key not in _READ and not _INNER.match(key)]
        shown = [key for key in keys if not key.startswith("_")]
        inner.update(key for key in keys if key.startswith("_"))
        if shown:
            yield Note("field", entry.where, f"custom fields were not carried: {listed(shown)}")
    for key, number in sorted(inner.items()):
        yield Note("field", where, f"a plugin's `{key}`, of {counted(number, 'item')}")
