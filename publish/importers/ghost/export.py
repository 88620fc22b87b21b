"""Reads an export of Ghost 3 to 6: one JSON file, and pictures in the same folder."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from capture.errors import Refused, Unavailable, short_path
from publish.importers.ghost.cards import html_of
from publish.importers.model import Export, ImportNote, Item, Root, Status, count_noun, join_words
from publish.importers.places import GHOST, split
from publish.importers.text import decode_text, line, moment, plain

Row = Mapping[str, Any]


class Tables:
    """The tables of an export; rows that are not objects are skipped.

    Raises `Refused` if the file is not an export, `Unavailable` if it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._data = _data(path)
        self.meta = {line(row.get("post_id")): row for row in self.rows("posts_meta")}
        self.tags = self._linked("posts_tags", "tag_id", "tags")
        self.authors = self._linked("posts_authors", "author_id", "users")
        self.users = {str(row.get("id")): row for row in self.rows("users")}
        self.settings = {line(row.get("key")): row.get("value") for row in self.rows("settings")}

    def rows(self, name: str) -> list[Row]:
        """The rows of a table; none if there is no such table."""
        found = self._data.get(name)
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []

    def sizes(self) -> Mapping[str, int]:
        """The number of entries of each table."""
        return {
            name: len(found) if isinstance(found, list | dict) else 1
            for name, found in self._data.items()
            if found
        }

    def _linked(self, table: str, key: str, other: str) -> Mapping[str, list[Row]]:
        """The linked rows of table `other` for each post, in their order."""
        there = {str(row.get("id")): row for row in self.rows(other)}
        found: defaultdict[str, list[tuple[int, Row]]] = defaultdict(list)
        for row in self.rows(table):
            linked = there.get(str(row.get(key)))
            order = row.get("sort_order")
            if linked is not None:
                place = order if isinstance(order, int) else 0
                found[str(row.get("post_id"))].append((place, linked))
        return {
            post: [row for _, row in sorted(rows, key=lambda pair: pair[0])]
            for post, rows in found.items()
        }

    def loose(self, table: str, key: str, other: str) -> int:
        """The number of rows of a link table with a missing target."""
        posts = {str(row.get("id")) for row in self.rows("posts")}
        there = {str(row.get("id")) for row in self.rows(other)}
        return sum(
            str(row.get(key)) not in there or str(row.get("post_id")) not in posts
            for row in self.rows(table)
        )


def _data(path: Path) -> Mapping[str, Any]:
    where = short_path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Unavailable(f"{where}: cannot be read: {error.strerror}") from None
    try:
        text = json.loads(decode_text(raw, where))
    except json.JSONDecodeError as error:
        message = f"is not valid JSON ({error.msg}, column {error.colno}): export it again"
        raise Refused(f"{where}:{error.lineno}: {message}") from None
    except (RecursionError, ValueError):  # ValueError: a number with too many digits
        raise Refused(f"{where}: is not a Ghost export: it is nested too deeply") from None
    found = text
    if isinstance(found, dict) and isinstance(found.get("db"), list) and found["db"]:
        found = found["db"][0]
    data = found.get("data") if isinstance(found, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("posts"), list):
        raise Refused(f"{where}: is not a Ghost export: `db[0].data.posts` is missing")
    return data


HEAD: Final = ("codeinjection_head", "codeinjection_foot")
_PEOPLE: Final = {"members": "member", "subscribers": "subscriber"}
_ABOUT_PEOPLE: Final = ("members_", "email_recipients", "comment", "donation", "stripe_", "tokens")
_READ: Final = frozenset(
    {"posts", "posts_meta", "posts_tags", "posts_authors", "tags", "users", "settings", *_PEOPLE}
)
_SHOWN_SETTINGS: Final = (
    "title", "description", "logo", "icon", "cover_image", "accent_color", "locale", "lang",
    "timezone", "active_timezone", "facebook", "twitter", "meta_title", "meta_description",
    "og_image", "og_title", "og_description", "twitter_image", "twitter_title",
    "twitter_description",
)  # fmt: skip
_REPORTED_SEPARATELY: Final = frozenset({"navigation", "secondary_navigation", *HEAD})
_EMPTY: Final[tuple[object, ...]] = (None, "", "[]", "{}", "null", 0, False, [], {})
_INNER: Final = frozenset(
    {"id", "uuid", "post_id", "comment_id", "created_at", "created_by", "updated_at", "updated_by",
     "published_by", "author_id", "plaintext", "amp"}
)  # fmt: skip
"""Keys of database rows, and fields derived from others."""
_READ_OF_POST: Final = frozenset(
    {"title", "slug", "type", "page", "status", "visibility", "published_at", "html", "lexical",
     "mobiledoc", "markdown", "custom_excerpt", "meta_description", "feature_image", "image",
     "feature_image_alt", "canonical_url", *HEAD}
)  # fmt: skip
_USUAL: Final[Mapping[str, tuple[object, ...]]] = {
    "email_recipient_filter": ("none", "all"),
    "show_title_and_feature_image": (1, True),
}
_READ_OF_TAG: Final = frozenset({"name", "slug", "visibility", "parent_id"})
_READ_OF_USER: Final = frozenset({"name", "slug"})
_SECRET: Final = frozenset({"password", "email", "ghost_auth_access_token", "ghost_auth_id"})
_WISHES: Final = ("_notification", "_notifications")
_OF_AN_ACCOUNT: Final = frozenset(
    {"status", "visibility", "last_seen", "tour", "roles", "locale", "accessibility"}
)


