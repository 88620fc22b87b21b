"""Keeps the facts of texts between runs, in one SQLite file in CACHE_PATH.

The facts of a text follow from its bytes and its path, and from the key of the store: our code, the
versions of all libraries, and the settings. So they hold for a file with the same bytes.

A file is not even read if its size, its times and its inode are as they were when it was read: a
file system changes the time of the inode's change with every write, and no program can set it back.
But two writes within one tick of the clock leave the same time. So the stamp of a file that was
written within two seconds before is not kept, and the next run reads that file again. (A tick lasts
up to 10 milliseconds, on FAT two seconds.)
"""

import os
import tempfile
import time
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

from publish.cache_file import CacheFile, seal, unseal
from publish.checks.facts import BodyFacts, FrontMatterFacts, LinkFacts
from publish.checks.layout import KINDS, ContentKind, Layout
from publish.checks.post import Post, post_from
from publish.checks.post_text import digest_of, read_bytes
from publish.checks.source_files import SourceFile, Stamp

FILE: Final = "texts.sqlite"
_TICK_NS: Final = 2_000_000_000
_NO_STAMP: Final[Stamp] = (0, 0, 0, 0)
_MOST_KEYS: Final = 3
"""Keys whose facts are kept: those of local, published and released builds."""
_TABLE: Final = """
CREATE TABLE texts (
    engine TEXT, kind TEXT, name TEXT, size INTEGER, mtime INTEGER, ctime INTEGER, inode INTEGER,
    digest BLOB, facts BLOB, PRIMARY KEY (engine, kind, name)
)
"""
_QUERY: Final = """
SELECT kind, name, size, mtime, ctime, inode, digest, facts FROM texts WHERE engine = ?
"""
_QUERY_ONE: Final = f"{_QUERY.rstrip()} AND kind = ? AND name = ?"


_FIELD: Final = "\x1e"
_BODY: Final = len(FrontMatterFacts._fields)
_LINKS: Final = _BODY + len(BodyFacts._fields)
_END: Final = _LINKS + len(LinkFacts._fields)


class _Row(NamedTuple):
    """What the file has of a text."""

    stamp: Stamp
    """The stamp of the file when it was read; zeros if it had been written just before."""
    digest: bytes
    facts: bytes
    """The fields of all facts, sealed."""

    def post(self, name: str, kind: ContentKind, layout: Layout) -> Post:
        """The post or page with these facts. Raises `ValueError` if the row is damaged."""
        facts = unseal(self.facts)
        if facts is None:
            raise ValueError("its content has changed")
        fields = facts.decode().split(_FIELD)
        return Post(
            name,
            kind,
            layout,
            FrontMatterFacts._make(fields[:_BODY]),
            self.digest,
            BodyFacts._make(fields[_BODY:_LINKS]),
            LinkFacts._make(fields[_LINKS:]),
        )


def _row(_kind: str, _name: str, *values: Any) -> _Row:
    """The row of the file with these values."""
    *stamp, digest, facts = values
    return _Row((stamp[0], stamp[1], stamp[2], stamp[3]), digest, facts)


