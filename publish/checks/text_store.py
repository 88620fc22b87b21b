"""Keeps the facts of texts between runs, in one SQLite file in CACHE_PATH.

The facts of a text follow from its bytes and its path, and from the key of the store: our code, the
versions of all libraries, and the settings. So they hold for a file with the same bytes.

A file is not even read if its size, its times and its inode are as they were when it was read: a
file system changes the time of the inode's change with every write, and no program can set it back.
But two writes within one tick of the clock leave the same time. So the stamp of a file that was
written within two seconds before is not kept, and the next run reads that file again. (A tick lasts
up to 10 milliseconds, on FAT two seconds.)
"""

import json
import os
import time
from collections.abc import Iterable
from dataclasses import astuple
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

from publish.cache_file import CacheFile
from publish.checks.facts import BodyFacts, FrontMatterFacts, LinkFacts
from publish.checks.layout import ContentKind, Layout
from publish.checks.post import Post, digest_of, post_from, read_bytes
from publish.checks.source_files import SourceFile, Stamp

FILE: Final = "texts.sqlite"
_TICK_NS: Final = 2_000_000_000
_NO_STAMP: Final[Stamp] = (0, 0, 0, 0)
_MOST_KEYS: Final = 3
"""Keys whose facts are kept: those of local, published and released builds."""
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS texts (
    engine TEXT, kind TEXT, name BLOB, size INTEGER, mtime INTEGER, ctime INTEGER, inode INTEGER,
    digest BLOB, facts BLOB, PRIMARY KEY (engine, kind, name)
)
"""
_QUERY: Final = """
SELECT kind, name, size, mtime, ctime, inode, digest, facts FROM texts WHERE engine = ?
"""


class _Kept(NamedTuple):
    """What the file has of a text: its stamp, and what a `Post` is made of."""

    stamp: Stamp
    facts: FrontMatterFacts
    digest: bytes
    body: BodyFacts
    links: LinkFacts | None


class TextStore:
    """The facts of a project's texts. Without a path they last as long as this object."""

    def __init__(self, path: Path | None, key: str) -> None:
        self._key = key
        self.path = path
        self._posts: dict[tuple[ContentKind, str, bytes | None], Post] = {}
        self._stamps: dict[Post, Stamp] = {}
        """The stamps of the texts whose facts can be kept."""
        self._kept_links: dict[Post, LinkFacts | None] = {}
        """The texts that are as the file has them, and the facts of their links."""
        self._started_ns = time.time_ns()
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
            post = post_from(edited, source.name, kind, layout, now)
        elif post is None:
            post = self._read(source, kind, layout, now)
        self._posts[key] = post
        return post

    def _read(self, source: SourceFile, kind: ContentKind, layout: Layout, now: datetime) -> Post:
        name, stamp = source
        kept = self._kept.get((kind, name))
        if kept and kept.stamp == stamp:
            post = Post(name, kind, layout, *kept[1:])
            self._stamps[post] = stamp
            self._kept_links[post] = post.link_facts
            return post
        raw, unreadable = read_bytes(layout.content / name)
        if kept and kept.digest == digest_of(raw) and not unreadable:
            post = Post(name, kind, layout, *kept[1:])
        else:
            post = post_from(raw, name, kind, layout, now, unreadable)
        if not unreadable and (post.facts.due or not layout.has_dated_addresses):
            self._stamps[post] = stamp if is_settled(stamp, self._started_ns) else _NO_STAMP
        return post

    @cached_property
    def _kept(self) -> dict[tuple[str, str], _Kept]:
        """The facts in the file, by kind and name of the text."""
        rows = self._file.rows(_QUERY, [self._key])
        try:
            facts = json.loads(b"[%b]" % b",".join(row[-1] for row in rows))
            return {
                (kind, os.fsdecode(name)): _kept(tuple(stamp), digest, *of_text)
                for (kind, name, *stamp, digest, _), of_text in zip(rows, facts, strict=True)
            }
        except (ValueError, TypeError) as error:
            self._file.give_up(error)
            return {}

    @cached_property
    def _file(self) -> CacheFile:
        return CacheFile(self.path, _TABLE)

    def save(self, posts: Iterable[Post]) -> None:
        """Keeps the facts of these posts and pages, and forgets all other texts."""
        names: set[tuple[str, str]] = set()
        new: list[tuple[object, ...]] = []
        for post in posts:
            if stamp := self._stamps.get(post):
                names.add((post.kind, post.name))
                if post not in self._kept_links or self._kept_links[post] != post.link_facts:
                    row = self._key, post.kind, os.fsencode(post.name), *stamp, post.digest
                    new.append((*row, _as_json(post)))
        old = [(self._key, kind, os.fsencode(name)) for kind, name in self._kept.keys() - names]
        if new or old:
            self._file.change(
                ("DELETE FROM texts WHERE engine = ? AND kind = ? AND name = ?", old),
                ("INSERT OR REPLACE INTO texts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", new),
                ("DELETE FROM texts WHERE engine = ?", self._outdated_keys()),
            )
        if damage := self._file.damage:
            self.problem = f"is damaged ({damage}) and was deleted: all texts were checked again"
        self._file.close()

    def _outdated_keys(self) -> list[tuple[str]]:
        """The keys that were written to longest ago."""
        query = (
            "SELECT engine FROM texts WHERE engine <> ? GROUP BY engine ORDER BY max(rowid) DESC"
        )
        return self._file.rows(query, [self._key])[_MOST_KEYS - 1 :]


def is_settled(stamp: Stamp, now_ns: int) -> bool:
    """Whether a file was written so long ago that a later write gives it other times."""
    _, modified, changed, _ = stamp
    return max(modified, changed) < now_ns - _TICK_NS


def _kept(
    stamp: Stamp, digest: bytes, front_matter: list[Any], body: list[Any], links: list[Any] | None
) -> _Kept:
    return _Kept(
        stamp,
        FrontMatterFacts._make(front_matter),
        digest,
        BodyFacts._make(body),
        LinkFacts._make(links) if links else None,
    )


def _as_json(post: Post) -> bytes:
    """The facts of a text. Those of a text with `Status: skip` have no links."""
    body, links = post.body_facts, post.link_facts
    if body and links:
        all_links = None if links.is_proven else [astuple(link) for link in post.links]
        body = body._replace(links=all_links)
    return json.dumps([post.facts, body, links]).encode()
