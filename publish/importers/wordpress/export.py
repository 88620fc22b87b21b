"""Reads posts and pages of a WordPress export, with a note for everything else."""

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from capture.errors import Refused, short_path
from capture.text import count_noun
from publish.importers.export_files import split_address
from publish.importers.model import (
    Export,
    ImportNote,
    Item,
    Media,
    NameSlug,
    Root,
    Status,
    join_names,
)
from publish.importers.text import one_line, plain_text
from publish.importers.wordpress.shortcodes import Attachment, post_html
from publish.importers.wordpress.wxr import Entry, Wxr, read_wxr

_SEO_SUMMARY: Final = ("_yoast_wpseo_metadesc", "rank_math_description", "_aioseo_description")
_SEO_CANONICAL: Final = ("_yoast_wpseo_canonical", "rank_math_canonical_url")
_SEO_NOINDEX: Final = "_yoast_wpseo_meta-robots-noindex"
_ALT: Final = "_wp_attachment_image_alt"
_DELETED: Final = frozenset({"trash", "auto-draft", "inherit"})
_POST_TYPES: Final = frozenset({"post", "page"})
_USED_META: Final = frozenset(
    {"_thumbnail_id", "footnotes", *_SEO_SUMMARY, *_SEO_CANONICAL, _SEO_NOINDEX}
)
_INTERNAL: Final = re.compile(r"^_(?:edit_l|wp_old_date|wp_attach|encloseme|pingme|wp_trash_)")
"""Start of the internal meta fields of WordPress."""
_USED_FIELDS: Final = frozenset(
    {"title", "link", "creator", "encoded", "excerpt", "post_id", "post_date", "post_date_gmt",
     "post_modified", "post_modified_gmt", "post_name", "status", "post_type", "post_password",
     "is_sticky", "attachment_url", "post_parent", "menu_order"}
)  # fmt: skip
_FORMAT_FIELDS: Final = frozenset(
    {"pubDate", "guid", "comment_status", "ping_status", "commentRss", "comments"}
)
_KIND_NAMES: Final = {
    "nav_menu_item": "menu",
    "revision": "revision",
    "wp_navigation": "menu",
    "wp_block": "reusable block",
}
_UPLOADS: Final = "/wp-content/uploads/"
_STATUS: Final[Mapping[str, Status]] = {"publish": "published", "future": "published"}


def read_wordpress(path: Path) -> Export:
    """Reads one XML file. Raises `Refused` if it is not an export, `Unavailable` if unreadable."""
    wxr = read_wxr(path)
    attachments = [entry for entry in wxr.entries if entry.type == "attachment"]
    files = {entry.text("post_id"): _attachment(entry) for entry in attachments}
    entries = [
        entry
        for entry in wxr.entries
        if entry.type in _POST_TYPES and entry.text("status") not in _DELETED
    ]
    if not entries:
        raise Refused(f"{short_path(path)}: contains no post and no page: export all content")
    notes = list(_unsupported_notes(wxr, entries, path.name))
    items = tuple(_item(entry, wxr, files, notes) for entry in entries)
    media = tuple(
        Media(entry.where, one_line(entry.text("attachment_url"))) for entry in attachments
    )
    roots, slugs = _roots(path.parent), tuple(_name_slugs(entries))
    return Export(items, tuple(notes), frozenset(wxr.hosts), roots, media, slugs)


def _name_slugs(entries: list[Entry]) -> Iterator[NameSlug]:
    """The slugs of categories and tags; further categories of a post become tags."""
    for domain in ("post_tag", "category"):
        for entry in entries:
            for of_term, nicename, name in entry.terms:
                if of_term == domain:
                    yield "tag", name, _slug(nicename)
                    if domain == "category":
                        yield "category", name, _slug(nicename)


def _slug(nicename: str) -> str:
    """A slug as letters: WordPress stores it percent-encoded."""
    return unicodedata.normalize("NFC", unquote(nicename))


def _roots(folder: Path) -> tuple[Root, ...]:
    folders = (folder / "wp-content" / "uploads", folder / "uploads")
    return tuple(Root(_UPLOADS, path) for path in folders if path.is_dir())


def _attachment(entry: Entry) -> Attachment:
    return Attachment(
        one_line(entry.text("attachment_url")),
        one_line(entry.meta.get(_ALT, "")),
        plain_text(entry.text("excerpt")),
    )


