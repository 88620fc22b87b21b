"""Reads an export of Ghost 3 to 6: one JSON file, with pictures in the same folder."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from capture.errors import Refused, Unavailable, short_path
from capture.text import count_noun
from publish.importers.export_files import GHOST_URL, split_address
from publish.importers.ghost.cards import post_html
from publish.importers.model import (
    Export,
    ImportNote,
    Item,
    NameSlug,
    Root,
    Status,
    join_names,
)
from publish.importers.text import decode_text, one_line, parse_date, plain_text

Row = Mapping[str, Any]
_STATUS: Final[Mapping[str, Status]] = {"published": "published", "scheduled": "published"}
_CODE_INJECTIONS: Final = ("codeinjection_head", "codeinjection_foot")
_PERSON_TABLES: Final = {"members": "member", "subscribers": "subscriber"}
_PERSONAL_TABLES: Final = (
    "members_",
    "email_recipients",
    "comment",
    "donation",
    "stripe_",
    "tokens",
)
_USED_TABLES: Final = frozenset(
    {
        "posts",
        "posts_meta",
        "posts_tags",
        "posts_authors",
        "tags",
        "users",
        "settings",
        *_PERSON_TABLES,
    }
)
_NAMED_SETTINGS: Final = (
    "title", "description", "logo", "icon", "cover_image", "accent_color", "locale", "lang",
    "timezone", "active_timezone", "facebook", "twitter", "meta_title", "meta_description",
    "og_image", "og_title", "og_description", "twitter_image", "twitter_title",
    "twitter_description",
)  # fmt: skip
_REPORTED_SEPARATELY: Final = frozenset({"navigation", "secondary_navigation", *_CODE_INJECTIONS})
_EMPTY: Final[tuple[object, ...]] = (None, "", "[]", "{}", "null", 0, False, [], {})
_INTERNAL_FIELDS: Final = frozenset(
    {"id", "uuid", "post_id", "comment_id", "created_at", "created_by", "updated_at", "updated_by",
     "published_by", "author_id", "plaintext", "amp"}
)  # fmt: skip
"""Keys of database rows, and fields that Ghost derives from other fields."""
_POST_FIELDS: Final = frozenset(
    {"title", "slug", "type", "page", "status", "visibility", "published_at", "html", "lexical",
     "mobiledoc", "markdown", "custom_excerpt", "meta_description", "feature_image", "image",
     "feature_image_alt", "canonical_url", *_CODE_INJECTIONS}
)  # fmt: skip
_DEFAULTS: Final[Mapping[str, tuple[object, ...]]] = {
    "email_recipient_filter": ("none", "all"),
    "show_title_and_feature_image": (1, True),
}
_TAG_FIELDS: Final = frozenset({"name", "slug", "visibility", "parent_id"})
_USER_FIELDS: Final = frozenset({"name", "slug"})
_SECRET: Final = frozenset({"password", "email", "ghost_auth_access_token", "ghost_auth_id"})
_SETTING_SUFFIXES: Final = ("_notification", "_notifications")
_ACCOUNT_FIELDS: Final = frozenset(
    {"status", "visibility", "last_seen", "tour", "roles", "locale", "accessibility"}
)


def read_ghost(path: Path) -> Export:
    """Reads one JSON file. Raises `Refused` if it is not an export, `Unavailable` if unreadable."""
    tables = Tables(path)
    notes = list(_unsupported_notes(tables, path.name))
    items = tuple(_item(row, tables, notes) for row in tables.rows("posts"))
    if not items:
        raise Refused(f"{short_path(path)}: contains no post and no page: export all content")
    folders = (path.parent / "content" / "images", path.parent / "images")
    roots = tuple(Root("/content/images/", folder) for folder in folders if folder.is_dir())
    return Export(items, tuple(notes), frozenset(), roots, name_slugs=tuple(_name_slugs(tables)))


def _name_slugs(tables: "Tables") -> Iterator[NameSlug]:
    """The slugs of tags and authors. The first tag of a post becomes its category."""
    for tag in tables.rows("tags"):
        if not _is_internal(tag):
            yield "category", one_line(tag.get("name")), one_line(tag.get("slug"))
            yield "tag", one_line(tag.get("name")), one_line(tag.get("slug"))
    for user in tables.rows("users"):
        yield "author", one_line(user.get("name")), one_line(user.get("slug"))


class Tables:
    """The tables of an export. Rows that are not objects are skipped.

    Raises `Refused` if the file is not an export, `Unavailable` if it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._tables = _read_tables(path)
        self.meta = {one_line(row.get("post_id")): row for row in self.rows("posts_meta")}
        self.tags = self._linked_rows("posts_tags", "tag_id", "tags")
        self.authors = self._linked_rows("posts_authors", "author_id", "users")
        self.users = {str(row.get("id")): row for row in self.rows("users")}
        self.settings = {
            one_line(row.get("key")): row.get("value") for row in self.rows("settings")
        }

    def rows(self, name: str) -> list[Row]:
        """The rows of a table; empty if the table is missing."""
        table = self._tables.get(name)
        return [row for row in table if isinstance(row, dict)] if isinstance(table, list) else []

    def sizes(self) -> Mapping[str, int]:
        """The number of entries of each table."""
        return {
            name: len(table) if isinstance(table, list | dict) else 1
            for name, table in self._tables.items()
            if table
        }

    def _linked_rows(self, table: str, key: str, other: str) -> Mapping[str, list[Row]]:
        """The rows of the table `other` that belong to each post, in their order."""
        targets = {str(row.get("id")): row for row in self.rows(other)}
        rows_by_post: defaultdict[str, list[tuple[int, Row]]] = defaultdict(list)
        for row in self.rows(table):
            linked = targets.get(str(row.get(key)))
            order = row.get("sort_order")
            if linked is not None:
                position = order if isinstance(order, int) else 0
                rows_by_post[str(row.get("post_id"))].append((position, linked))
        return {
            post: [row for _, row in sorted(rows, key=lambda pair: pair[0])]
            for post, rows in rows_by_post.items()
        }

    def broken_link_count(self, table: str, key: str, other: str) -> int:
        """The number of rows in a link table whose post or target is missing."""
        posts = {str(row.get("id")) for row in self.rows("posts")}
        targets = {str(row.get("id")) for row in self.rows(other)}
        return sum(
            str(row.get(key)) not in targets or str(row.get("post_id")) not in posts
            for row in self.rows(table)
        )


