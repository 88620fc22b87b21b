"""What is known of the last build, in one SQLite file in CACHE_PATH.

Everything in it can be made again. So a file that is damaged, or of another version, is deleted,
and the next build is a clean one. A build that is killed leaves what the build before it knew,
and the names of the files that it was about to publish.
"""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from publish.cache_file import CacheFile, seal, unseal

FILE: Final = "site.sqlite"
STORE: Final = "GATEPOST_STORE"
"""The setting with another name of the file, for a site that is built in turn with this one."""
PREVIEW_FILE: Final = "preview.sqlite"
"""The file of the live preview."""
OF_ONE_BUILD: Final = "of one build"
"""The fact with the engine whose texts all are as one complete build has left them."""
_MOST_ENGINES: Final = 3
"""Those of local, published and released builds."""
_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB)",
    "CREATE TABLE IF NOT EXISTS sources (path TEXT PRIMARY KEY, stamp BLOB, hash BLOB)",
    "CREATE TABLE IF NOT EXISTS texts (engine BLOB, path TEXT, digest BLOB, core BLOB, fields BLOB,"
    " html BLOB, PRIMARY KEY (engine, path))",
    "CREATE TABLE IF NOT EXISTS pages (name TEXT PRIMARY KEY, inputs BLOB, texts BLOB)",
    "CREATE TABLE IF NOT EXISTS files (name TEXT PRIMARY KEY, stamp BLOB)",
)


class StoreDamaged(Exception):
    """A value is not what was written. The build begins again without the file."""


@dataclass(frozen=True)
class TextRow:
    """A text in three parts, from what every list shows to what only its own page shows."""

    digest: bytes
    """The hash of its file."""
    core: bytes
    fields: bytes
    content: bytes


@dataclass(frozen=True)
class PageRow:
    """What a page was made of."""

    inputs: bytes
    texts: Collection[str]
    """The paths of the texts of which it shows more than lists do."""


@dataclass(frozen=True)
class Changes:
    """What a build has learned. A value of None removes a row."""

    engine: bytes
    """The fingerprint of what all texts depend on."""
    facts: Mapping[str, bytes]
    sources: Mapping[str, tuple[bytes, bytes] | None]
    texts: Mapping[str, TextRow | None]
    pages: Mapping[str, PageRow | None]
    files: Mapping[str, tuple[bytes] | None]