def _item(entry: Entry, wxr: Wxr, files: Mapping[str, Attachment], notes: list[ImportNote]) -> Item:
    def add_note(kind: str, text: str) -> None:
        notes.append(ImportNote(kind, entry.where, text))

    status, message = _status(entry)
    if message:
        add_note("status", message)
    if entry.text("is_sticky") == "1":
        add_note("field", "is sticky on the old site: no post is sticky here")
    terms: defaultdict[str, list[str]] = defaultdict(list)
    for domain, nicename, name in entry.terms:
        if not (domain == "category" and nicename == "uncategorized"):
            terms[domain].append(name)
    categories = terms.pop("category", [])
    tags = terms.pop("post_tag", [])
    if len(categories) > 1:
        message = f"is in {len(categories)} categories; those after the first became tags"
        add_note("categories", f"{message}: {join_names(categories[1:])}")
    for domain, names in sorted(terms.items()):
        add_note("field", f"`{domain}` was not imported: {join_names(names)}")
    number = entry.meta.get("_thumbnail_id", "")
    thumbnail = files.get(number, Attachment("", "", ""))
    if number.strip("0") and not thumbnail.address:
        add_note("picture", f"its featured image, attachment {number}, is not in the export")
    login = entry.text("creator")
    html, losses = post_html(entry.text("encoded"), files)
    for kind, text in losses:
        add_note(kind, text)
    address = _address(entry.text("link"))
    return Item(
        where=entry.where,
        kind="page" if entry.type == "page" else "post",
        title=plain_text(entry.text("title")),
        slug=unquote(entry.text("post_name")),
        html=html + _footnotes(entry.meta.get("footnotes", "")),
        address=address,
        aliases=tuple(_old_path(slug, address) for slug in entry.old_slugs if slug),
        date=_read_time(entry, "post_date"),
        modified=_read_time(entry, "post_modified"),
        summaries=(plain_text(entry.text("excerpt")), *_nonempty(entry.meta, _SEO_SUMMARY)),
        category=categories[0] if categories else "",
        tags=(*tags, *categories[1:]),
        authors=(wxr.authors.get(login) or login,),
        status=status,
        image=thumbnail.address,
        image_alt=thumbnail.alt,
        canonical=next(_nonempty(entry.meta, _SEO_CANONICAL), ""),
        noindex=entry.meta.get(_SEO_NOINDEX) == "1",
    )


def _nonempty(meta: Mapping[str, str], keys: tuple[str, ...]) -> Iterator[str]:
    """The values of those keys that have one, in the order of `keys`."""
    return (one_line(meta[key]) for key in keys if one_line(meta.get(key, "")))


def _status(entry: Entry) -> tuple[Status, str]:
    """The status, and a message if it differs from the status in WordPress; else an empty text."""
    status = entry.text("status") or "publish"
    if entry.text("post_password"):
        return "draft", "was protected by a password: imported as a draft"
    if status in _STATUS:
        return _STATUS[status], ""
    return (
        "draft",
        "" if status == "draft" else f"was `{status}` on the old site: imported as a draft",
    )


