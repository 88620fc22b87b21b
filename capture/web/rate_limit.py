"""The rate limit: how many posts one sender may make, counted over all processes of the service.

The `limits` library has the counting rule, but no storage that processes can share without a
server. So the counts are in a small SQLite file. Losing it only resets the counts, so it is never
synced to disk. A post that cannot be counted is accepted: a lead is worth more than its count.
Addresses are stored as keyed hashes.
"""

import contextlib
import fcntl
import hmac
import logging
import math
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Final

from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from capture.errors import Unavailable
from capture.files import OWNER_ONLY, make_private_folder, open_private
from capture.web.sender import client_network

log = logging.getLogger(__name__)

_PURGE_EVERY: Final = 1000
"""Writes between two deletions of expired counts."""


class SqliteCounters(Storage):
    """Counters that expire, in one file for all processes: a storage of the `limits` library."""

    STORAGE_SCHEME = ["gatepost-counters"]  # noqa: RUF012 - the library's own attribute

    def __init__(self, path: Path) -> None:
        """Creates the file now, not with the first post. Raises `Unavailable`."""
        super().__init__()
        self._path = path
        self._local = threading.local()
        self._writes = 0
        try:
            make_private_folder(path.parent)
            with contextlib.suppress(FileExistsError):
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
            self._create()
        except (OSError, sqlite3.Error) as error:
            raise Unavailable(
                f"{path}: cannot be written ({error}); let the service's user write there"
            ) from None

    def _create(self) -> None:
        try:
            self._open().close()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # a power cut damaged it, since it is never synced
            for part in ("", "-wal", "-shm"):
                Path(f"{self._path}{part}").unlink(missing_ok=True)
            self._open().close()

    @property
    def base_exceptions(self) -> type[Exception]:
        return sqlite3.Error

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        self._writes += 1
        now = time.time()
        if self._writes % _PURGE_EVERY == 0:
            self._db.execute("DELETE FROM counters WHERE ends <= ?", (now,))
        row = self._db.execute(
            "INSERT INTO counters VALUES (:key, :amount, :ends) ON CONFLICT (key) DO UPDATE SET"
            " hits = CASE WHEN ends <= :now THEN :amount ELSE hits + :amount END,"
            " ends = CASE WHEN ends <= :now THEN :ends ELSE ends END RETURNING hits",
            {"key": key, "amount": amount, "ends": now + expiry, "now": now},
        ).fetchone()
        return int(row[0])

    def get(self, key: str) -> int:
        row = self._row(key)
        return 0 if row is None else int(row[0])

    def get_expiry(self, key: str) -> float:
        row = self._row(key)
        return time.time() if row is None else float(row[1])

    def check(self) -> bool:
        return bool(self._db.execute("SELECT 1").fetchone())

    def reset(self) -> int:
        return self._db.execute("DELETE FROM counters").rowcount

    def clear(self, key: str) -> None:
        self._db.execute("DELETE FROM counters WHERE key = ?", (key,))

    def _row(self, key: str) -> tuple[int, float] | None:
        row: tuple[int, float] | None = self._db.execute(
            "SELECT hits, ends FROM counters WHERE key = ? AND ends > ?", (key, time.time())
        ).fetchone()
        return row

    @property
    def _db(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            db = self._local.db = self._open()
        return db

    def _open(self) -> sqlite3.Connection:
        """Opens the file under a lock. If several processes open it at the same time, SQLite lets
        one of them change it to WAL, and the others fail without waiting."""
        with open(open_private(self._path.with_suffix(".lock")), "w") as lock:  # noqa: PTH123
            fcntl.flock(lock, fcntl.LOCK_EX)
            db = sqlite3.connect(self._path, timeout=1, isolation_level=None)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = OFF")
            db.execute(
                "CREATE TABLE IF NOT EXISTS counters"
                " (key TEXT PRIMARY KEY, hits INTEGER NOT NULL, ends REAL NOT NULL) WITHOUT ROWID"
            )
        return db


class RateLimit:
    """A limit such as "10 per minute" for each sender. An empty rule sets no limit."""

    def __init__(self, rule: str, path: Path, secret: bytes) -> None:
        """Raises `Unavailable` if the counters cannot be stored at `path`."""
        self._rule: RateLimitItem | None = parse(rule) if rule else None
        self._path = path
        self._secret = secret
        if self._rule is not None:
            self._counters = SqliteCounters(path)
            self._limiter = FixedWindowRateLimiter(self._counters)

    def retry_after(self, address: str | None) -> int | None:
        """Counts one post of an address. None if it is allowed, else the seconds to wait (1 or
        more)."""
        return self.retry_after_of(client_network(address))

    def retry_after_of(self, sender: str) -> int | None:
        """The same for a sender that is not identified by an address, such as an API token."""
        if self._rule is None:
            return None
        key = hmac.digest(self._secret, sender.encode(), "sha256").hex()[:24]
        try:
            return self._count(self._rule, key)
        except (OSError, sqlite3.Error) as error:
            log.error("%s: posts are accepted without a limit: %s", self._path, error)
            return None

    def _count(self, rule: RateLimitItem, key: str) -> int | None:
        if self._limiter.hit(rule, key):
            return None
        ends = self._limiter.get_window_stats(rule, key).reset_time
        return max(1, math.ceil(ends - time.time()))