class BuildStore:
    """The file. Without a path, and after an error, nothing is known and nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._file = CacheFile(path, *_TABLES, has_bound_rows=True)
        self._is_used = self._file.is_open

    @property
    def problem(self) -> str:
        """Why the file was given up, if it is damaged."""
        damage = self._file.damage
        return damage and f"is damaged ({damage}) and was deleted: the next build makes all anew"

    def facts(self) -> dict[str, bytes]:
        """Facts of the complete site, by name."""
        return self._sealed_rows("SELECT name, value FROM facts")

    def sources(self) -> dict[str, tuple[bytes, bytes]]:
        """By path of each file that was read: its stamp, and the hash of its content."""
        rows = self._rows("SELECT path, stamp, hash FROM sources")
        return {path: (stamp, content) for path, stamp, content in rows}

    def cores(self, engine: bytes) -> dict[str, bytes]:
        """By path of each text of this engine: the part that every list shows."""
        return self._sealed_rows("SELECT path, core FROM texts WHERE engine = ?", engine)

    def digests(self, engine: bytes) -> dict[str, bytes]:
        """By path of each text of this engine: the hash of its file."""
        return dict(self._rows("SELECT path, digest FROM texts WHERE engine = ?", engine))

    def part(self, engine: bytes, path: str, name: str) -> bytes:
        """The part `core`, `fields` or `content` of a text. Raises `StoreDamaged`."""
        query = {
            "core": "SELECT core FROM texts WHERE engine = ? AND path = ?",
            "fields": "SELECT fields FROM texts WHERE engine = ? AND path = ?",
            "content": "SELECT html FROM texts WHERE engine = ? AND path = ?",
        }[name]
        rows = self._rows(query, engine, path)
        if not rows:
            raise StoreDamaged(f"no {name} of {path}")
        return self._opened(rows[0][0])

    def give_up(self, error: StoreDamaged) -> None:
        """Deletes the file, unless another process only uses it; from now on nothing is known."""
        if self._file.is_open:
            self._file.give_up(error)
        self._is_used = False

    def _rows(self, query: str, *values: object) -> list[Any]:
        rows = self._file.rows(query, values)
        if self._is_used and not self._file.is_open:
            raise StoreDamaged("an error while reading")
        return rows

    def _sealed_rows(self, query: str, *values: object) -> dict[str, bytes]:
        return {name: self._opened(value) for name, value in self._rows(query, *values)}

    @staticmethod
    def _opened(sealed: object) -> bytes:
        value = unseal(sealed)
        if value is None:
            raise StoreDamaged("a value has changed")
        return value

    def pages(self) -> dict[str, bytes]:
        """By name of each page: what it was made of."""
        return self._sealed_rows("SELECT name, inputs FROM pages")

    def pages_with(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Those of `pages` that show more of one of these texts than lists do."""
        searched = [_listed([path]) for path in paths]
        listed = self._sealed_rows("SELECT name, texts FROM pages") if searched else {}
        names = [name for name, texts in listed.items() if any(path in texts for path in searched)]
        query = "SELECT name, inputs FROM pages WHERE name = ?"
        return {name: self._sealed_rows(query, name)[name] for name in names}

    def files(self) -> dict[str, bytes]:
        """By name of each file that builds have published: its stamp; empty if uncertain."""
        return dict(self._rows("SELECT name, stamp FROM files"))

    @property
    def is_open(self) -> bool:
        """Whether it keeps what is written."""
        return self._file.is_open

    def add_texts(self, engine: bytes, rows: Mapping[str, TextRow]) -> None:
        """Writes texts before the end of the build: what is true of a file stays true.

        Until the end they may not fit the texts of the last build.
        """
        new = [(engine, path, *_columns(row)) for path, row in rows.items()]
        self._file.change(
            ("DELETE FROM facts WHERE name = ?", [(OF_ONE_BUILD,)]),
            ("INSERT OR REPLACE INTO texts VALUES (?, ?, ?, ?, ?, ?)", new),
        )

    def announce(self, names: Iterable[str]) -> None:
        """Notes new files that are about to be published: a kill may leave some of them."""
        if rows := [(name,) for name in names]:
            self._file.change(("INSERT OR REPLACE INTO files VALUES (?, x'')", rows))

    def save(self, changes: Changes) -> None:
        """Writes all changes in one step."""
        tables: Mapping[tuple[str, str], Mapping[str, Any]] = {
            ("facts", "name"): changes.facts,
            ("sources", "path"): changes.sources,
            ("pages", "name"): changes.pages,
            ("files", "name"): changes.files,
        }
        texts = changes.texts.items()
        steps: list[tuple[str, Sequence[tuple[object, ...]]]] = [
            (
                "DELETE FROM texts WHERE engine = ? AND path = ?",
                [(changes.engine, path) for path, row in texts if row is None],
            ),
            (
                "INSERT OR REPLACE INTO texts VALUES (?, ?, ?, ?, ?, ?)",
                [(changes.engine, path, *_columns(row)) for path, row in texts if row is not None],
            ),
            ("DELETE FROM texts WHERE engine = ?", self._old_engines(changes.engine)),
        ]
        for (table, key), rows in tables.items():
            removed = [(name,) for name, row in rows.items() if row is None]
            kept = [(name, *_columns(row)) for name, row in rows.items() if row is not None]
            steps.append((f"DELETE FROM {table} WHERE {key} = ?", removed))  # noqa: S608 - ours
            if kept:
                marks = ", ".join("?" * len(kept[0]))
                steps.append((f"INSERT OR REPLACE INTO {table} VALUES ({marks})", kept))  # noqa: S608
        self._file.change(*steps)

    def _old_engines(self, engine: bytes) -> list[tuple[bytes]]:
        """Engines that were used longest ago, but for a few."""
        query = (
            "SELECT engine FROM texts WHERE engine <> ? GROUP BY engine ORDER BY max(rowid) DESC"
        )
        return self._file.rows(query, [engine])[_MOST_ENGINES - 1 :]

    def close(self) -> None:
        """Ends the work with the file."""
        self._file.close()


def _columns(row: TextRow | PageRow | tuple[bytes, ...] | bytes) -> tuple[object, ...]:
    """The values of a row after its name. Stamps and hashes need no seal."""
    match row:
        case TextRow():
            return row.digest, seal(row.core), seal(row.fields), seal(row.content)
        case PageRow():
            return seal(row.inputs), seal(_listed(row.texts))
        case tuple():
            return row
    return (seal(row),)


def _listed(paths: Collection[str]) -> bytes:
    """Paths as one value, in which each can be found."""
    return b"".join(b"\0%b\0" % os.fsencode(path) for path in sorted(paths))