def _read_time(entry: Entry, name: str) -> datetime | None:
    """The time in UTC. A draft has only the local time of its site, which is read as UTC."""
    for text in (entry.text(f"{name}_gmt"), entry.text(name)):
        try:
            return datetime.strptime(one_line(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:  # 0000-00-00 00:00:00 means no time
            continue
    return None


def _address(link: str) -> str:
    """The path on the old site; empty for a draft, or for a site without permalinks."""
    parts = split_address(link)
    if parts.query:
        return f"{parts.path or '/'}?{parts.query}" if "p=" not in parts.query else ""
    return parts.path


def _old_path(slug: str, address: str) -> str:
    """The path with an earlier slug. WordPress redirected it."""
    parent = split_address(address).path.rstrip("/").rpartition("/")[0]
    return f"{parent}/{slug}/"


def _footnotes(value: str) -> str:
    """The HTML of footnotes. The block editor stores them outside the text."""
    try:
        notes = json.loads(value or "[]")
        pairs = [(str(note["id"]), str(note["content"])) for note in notes]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    footnotes = ((re.sub(r"[^\w-]", "", key), text) for key, text in pairs)
    return "".join(
        f'<div class="footnote-definition" id="{k}">{text}</div>' for k, text in footnotes
    )


def _unsupported_notes(wxr: Wxr, entries: list[Entry], where: str) -> Iterator[ImportNote]:
    """Notes for everything in the export except posts and pages, one for each kind.

    `entries` are the posts and pages that are imported.
    """
    counts = Counter[str]()
    for entry in wxr.entries:
        if entry.type not in _POST_TYPES | {"attachment"}:
            counts[_KIND_NAMES.get(entry.type, f"`{entry.type}`")] += 1
        elif entry.type in _POST_TYPES and entry.text("status") in _DELETED:
            counts[f"`{entry.text('status')}`"] += 1
    counts.update({f"`<{name}>`": number for name, number in wxr.other_tags.items()})
    for kind, number in sorted(counts.items()):
        yield ImportNote("not imported", where, f"{number} of kind {kind}")
    if comments := sum(entry.comments for entry in wxr.entries):
        message = f"{count_noun(comments, 'comment')} not imported: personal data"
        yield ImportNote("comments", where, message)
    if wxr.site_fields:
        names = join_names(wxr.site_fields)
        message = f"settings of the site were not imported: {names}: see pelicanconf.py"
        yield ImportNote("settings", where, message)
    if wxr.author_emails:
        message = f"{count_noun(wxr.author_emails, 'account')} with e-mail address: never imported"
        yield ImportNote("authors", where, message)
    yield from _term_notes(wxr, entries, where)
    yield from _library_notes(wxr, where)
    yield from _field_notes(entries, where)


def _term_notes(wxr: Wxr, entries: list[Entry], where: str) -> Iterator[ImportNote]:
    used = {(domain, nicename) for entry in entries for domain, nicename, _ in entry.terms}
    names = {(term.domain, term.nicename): term.name for term in wxr.terms}
    unused: dict[str, list[str]] = {}
    for term in wxr.terms:
        if (term.domain, term.nicename) in used:
            if term.parent:
                parent = names.get((term.domain, term.parent), term.parent)
                place = f"`{term.name}` is below `{parent}` on the old site"
                message = f"{place}: categories are not nested here"
                yield ImportNote("categories", where, message)
            if term.other_fields:
                fields = join_names(term.other_fields)
                message = f"`{term.name}` was imported as a name only, without {fields}"
                yield ImportNote("categories", where, message)
        elif term.nicename != "uncategorized":
            unused.setdefault(term.domain, []).append(term.name)
    for domain, words in sorted(unused.items()):
        yield ImportNote("categories", where, f"`{domain}` without a post: {join_names(words)}")


def _library_notes(wxr: Wxr, where: str) -> Iterator[ImportNote]:
    """Notes for descriptions of files in the media library."""
    files = [entry for entry in wxr.entries if entry.type == "attachment"]
    data = {
        "caption": sum(bool(entry.text("excerpt").strip()) for entry in files),
        "description": sum(bool(entry.text("encoded").strip()) for entry in files),
        "alternative text": sum(bool(entry.meta.get(_ALT)) for entry in files),
    }
    if words := ", ".join(count_noun(number, word) for word, number in data.items() if number):
        message = f"{words} of the media library: imported only where a text shows them"
        yield ImportNote("attachment", where, message)


def _field_notes(entries: list[Entry], where: str) -> Iterator[ImportNote]:
    """Notes for custom fields: for each item, but once for each internal field of a plugin."""
    internal_keys: Counter[str] = Counter()
    titles = {entry.text("post_id"): one_line(entry.text("title")) for entry in entries}
    for entry in entries:
        keys = [key for key in entry.meta if key not in _USED_META and not _INTERNAL.match(key)]
        if entry.meta.get("_wp_page_template") in ("", "default"):
            keys.remove("_wp_page_template")
        custom_keys = [key for key in keys if not key.startswith("_")]
        internal_keys.update(key for key in keys if key.startswith("_"))
        if custom_keys:
            yield ImportNote(
                "field", entry.where, f"custom fields were not imported: {join_names(custom_keys)}"
            )
        unused = [
            name
            for name, text in entry.texts.items()
            if name not in _USED_FIELDS | _FORMAT_FIELDS and text.strip()
        ]
        if unused:
            yield ImportNote(
                "field", entry.where, f"fields were not imported: {join_names(unused)}"
            )
        if (parent := entry.text("post_parent")) not in ("", "0"):
            parent_title = titles.get(parent) or parent
            message = f"is below `{parent_title}` on the old site: pages are not nested here"
            yield ImportNote("field", entry.where, message)
        if (order := one_line(entry.text("menu_order"))) not in ("", "0"):
            yield ImportNote(
                "field", entry.where, f"its position in the order, {order}, was not imported"
            )
    for key, number in sorted(internal_keys.items()):
        yield ImportNote(
            "field", where, f"a plugin's `{key}` was not imported from {count_noun(number, 'item')}"
        )