def _read_tables(path: Path) -> Mapping[str, Any]:
    where = short_path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Unavailable(f"{where}: cannot be read: {error.strerror}") from None
    try:
        content = json.loads(decode_text(raw, where))
    except json.JSONDecodeError as error:
        message = f"is not valid JSON ({error.msg}, column {error.colno}): export it again"
        raise Refused(f"{where}:{error.lineno}: {message}") from None
    except (RecursionError, ValueError):  # ValueError: a number with too many digits
        raise Refused(f"{where}: is not a Ghost export: it is nested too deeply") from None
    if isinstance(content, dict) and isinstance(content.get("db"), list) and content["db"]:
        content = content["db"][0]
    tables = content.get("data") if isinstance(content, dict) else None
    if not isinstance(tables, dict) or not isinstance(tables.get("posts"), list):
        raise Refused(f"{where}: is not a Ghost export: `db[0].data.posts` is missing")
    return tables


def _item(row: Row, tables: Tables, notes: list[ImportNote]) -> Item:
    key = str(row.get("id"))
    title = one_line(row.get("title"))
    kind = "page" if row.get("type") == "page" or row.get("page") in (1, True) else "post"
    where = f"{kind} {key}, {one_line(row.get('slug'))}"
    meta = tables.meta.get(key, {})
    tags = tables.tags.get(key, [])
    internal = [one_line(tag.get("name")) for tag in tags if _is_internal(tag)]
    names = [one_line(tag.get("name")) for tag in tags if not _is_internal(tag)]
    if internal:
        notes.append(
            ImportNote("tags", where, f"internal tags were not imported: {join_names(internal)}")
        )
    status, message = _status(row)
    if message:
        notes.append(ImportNote("status", where, message))
    html, losses = post_html(row)
    notes.extend(ImportNote(loss_kind, where, text) for loss_kind, text in losses)
    notes.extend(
        ImportNote("script", where, f"`{k}` was not imported")
        for k in _CODE_INJECTIONS
        if row.get(k)
    )
    if unused := _unsupported_fields(row, meta):
        notes.append(ImportNote("field", where, f"fields were not imported: {join_names(unused)}"))
    authors = tables.authors.get(key) or [tables.users.get(str(row.get("author_id")), {})]
    if row.get("author_id") and not one_line(authors[0].get("name")):
        notes.append(ImportNote("authors", where, "its author is not in the export"))
    summaries = (row.get("custom_excerpt"), meta.get("meta_description"))
    return Item(
        where=where,
        kind="page" if kind == "page" else "post",
        title=title,
        slug=one_line(row.get("slug")),
        html=html,
        address=f"/{one_line(row.get('slug'))}/",
        date=parse_date(row.get("published_at")) or parse_date(row.get("created_at")),
        modified=parse_date(row.get("updated_at")) if row.get("published_at") else None,
        summaries=tuple(map(plain_text, (*summaries, row.get("meta_description")))),
        category=names[0] if names and kind == "post" else "",
        tags=tuple(names[1:] if kind == "post" else names),
        authors=tuple(one_line(author.get("name")) for author in authors),
        status=status,
        image=one_line(row.get("feature_image") or row.get("image")),
        image_alt=one_line(meta.get("feature_image_alt")),
        canonical=_canonical(one_line(row.get("canonical_url"))),
    )


def _canonical(url: str) -> str:
    return "" if url.startswith(GHOST_URL) or not split_address(url).hostname else url


