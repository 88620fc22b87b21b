"""What a process of tests computes once, although each test has a ledger and an app of its own.

The first ledger runs the migrations; the tables of later ones are copies of its empty tables. The
first app that shows a template compiles it. Checks open files of writers in forks, which inherit
the library for that. Commands that run in their own process do all of it.
"""

import sqlite3
import threading
from pathlib import Path
from typing import Final

import pypdf  # noqa: F401 - for the forks of checks
import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlite_utils import Database

from capture.ledger import schema, sqlite

_migrate: Final = schema.migrate


class EmptyTables:
    """The tables that all migrations create: an empty ledger that later ones are copied from."""

    def __init__(self) -> None:
        self._copy: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def migrate(self, db: Database, path: Path) -> None:
        """Does the same as `schema.migrate`."""
        if db.table_names():
            _migrate(db, path)
            return
        with self._lock:
            if self._copy is not None:
                self._copy.backup(db.conn)
                return
            _migrate(db, path)
            self._copy = sqlite3.connect(":memory:", check_same_thread=False)
            db.conn.backup(self._copy)

    def close(self) -> None:
        if self._copy is not None:
            self._copy.close()


class CompiledTemplates(BytecodeCache):
    """The compiled templates, by file and source text."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], object] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))  # type: ignore[assignment]

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


def reuse(patch: pytest.MonkeyPatch) -> EmptyTables:
    """Lets the ledgers and apps of this process reuse tables and templates."""
    tables = EmptyTables()
    patch.setattr(sqlite, "migrate", tables.migrate)
    patch.setitem(Flask.jinja_options, "bytecode_cache", CompiledTemplates())
    return tables