def unsupported(tables: Tables, where: str) -> Iterator[ImportNote]:
    """Notes for everything in the export except posts and pages, one for each kind."""
    for name, word in _PEOPLE.items():
        if number := tables.sizes().get(name):
            message = f"{count_noun(number, word)} not imported: personal data"
            yield ImportNote("members", where, message)
    for name, number in sorted(tables.sizes().items()):
        if name not in _READ:
            personal = ", personal data" if name.startswith(_ABOUT_PEOPLE) else ""
            yield ImportNote("not imported", where, f"{number} of kind {name}{personal}")
    for name in sorted(_READ - _PEOPLE.keys()):
        if broken := tables.sizes().get(name, 0) - len(tables.rows(name)):
            yield ImportNote("not imported", where, f"{broken} of kind {name} cannot be read")
    for table, key, other in (
        ("posts_tags", "tag_id", "tags"),
        ("posts_authors", "author_id", "users"),
    ):
        if loose := tables.loose(table, key, other):
            yield ImportNote(
                "not imported", where, f"{loose} of kind {table} without their post or target"
            )
    yield from _settings(tables, where)
    yield from _tags(tables, where)
    yield from _authors(tables, where)


def unsupported_fields(row: Row, meta: Row) -> list[str]:
    """The fields of a post with a value that the import does not use."""
    parts = [
        name
        for name, value in (*row.items(), *meta.items())
        if name not in _INNER | _READ_OF_POST and not _is_usual(name, value)
    ]
    return list(dict.fromkeys(parts))


def _is_usual(name: str, value: Any) -> bool:
    if name in _USUAL:
        return value is None or value in _USUAL[name]
    return value in _EMPTY


def _settings(tables: Tables, where: str) -> Iterator[ImportNote]:
    data = {name: value for name, value in tables.settings.items() if value not in _EMPTY}
    for key in ("navigation", "secondary_navigation"):
        if key in data:
            yield ImportNote(
                "menu", where, f"`{key}` was not imported: set NAVIGATION in pelicanconf.py"
            )
    for key in HEAD:
        if key in data:
            yield ImportNote("script", where, f"the site's `{key}` was not imported")
    others = data.keys() - _REPORTED_SEPARATELY
    shown = [name for name in _SHOWN_SETTINGS if name in others]
    if others:
        named = f": {join_words(shown)}" if shown else ""
        rest = len(others) - len(shown)
        more = f" and {count_noun(rest, 'other')}" if shown and rest else ""
        message = (
            f"{count_noun(len(others), 'setting')} of the site{named}{more}: see pelicanconf.py"
        )
        yield ImportNote("settings", where, message)


def _tags(tables: Tables, where: str) -> Iterator[ImportNote]:
    used = {str(tag.get("id")) for tags in tables.tags.values() for tag in tags}
    idle = []
    for tag in tables.rows("tags"):
        name = line(tag.get("name"))
        if str(tag.get("id")) not in used:
            idle.append(name)
        elif rest := _unused_fields(tag, _READ_OF_TAG):
            yield ImportNote(
                "tags", where, f"`{name}` was imported as a name only, without {join_words(rest)}"
            )
    if idle:
        yield ImportNote(
            "tags", where, f"{count_noun(len(idle), 'tag')} without a post: {join_words(idle)}"
        )


