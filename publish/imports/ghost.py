"""Reads what Ghost exports: one JSON file, of Ghost 3 to 6; pictures if they lie beside it."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from capture.errors import Refused, Unavailable, short_path
from publish.imports.facts import Export, Item, Note, Root, Status, counted, listed
from publish.imports.ghost_cards import html_of
from publish.imports.places import GHOST, split
from publish.imports.text import decoded, line, moment, plain

Row = Mapping[str, Any]
_PEOPLE: Final = ("members", "subscribers")
_STATUS: Final[Mapping[str, Status]] = {"published": "published", "scheduled": "published"}
_HEAD: Final = ("codeinjection_head", "codeinjection_foot")
_SHARED: Final = (
    "meta_title",
    "og_title",
    "og_description",
    "og_image",
    "twitter_title",
    "twitter_description",
    "twitter_image",
    "feature_image_caption",
)


def read(path: Path) -> Export:
    """Reads one JSON file. Raises `Refused` if it is none, `Unavailable` if it cannot be read."""
    tables = _Tables(_data(path))
    notes = list(_left_out(tables, path.name))
    items = tuple(_item(row, tables, notes) for row in tables.rows("posts"))
    if not items:
        raise Refused(f"{short_path(path)}: holds no post and no page: export all content")
    beside = path.parent
    folders = (beside / "content" / "images", beside / "images")
    roots = tuple(Root("/content/images/", folder) for folder in folders if folder.is_dir())
    return Export(items, tuple(notes), frozenset(), roots)


def _data(path: Path) -> Mapping[str, Any]:
    where = short_path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Unavailable(f"{where}: cannot be read: {error.strerror}") from None
    try:
        said = json.loads(decoded(raw, where))
    except json.JSONDecodeError as error:
        told = f"is no JSON ({error.msg}, column {error.colno}): export it again"
        raise Refused(f"{where}:{error.lineno}: {told}") from None
    except (RecursionError, ValueError):  # a number of too many digits
        raise Refused(f"{where}: is no Ghost export: it is nested too deeply") from None
    found = said
    if isinstance(found, dict) and isinstance(found.get("db"), list) and found["db"]:
        found = found["db"][0]
    data = found.get("data") if isinstance(found, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("posts"), list):
        raise Refused(f"{where}: is no Ghost export: it holds no `db[0].data.posts`")
    return data


class _Tables:
    """The tables of Ghost's database, as far as they are sound."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self.meta = {line(row.get("post_id")): row for row in self.rows("posts_meta")}
        self.tags = self._linked("posts_tags", "tag_id", "tags")
        self.authors = self._linked("posts_authors", "author_id", "users")
        self.users = {str(row.get("id")): row for row in self.rows("users")}

    def rows(self, name: str) -> list[Row]:
        found = self._data.get(name)
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []

    def names(self) -> Iterator[str]:
        return iter(self._data)

    def _linked(self, table: str, key: str, other: str) -> Mapping[str, list[Row]]:
        """The other table's rows of each post, in their order."""
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


def _left_out(tables: _Tables, where: str) -> Iterator[Note]:
    for name in _PEOPLE:
        if rows := tables.rows(name):
            told = f"{counted(len(rows), name[:-1])}, for they are personal data: none was carried"
            yield Note("members", where, told)
    settings = {line(row.get("key")): row.get("value") for row in tables.rows("settings")}
    for key in ("navigation", "secondary_navigation"):
        if settings.get(key) not in (None, "", "[]"):
            yield Note("menu", where, f"`{key}` was not carried: see NAVIGATION in pelicanconf.py")
    for key in _HEAD:
        if settings.get(key):
            yield Note("script", where, f"the site's `{key}` was not carried")
    for name in ("newsletters", "products", "offers", "snippets", "comments"):
        if rows := tables.rows(name):
            yield Note("not carried", where, f"{len(rows)} of kind {name}")


def _item(row: Row, tables: _Tables, notes: list[Note]) -> Item:
    key = str(row.get("id"))
    title = line(row.get("title"))
    kind = "page" if row.get("type") == "page" or row.get("page") in (1, True) else "post"
    where = f"{kind} {key}, {line(row.get('slug'))}"
    meta = tables.meta.get(key, {})
    tags = tables.tags.get(key, [])
    inner = [line(tag.get("name")) for tag in tags if _is_internal(tag)]
    names = [line(tag.get("name")) for tag in tags if not _is_internal(tag)]
    if inner:
        notes.append(Note("tags", where, f"internal tags were not carried: {listed(inner)}"))
    status, said = _status(row)
    if said:
        notes.append(Note("status", where, said))
    html, lost = html_of(row)
    notes.extend(Note(kind_, where, told) for kind_, told in lost)
    notes.extend(Note("script", where, f"`{k}` was not carried") for k in _HEAD if row.get(k))
    unread = [k for k in _SHARED if line(meta.get(k)) or line(row.get(k))]
    unread += [k for k in ("custom_template",) if row.get(k)]
    unread += ["featured"] if row.get("featured") else []
    if unread:
        notes.append(Note("field", where, f"fields were not carried: {listed(unread)}"))
    people = tables.authors.get(key) or [tables.users.get(str(row.get("author_id")), {})]
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
        return "draft", f"is for `{visibility}` alone there: a draft here"
    if status in _STATUS:
        return _STATUS[status], ""
    return "draft", "" if status == "draft" else f"is `{status}` there: a draft here"
