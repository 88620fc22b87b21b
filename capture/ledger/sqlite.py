"""The ledger in one SQLite file, through sqlite-utils: WAL, every commit synced to disk.

Writers take two locks. First a file lock beside the database: they wait for it in the kernel,
without the sleeps of SQLite's busy handler. Then SQLite's write lock: the first statement of each
transaction updates the chain's head, so a transaction never reads before it holds this lock.
"""

import contextlib
import fcntl
import json
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from capture.errors import Busy, Refused, Unavailable
from capture.files import OWNER_ONLY, make_private_folder, open_private
from capture.ledger.campaigns import parse_version
from capture.ledger.dialect import SQLITE
from capture.ledger.events import Head
from capture.ledger.page_tally import page_key
from capture.ledger.people import KeyedHash, answers_from_json, article_key
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.rebuild import rebuild
from capture.ledger.schema import MIGRATIONS, check_version, migrate, trigger_problems
from capture.ledger.search_words import search_keys
from capture.ledger.store import SqlReadTransaction, SqlWriteTransaction
from capture.ledger.types import PersonalData, Result, Verification, WorkResult
from capture.ledger.verify import verify

BUSY_SECONDS: Final = 5.0
"""Seconds a write waits for the database lock before it fails."""

BUSY_RETRY_SECONDS: Final = 0.25
"""Seconds a write waits for the database lock after a recent timeout."""

_LOG_ATTEMPTS: Final = 40
_LOG_PAUSE_SECONDS: Final = 0.05
"""Time between two attempts to empty the log. A reader of an earlier state may end meanwhile."""

_UNTRANSLATED: Final = (sqlite3.IntegrityError, sqlite3.ProgrammingError, BrokenPipeError)
"""Errors that are not the database's: bugs, and a closed pipe of the command that reads."""


class SqliteLedger:
    """A `Ledger` in one file. Threads may share it; each has its own connection."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Opens the file; creates it and runs migrations if necessary.

        Raises `Unavailable` if that fails, `Refused` for another version's tables or another key.
        """
        self._path = path
        self._key = key
        self._local = threading.local()
        self._short_wait_until = 0.0
        with self._translated_errors():
            make_private_folder(path.parent)
            with contextlib.suppress(FileExistsError):
                # SQLite gives its other files the mode of this one. Only for a new file: closing
                # a file that is in use would release SQLite's locks on it.
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
            db, lock = self._connection()
            check_version(db, path)
            if MIGRATIONS.pending(db):
                with _file_lock(lock):  # one process migrates, the others wait for it
                    migrate(db, path)
            self._check_key(db, lock)

    def transact(self, work: Callable[[WriteTransaction], Result]) -> Result:
        with self._translated_errors(), self._write_connection() as db:
            return work(self._records(db, _locked_head(db)))

    def transact_all(
        self, works: Sequence[Callable[[WriteTransaction], Result]], *, wait_for_lock: bool = True
    ) -> list[WorkResult[Result]]:
        results: list[WorkResult[Result]] = []
        with self._translated_errors(), self._write_connection(wait_for_lock=wait_for_lock) as db:
            head = _locked_head(db)
            for work in works:
                records = self._records(db, head)
                result = _run_work(db, work, records)
                if result.error is None:
                    head = records.head
                results.append(result)
        return results

    def read(self, query: Callable[[ReadTransaction], Result]) -> Result:
        with self._translated_errors():
            db, _ = self._connection()
            with db.atomic():
                return query(self._reading(db))

    def verify(self) -> Verification:
        with self._translated_errors():
            db, _ = self._connection()
            with db.atomic():
                return verify(self._reading(db), trigger_problems(db.conn))

    def rebuild(self) -> int:
        with self._translated_errors(), self._write_connection() as db:
            _locked_head(db)
            return rebuild(self._reading(db), trigger_problems(db.conn))

    def empty_log(self) -> bool:
        with self._translated_errors():
            for attempt in range(_LOG_ATTEMPTS):
                if attempt:
                    time.sleep(_LOG_PAUSE_SECONDS)
                if self._truncate_log():
                    return True
        return False

    def _truncate_log(self) -> bool:
        """Empties the write-ahead log; False if a reader needs it. Never waits for readers, because
        all writers wait meanwhile."""
        db, lock = self._connection()
        with _file_lock(lock):
            db.execute("PRAGMA busy_timeout = 0")
            try:
                (is_busy, *_) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                db.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
        return not is_busy

    def close(self) -> None:
        db, _ = self._connection()
        db.close()
        self._local.close_lock()
        del self._local.connection

    def _reading(self, db: Database) -> SqlReadTransaction:
        return SqlReadTransaction(db.conn, SQLITE, self._key)

    def _records(self, db: Database, head: Head) -> SqlWriteTransaction:
        return SqlWriteTransaction(db.conn, SQLITE, self._key, head)

    def _check_key(self, db: Database, lock: int) -> None:
        """Raises `Refused` for another key than the ledger's: it would recognise no duplicate."""
        mac = KeyedHash(self._key).of("key check")
        stored = db.execute("SELECT mac FROM key_check").fetchone()
        if stored is None:
            with _file_lock(lock):
                db.execute("INSERT INTO key_check VALUES (1, ?) ON CONFLICT DO NOTHING", (mac,))
            stored = db.execute("SELECT mac FROM key_check").fetchone()
        if stored[0] != mac:
            raise Refused(
                f"{self._path}: made with another key; restore the file duplicate_key in var/ "
                "(or GATEPOST_DUPLICATE_KEY): this key never changes"
            )

    @contextmanager
    def _write_connection(self, *, wait_for_lock: bool = True) -> Iterator[Database]:
        since = time.monotonic()
        db, lock = self._connection()
        with _file_lock(lock, wait_for_lock=wait_for_lock):
            if time.monotonic() - since > BUSY_SECONDS / 2:  # earlier writers timed out
                raise sqlite3.OperationalError("database is locked")
            with self._busy_timeout(db, wait_for_lock=wait_for_lock), db.atomic():
                yield db

    @contextmanager
    def _busy_timeout(self, db: Database, *, wait_for_lock: bool) -> Iterator[None]:
        """Shortens SQLite's busy timeout if the write does not wait or another timed out lately."""
        is_short = not wait_for_lock or time.monotonic() < self._short_wait_until
        if is_short:
            seconds = BUSY_RETRY_SECONDS if wait_for_lock else 0
            db.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                if not wait_for_lock:
                    raise Busy(f"{self._path}: another program holds the database") from None
                self._short_wait_until = time.monotonic() + BUSY_SECONDS
            raise
        finally:
            if is_short:
                db.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")

    def _connection(self) -> tuple[Database, int]:
        """This thread's connection and its descriptor of the lock file."""
        pair: tuple[Database, int] | None = getattr(self._local, "connection", None)
        if pair is None:
            lock = open_private(f"{self._path}.lock")
            connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS)
            with _file_lock(lock):  # SQLite does not wait for other writers in this statement
                connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            # SQLite overwrites freed parts of the file with zeros; some builds do not by default.
            connection.execute("PRAGMA secure_delete = ON")
            # Keeps savepoint journals in memory instead of a file for each transaction.
            connection.execute("PRAGMA temp_store = MEMORY")
            add_functions(connection, self._key)
            # The plugins of sqlite-utils are for its own command; the search for them takes 40 ms.
            db = Database(connection, recursive_triggers=True, execute_plugins=False)
            pair = self._local.connection = db, lock
            # A thread that ends closes both, as its connection closes itself.
            self._local.close_lock = weakref.finalize(db, os.close, lock)
        return pair

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Turns database errors into `Unavailable` with one line that says what to do."""
        try:
            yield
        except (sqlite3.OperationalError, sqlite3.DatabaseError, OSError) as error:
            if isinstance(error, _UNTRANSLATED):
                raise
            raise Unavailable(f"{self._path}: {_explain(error)}") from error


def _locked_head(db: Database) -> Head:
    """The chain's head. The statement also takes the write lock."""
    sequence, head = db.execute(
        "UPDATE chain SET sequence = sequence RETURNING sequence, head"
    ).fetchone()
    return sequence, head