def _authors(tables: Tables, where: str) -> Iterator[ImportNote]:
    for user in tables.users.values():
        name = line(user.get("name"))
        rest = _unused_fields(user, _READ_OF_USER | _SECRET | _OF_AN_ACCOUNT)
        if rest:
            yield ImportNote(
                "authors", where, f"{name} was imported as a name only, without {join_words(rest)}"
            )
    if number := sum(bool(user.keys() & _SECRET) for user in tables.users.values()):
        message = f"{count_noun(number, 'account')} with e-mail address or password: never imported"
        yield ImportNote("authors", where, message)


def _unused_fields(row: Row, read: frozenset[str]) -> list[str]:
    return [
        name
        for name, value in row.items()
        if name not in read | _INNER and value not in _EMPTY and not name.endswith(_WISHES)
    ]


_STATUS: Final[Mapping[str, Status]] = {"published": "published", "scheduled": "published"}


def read_ghost(path: Path) -> Export:
    """Reads one JSON file. Raises `Refused` if it is not an export, `Unavailable` if unreadable."""
    tables = Tables(path)
    notes = list(unsupported(tables, path.name))
    items = tuple(_item(row, tables, notes) for row in tables.rows("posts"))
    if not items:
        raise Refused(f"{short_path(path)}: contains no post and no page: export all content")
    beside = path.parent
    folders = (beside / "content" / "images", beside / "images")
    roots = tuple(Root("/content/images/", folder) for folder in folders if folder.is_dir())
    return Export(items, tuple(notes), frozenset(), roots)


def _item(row: Row, tables: Tables, notes: list[ImportNote]) -> Item:
    key = str(row.get("id"))
    title = line(row.get("title"))
    kind = "page" if row.get("type") == "page" or row.get("page") in (1, True) else "post"
    where = f"{kind} {key}, {line(row.get('slug'))}"
    meta = tables.meta.get(key, {})
    tags = tables.tags.get(key, [])
    inner = [line(tag.get("name")) for tag in tags if _is_internal(tag)]
    names = [line(tag.get("name")) for tag in tags if not _is_internal(tag)]
    if inner:
        notes.append(
            ImportNote("tags", where, f"internal tags were not imported: {join_words(inner)}")
        )
    status, text = _status(row)
    if text:
        notes.append(ImportNote("status", where, text))
    html, lost = html_of(row)
    notes.extend(ImportNote(kind_, where, message) for kind_, message in lost)
    notes.extend(ImportNote("script", where, f"`{k}` was not imported") for k in HEAD if row.get(k))
    if unread := unsupported_fields(row, meta):
        notes.append(ImportNote("field", where, f"fields were not imported: {join_words(unread)}"))
    people = tables.authors.get(key) or [tables.users.get(str(row.get("author_id")), {})]
    if row.get("author_id") and not line(people[0].get("name")):
        notes.append(ImportNote("authors", where, "its author is not in the export"))
    summaries = (row.get("custom_excerpt"), meta.get("meta_description"))
    return Item(
        where=where,
        kind="page" if kind == "page" else "post",
        title=title,
        slug=line(row.get("slug")),
        html=html,
        address=f"/{line(row.get('slug'))}/",
        date=moment(row.get("published_at")) or moment(row.get("created_at")),
        modified=moment(row.get("updated_at")) if row.get("published_at") else None,
        summaries=tuple(map(plain, (*summaries, row.get("meta_description")))),
        category=names[0] if names and kind == "post" else "",
        tags=tuple(names[1:] if kind == "post" else names),
        authors=tuple(line(person.get("name")) for person in people),
        status=status,
        image=line(row.get("feature_image") or row.get("image")),
        image_alt=line(meta.get("feature_image_alt")),
        canonical=_canonical(line(row.get("canonical_url"))),
    )


def _canonical(url: str) -> str:
    return "" if url.startswith(GHOST) or not split(url).hostname else url


def _is_internal(tag: Row) -> bool:
    return tag.get("visibility") == "internal" or line(tag.get("name")).startswith("#")


def _status(row: Row) -> tuple[Status, str]:
    status = line(row.get("status")) or "draft"
    visibility = line(row.get("visibility")) or "public"
    if status in _STATUS and visibility != "public":
        return "draft", f"was only for `{visibility}` on the old site: imported as a draft"
    if status in _STATUS:
        return _STATUS[status], ""
    return (
        "draft",
        "" if status == "draft" else f"was `{status}` on the old site: imported as a draft",
    )
