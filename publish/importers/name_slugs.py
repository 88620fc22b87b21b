"""The slugs of imported categories, tags and authors, so that their lists keep their addresses."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from publish.checks.name_slugs import SECTIONS, SLUGS_FILE, NameKind, spelling_key
from publish.checks.project import Writing, names_of
from publish.checks.values import is_slug
from publish.importers.front_matter import Value
from publish.importers.model import Export, NameSlug, Notes

_KEYS: Final[Mapping[NameKind, str]] = {"category": "category", "tag": "tags", "author": "author"}
"""By kind of name: its key in imported front matter."""


def choose_name_slugs(
    export: Export, front_matters: Iterable[Mapping[str, Value]], writing: Writing, notes: Notes
) -> tuple[NameSlug, ...]:
    """The slugs that differ from the one that a name gives by itself.

    A name keeps the slug of the old site. If two names would share an address, one of them gets a
    number, and a note says so. Names that the project has already keep their slugs.
    """
    front_matters = tuple(front_matters)
    known = {(kind, spelling_key(name)): slug for kind, name, slug in reversed(export.name_slugs)}
    chosen: list[NameSlug] = []
    for kind in SECTIONS:
        if writing.layout.lists[kind]:
            names = _names(kind, front_matters)
            chosen += _Chooser(kind, writing, known, notes).choose(names)
    return tuple(chosen)


def _names(kind: NameKind, front_matters: Iterable[Mapping[str, Value]]) -> Iterator[str]:
    for values in front_matters:
        value = values.get(_KEYS[kind], ())
        yield from (value,) if isinstance(value, str) and value else ()
        yield from value if isinstance(value, tuple) else ()


@dataclass
class _Chooser:
    """Gives slugs to the names of one kind."""

    kind: NameKind
    writing: Writing
    known: Mapping[tuple[NameKind, str], str]
    """By kind and `spelling_key` of a name: its slug on the old site."""
    notes: Notes

    def choose(self, names: Iterable[str]) -> Iterator[NameSlug]:
        """The slugs of those names that need one of their own."""
        owners = self._owners()
        old_keys = set(map(spelling_key, owners.values()))
        new_names = {
            spelling_key(name): name for name in names if spelling_key(name) not in old_keys
        }
        for name in sorted(new_names.values(), key=self._has_another_slug):
            slug = preferred = self._preferred(name)
            suffix = 2
            while slug in owners:
                slug, suffix = f"{preferred}-{suffix}", suffix + 1
            if slug != preferred:
                message = f"`{name}` would share the address of `{owners[preferred]}`"
                section = SECTIONS[self.kind]
                add_note = self.notes.for_item(SLUGS_FILE)
                add_note("address", f"{section}: {message}: it has the slug `{slug}` now")
            owners[slug] = name
            if slug != self.writing.layout.name_slug(self.kind, name):
                yield self.kind, name, slug

    def _owners(self) -> dict[str, str]:
        """The names that the project has, by slug."""
        layout = self.writing.layout
        posts = [post for post in self.writing.posts if post.kind == "post"]
        in_posts = [
            name
            for post in posts
            for kind, of_post in names_of(post)
            if kind == self.kind
            for name in of_post
        ]
        in_file = [name for kind, name, _ in layout.name_slugs.names if kind == self.kind]
        return {layout.name_slug(self.kind, name): name for name in (*in_posts, *in_file)}

    def _preferred(self, name: str) -> str:
        """The slug on the old site, else the one of the name."""
        slug = self.known.get((self.kind, spelling_key(name)), "")
        return (
            slug if is_slug(slug) else self.writing.layout.name_slug(self.kind, name) or self.kind
        )

    def _has_another_slug(self, name: str) -> bool:
        """Whether the slug says less than the name. `C` keeps its address before `C++`."""
        return spelling_key(self._preferred(name)) != spelling_key(name)


def slugs_text(slugs: Iterable[NameSlug]) -> str:
    """The content of `slugs.yaml`."""
    lines: dict[str, list[str]] = {}
    for kind, name, slug in slugs:
        entry = f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(slug, ensure_ascii=False)}"
        lines.setdefault(SECTIONS[kind], []).append(entry)
    return "".join(f"{section}:\n{chr(10).join(rows)}\n" for section, rows in lines.items())