def _run_work(
    db: Database, work: Callable[[WriteTransaction], Result], records: SqlWriteTransaction
) -> WorkResult[Result]:
    """Runs one unit of work in a savepoint. An error of the work rolls back only this unit."""
    db.execute("SAVEPOINT unit")
    try:
        result = WorkResult(work(records))
    except (sqlite3.OperationalError, OSError):
        raise  # the disk or the database failed: the whole transaction is rolled back
    except Exception as error:
        db.execute("ROLLBACK TO unit")
        result = WorkResult(error=error)
    db.execute("RELEASE unit")
    return result


@contextmanager
def _file_lock(lock: int, *, wait_for_lock: bool = True) -> Iterator[None]:
    """Holds the file lock. The kernel releases it if the process dies.

    Without `wait_for_lock` it raises `Busy` if another process holds the lock.
    """
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait_for_lock else fcntl.LOCK_NB))
    except BlockingIOError:
        raise Busy("another process is writing") from None
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _explain(error: Exception) -> str:
    text = str(error)
    for fragment, fix in {
        "disk is full": "the disk is full; nothing was written; free some space and try again",
        "No space left": "the disk is full; nothing was written; free some space and try again",
        "disk I/O error": "the disk failed; nothing was written; check the disk and its space",
        "locked": "another program holds the database; nothing was written; close it and try again",
        "readonly": "the database cannot be written; give the service's user write access",
        "Permission denied": "no permission; give the service's user access to the file and folder",
        "unable to open": "the database cannot be opened; check that its folder can be written",
        "not a database": "not an SQLite database; name another file in GATEPOST_DATABASE_URL",
        "malformed": "the database file is damaged; restore it from a backup",
    }.items():
        if fragment in text:
            return fix
    return text


def add_functions(connection: sqlite3.Connection, key: bytes) -> None:
    """Adds the SQL functions that compute keyed hashes of what is stored already."""
    functions = _SqlFunctions(key)
    connection.create_function("article_key", 2, functions.article_key)
    connection.create_function("page_key", 1, functions.page_key)
    connection.create_function("search_keys", 5, functions.search_keys)


class _SqlFunctions:
    """SQL functions of a connection. Without the ledger, which would otherwise wait for Python's
    search for garbage, with its open files, when nobody uses it any more."""

    def __init__(self, key: bytes) -> None:
        self._hash = KeyedHash(key)

    def article_key(self, first_touch: str, page: str) -> bytes | None:
        return article_key(self._hash, json.loads(first_touch), page)

    def page_key(self, path: str | None) -> bytes:
        return page_key(self._hash, path)

    def search_keys(
        self, campaign: str, version: str, text: str, answers: str, unverified: str
    ) -> str:
        """A JSON list."""
        data = PersonalData(answers_from_json(answers), unverified=json.loads(unverified))
        terms = parse_version(campaign, version, text)
        return json.dumps(search_keys(self._hash, terms, data))
