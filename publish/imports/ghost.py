"""Reads what Ghost exports: one JSON file, of Ghost 3 to 6; pictures if they lie beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from capture.errors import Refused, short_path
from publish.imports.facts import Export, Item, Note, Root, Status, listed
from publish.imports.ghost_cards import html_of
from publish.imports.ghost_rest import HEAD, not_carried, unread_fields
from publish.imports.ghost_tables import Row, Tables
from publish.imports.places import GHOST, split
from publish.imports.text import line, moment, plain

_STATUS: Final[Mapping[str, Status]] = {"published": "published", "scheduled": "published"}


def read(path: Path) -> Export:
    """Reads one JSON file. Raises `Refused` if it is none, `Unavailable` if it cannot be read."""
    tables = Tables(path)
    notes = list(not_carried(tables, path.name))
    items = tuple(_item(row, tables, notes) for row in tables.rows("posts"))
    if not items:
        raise Refused(f"{short_path(path)}: holds no post and no page: export all content")
    beside = path.parent
    folders = (beside / "content" / "images", beside / "images")
    roots = tuple(Root("/content/images/", folder) for folder in folders if folder.is_dir())
    return Export(items, tuple(notes), frozenset(), roots)


def _item(row: Row, tables: Tables, notes: list[Note]) -> Item:
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
    notes.extend(Note("script", where, f"`{k}` was not carried") for k in HEAD if row.get(k))
    if unread := unread_fields(row, meta):
        notes.append(Note("field", where, f"fields were not carried: {listed(unread)}"))
    people = tables.authors.get(key) or [tables.users.get(str(row.get("author_id")), {})]
    if row.get("author_id") and not line(people[0].get("name")):
        notes.append(Note("authors", where, "its author is not in the export"))
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