def _is_internal(tag: Row) -> bool:
    return tag.get("visibility") == "internal" or one_line(tag.get("name")).startswith("#")


def _status(row: Row) -> tuple[Status, str]:
    """The status, and a message if it differs from the status in Ghost; else an empty text."""
    status = one_line(row.get("status")) or "draft"
    visibility = one_line(row.get("visibility")) or "public"
    if status in _STATUS and visibility != "public":
        return "draft", f"was only for `{visibility}` on the old site: imported as a draft"
    if status in _STATUS:
        return _STATUS[status], ""
    return (
        "draft",
        "" if status == "draft" else f"was `{status}` on the old site: imported as a draft",
    )


def _unsupported_fields(row: Row, meta: Row) -> list[str]:
    """The fields of a post whose values are not imported."""
    names = [
        name
        for name, value in (*row.items(), *meta.items())
        if name not in _INTERNAL_FIELDS | _POST_FIELDS and not _is_default(name, value)
    ]
    return list(dict.fromkeys(names))


def _is_default(name: str, value: Any) -> bool:
    if name in _DEFAULTS:
        return value is None or value in _DEFAULTS[name]
    return value in _EMPTY


def _unsupported_notes(tables: Tables, where: str) -> Iterator[ImportNote]:
    """Notes for everything in the export except posts and pages, one for each kind."""
    for name, word in _PERSON_TABLES.items():
        if number := tables.sizes().get(name):
            message = f"{count_noun(number, word)} not imported: personal data"
            yield ImportNote("members", where, message)
    for name, number in sorted(tables.sizes().items()):
        if name not in _USED_TABLES:
            personal = ", personal data" if name.startswith(_PERSONAL_TABLES) else ""
            yield ImportNote("not imported", where, f"{number} of kind {name}{personal}")
    for name in sorted(_USED_TABLES - _PERSON_TABLES.keys()):
        if broken := tables.sizes().get(name, 0) - len(tables.rows(name)):
            yield ImportNote("not imported", where, f"{broken} of kind {name} cannot be read")
    for table, key, other in (
        ("posts_tags", "tag_id", "tags"),
        ("posts_authors", "author_id", "users"),
    ):
        if broken_links := tables.broken_link_count(table, key, other):
            yield ImportNote(
                "not imported",
                where,
                f"{broken_links} of kind {table} without their post or target",
            )
    yield from _setting_notes(tables, where)
    yield from _tag_notes(tables, where)
    yield from _author_notes(tables, where)


def _setting_notes(tables: Tables, where: str) -> Iterator[ImportNote]:
    settings = {name: value for name, value in tables.settings.items() if value not in _EMPTY}
    for key in ("navigation", "secondary_navigation"):
        if key in settings:
            yield ImportNote(
                "menu", where, f"`{key}` was not imported: set NAVIGATION in pelicanconf.py"
            )
    for key in _CODE_INJECTIONS:
        if key in settings:
            yield ImportNote("script", where, f"the site's `{key}` was not imported")
    others = settings.keys() - _REPORTED_SEPARATELY
    named = [name for name in _NAMED_SETTINGS if name in others]
    if others:
        names = f": {join_names(named)}" if named else ""
        rest = len(others) - len(named)
        more = f" and {count_noun(rest, 'other')}" if named and rest else ""
        message = (
            f"{count_noun(len(others), 'setting')} of the site{names}{more}: see pelicanconf.py"
        )
        yield ImportNote("settings", where, message)


def _tag_notes(tables: Tables, where: str) -> Iterator[ImportNote]:
    used = {str(tag.get("id")) for tags in tables.tags.values() for tag in tags}
    unused = []
    for tag in tables.rows("tags"):
        name = one_line(tag.get("name"))
        if str(tag.get("id")) not in used:
            unused.append(name)
        elif rest := _unused_fields(tag, _TAG_FIELDS):
            yield ImportNote(
                "tags", where, f"`{name}` was imported as a name only, without {join_names(rest)}"
            )
    if unused:
        yield ImportNote(
            "tags", where, f"{count_noun(len(unused), 'tag')} without a post: {join_names(unused)}"
        )


def _author_notes(tables: Tables, where: str) -> Iterator[ImportNote]:
    for user in tables.users.values():
        name = one_line(user.get("name"))
        rest = _unused_fields(user, _USER_FIELDS | _SECRET | _ACCOUNT_FIELDS)
        if rest:
            yield ImportNote(
                "authors", where, f"{name} was imported as a name only, without {join_names(rest)}"
            )
    if number := sum(bool(user.keys() & _SECRET) for user in tables.users.values()):
        message = f"{count_noun(number, 'account')} with e-mail address or password: never imported"
        yield ImportNote("authors", where, message)


def _unused_fields(row: Row, used: frozenset[str]) -> list[str]:
    return [
        name
        for name, value in row.items()
        if name not in used | _INTERNAL_FIELDS
        and value not in _EMPTY
        and not name.endswith(_SETTING_SUFFIXES)
    ]