class TextStore:
    """The facts of a project's texts. Without a path they last as long as this object."""

    def __init__(self, path: Path | None, key: str) -> None:
        """`key` stands for all that decides the facts besides a file. It begins with `CODE`."""
        self._key = key
        self.path = path
        self._posts: dict[tuple[ContentKind, str, bytes | None], Post] = {}
        self._stamps: dict[Post, Stamp] = {}
        """The stamps of the texts whose facts can be kept."""
        self._kept_links: dict[Post, LinkFacts | None] = {}
        """The texts that are as the file has them, and the facts of their links."""
        self._outdated: list[tuple[str, str]] = []
        """Kind and name of texts whose facts cannot be kept any more."""
        self.started_ns = _time_of_files(path)
        """By the clock that stamps files."""
        self.problem = ""
        """Why the file was given up, if it is damaged."""

    def read(
        self,
        source: SourceFile,
        kind: ContentKind,
        layout: Layout,
        now: datetime,
        edited: bytes | None,
    ) -> Post:
        """The post or page in a file, or in `edited`. Each is read once."""
        key = kind, source.name, edited
        post = self._posts.get(key)
        if post is None and edited is not None:
            post = post_from(edited, source.name, kind, layout, now, is_edited=True)
        elif post is None:
            post = self._read(source, kind, layout, now)
        self._posts[key] = post
        return post

    def read_edited(
        self, name: str, stamp: Stamp, layout: Layout, now: datetime
    ) -> tuple[Post, Post] | None:
        """A text before and after its file has changed, without reading the facts of others.

        None if it was not known before, or cannot be read now.
        """
        raw, unreadable = read_bytes(layout.content / name)
        for kind in () if unreadable else KINDS:
            try:
                rows = self._file.rows(_QUERY_ONE, [self._key, kind, name])
                old = [_row(*row).post(name, kind, layout) for row in rows]
            except ValueError as error:
                self._file.give_up(error)
                return None
            if old:
                new = self._posts[kind, name, None] = post_from(raw, name, kind, layout, now)
                self._note_stamp(new, stamp)
                return old[0], new
        return None

    def _read(self, source: SourceFile, kind: ContentKind, layout: Layout, now: datetime) -> Post:
        name, stamp = source
        row = self._rows.pop((kind, name), None)
        try:
            if row and row.stamp == stamp:
                post = row.post(name, kind, layout)
                self._stamps[post] = stamp
                self._kept_links[post] = post.link_facts
                return post
            raw, unreadable = read_bytes(layout.content / name)
            if row and row.digest == digest_of(raw) and not unreadable:
                post = row.post(name, kind, layout)
            else:
                post = post_from(raw, name, kind, layout, now, unreadable)
        except ValueError as error:
            self._file.give_up(error)
            self._rows.clear()
            return self._read(source, kind, layout, now)
        if unreadable or (layout.has_dated_addresses and not post.facts.due):
            self._outdated.append((kind, name))
        else:
            self._note_stamp(post, stamp)
        return post

    def _note_stamp(self, post: Post, stamp: Stamp) -> None:
        self._stamps[post] = stamp if is_settled(stamp, self.started_ns) else _NO_STAMP

    @cached_property
    def _rows(self) -> dict[tuple[str, str], _Row]:
        """The rows of the file that were not read yet, by kind and name of the text."""
        rows = self._file.rows(_QUERY, [self._key])
        return {(kind, name): _row(kind, name, *row) for kind, name, *row in rows}

    @cached_property
    def _file(self) -> CacheFile:
        return CacheFile(self.path, _TABLE)

    def save(self, posts: Iterable[Post], *, are_all: bool = True) -> None:
        """Keeps the facts of these posts and pages, and forgets all others if these `are_all`."""
        changed = (
            post
            for post in posts
            if post in self._stamps and self._kept_links.get(post) is not post.link_facts
        )
        new = [row for post in changed if (row := self._row_of(post))]
        others = self._rows if are_all else ()
        old = [(self._key, kind, name) for kind, name in (*others, *self._outdated)]
        if new or old:
            self._file.change(
                ("DELETE FROM texts WHERE engine = ? AND kind = ? AND name = ?", old),
                ("INSERT OR REPLACE INTO texts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", new),
                ("DELETE FROM texts WHERE engine = ?", self._outdated_keys()),
            )
        if damage := self._file.damage:
            self.problem = f"is damaged ({damage}) and was deleted: all texts were checked again"
        self.__dict__.pop("_file").close()

    def _row_of(self, post: Post) -> tuple[object, ...] | None:
        """The row of a text; None if a name or a setting has characters that it cannot have."""
        fields = _FIELD.join((*post.facts, *(post.body_facts or ()), *(post.link_facts or ())))
        try:
            post.name.encode()
            facts = fields.encode()
        except UnicodeEncodeError:
            return None
        if fields.count(_FIELD) != _END - 1:
            return None
        stamp = self._stamps[post]
        return (self._key, post.kind, post.name, *stamp, post.digest, seal(facts))

    def _outdated_keys(self) -> list[tuple[str]]:
        """The keys that were written to longest ago."""
        query = (
            "SELECT engine FROM texts WHERE engine <> ? GROUP BY engine ORDER BY max(rowid) DESC"
        )
        return self._file.rows(query, [self._key])[_MOST_KEYS - 1 :]


def _time_of_files(path: Path | None) -> int:
    """The time of the clock that stamps files, in nanoseconds: the machine's may be another.

    It is taken in the cache folder: what is in another folder could be an input of the check.
    """
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=path.parent) as file:
                return os.fstat(file.fileno()).st_mtime_ns
    except OSError:  # nothing can be kept
        pass
    return time.time_ns()


def is_settled(stamp: Stamp, now_ns: int) -> bool:
    """Whether a file was written so long ago that a later write gives it other times."""
    _, modified, changed, _ = stamp
    return max(modified, changed) < now_ns - _TICK_NS
