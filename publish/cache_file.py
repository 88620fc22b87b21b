"""A SQLite file in the cache folder, which may be lost or damaged at any time.

What is in it follows from other files, from our code and from the versions of the libraries. So a
damaged file is deleted, and a file that cannot be used is as good as none.
"""

import hashlib
import os
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import capture
import publish

_ROOMS: Final = ("*.py", "campaign/*.py", "form/*.py", "site/*.py")
"""The code of the lead service that a site uses, as pyproject.toml says."""


def _code_key() -> str:
    """A hash of our code as it is loaded, and of the names and versions of all libraries."""
    folders = (Path(folder) for folder in sys.path)
    libraries = sorted(path.name for folder in folders for path in folder.glob("*.dist-info"))
    digest = hashlib.sha256(" ".join([sys.version, *libraries]).encode())
    service = Path(capture.__path__[0])
    paths = [*Path(publish.__path__[0]).rglob("*.py")]
    paths += (path for room in _ROOMS for path in service.glob(room))
    for path in sorted(paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()


CODE_KEY: Final = _code_key()  # now: a process that runs long does not load newer code


_PASSING: Final = frozenset(
    {
        *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY),
        *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM),
    }
)
"""Errors of the disk or of another process, not of the file."""


def is_passing(error: Exception) -> bool:
    """Whether the next run may be able to use the same file."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, OSError) or (code is not None and code & 0xFF in _PASSING)


class CacheFile:
    """A file of tables. Without a path, and after an error, it is empty and keeps nothing.

    Another process that writes is waited for, at most so many seconds.
    """

    def __init__(
        self, path: Path | None, *tables: str, seconds: float = 5, has_bound_rows: bool = False
    ) -> None:
        """`tables` are the statements that create its tables. A file with others is emptied.

        `has_bound_rows`: rows must be of the same moment as others. Such a file waits for the disk.
        In another file each row is true by itself, and a power cut costs no more than the file.
        """
        self._path = path
        self._seconds = seconds
        self._process = os.getpid()
        self._of_parent: sqlite3.Connection | None = None
        self._database: sqlite3.Connection | None = None
        self.damage = ""
        """What was wrong with the file, if it was damaged and so was deleted."""
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._database = sqlite3.connect(path, seconds, isolation_level=None)
                if not has_bound_rows:
                    self._database.execute("PRAGMA synchronous = OFF")
                _make_tables(self._database, tables)
            except (OSError, sqlite3.Error) as error:
                self.give_up(error)

    @property
    def is_open(self) -> bool:
        """Whether it keeps what is written."""
        return self._database is not None

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """The rows of a query; none without a file. A child process may ask too."""
        if not self._database:
            return []
        try:
            if self._process != os.getpid():
                self._open_again()
            return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            self.give_up(error)
            return []

    def _open_again(self) -> None:
        """For a fork: SQLite forbids it to use the connection of its parent, or to close it."""
        self._process, self._of_parent = os.getpid(), self._database
        self._database = sqlite3.connect(str(self._path), self._seconds, isolation_level=None)

    def change(self, *changes: tuple[str, Iterable[Sequence[object]]]) -> None:
        """Executes statements, each with all its rows of values, in one transaction."""
        if not self._database:
            return
        try:
            with self._database as database:
                database.execute("BEGIN IMMEDIATE")
                for statement, rows in changes:
                    database.executemany(statement, rows)
        except sqlite3.Error as error:
            self.give_up(error)

    def close(self) -> None:
        """Ends the use of the file."""
        if self._database:
            self._database.close()
            self._database = None

    def give_up(self, error: Exception) -> None:
        """Continues without the file. Deletes it if it is damaged, not if it is only busy."""
        self.close()
        if self._path and not is_passing(error):
            self.damage = str(error)
            with suppress(OSError):
                self._path.unlink()


def _make_tables(database: sqlite3.Connection, tables: Sequence[str]) -> None:
    """Makes the tables of an empty file, or of one that another version of our code has made."""
    version = crc32("".join(tables).encode()) >> 1  # the file keeps 31 bits
    if _version(database) == version:
        return
    with database:
        database.execute("BEGIN IMMEDIATE")
        if _version(database) != version:  # else another process has just made them
            names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (name,) in names.fetchall():
                database.execute(f'DROP TABLE "{name}"')
            for table in tables:
                database.execute(table)
            database.execute(f"PRAGMA user_version = {version}")


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


# SQLite does not see that the disk has changed a value.

_SEAL_SIZE: Final = 8


def seal(value: bytes) -> bytes:
    """The value with its hash before it."""
    return _seal_of(value) + value


def unseal(sealed: object) -> bytes | None:
    """The value of `seal`; None if it has changed since."""
    if not isinstance(sealed, bytes):
        return None
    value = sealed[_SEAL_SIZE:]
    return value if _seal_of(value) == sealed[:_SEAL_SIZE] else None


def _seal_of(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=_SEAL_SIZE).digest()
