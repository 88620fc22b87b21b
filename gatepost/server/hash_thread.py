"""One thread of a server worker for the hashes of passphrases.

A worker answers all requests in one thread. A hash takes about 50 ms of it by design, so a flood of
logins would stop every other page. In a thread of their own, hashes cost the worker little, and a
few of them wait; what comes when the queue is full is refused.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from gevent.threadpool import ThreadPool

from capture.users.passphrase import TooManyHashes

MOST_WAITING: Final = 8
"""Hashes that are computed or wait. The last one waits about half a second."""

Result = TypeVar("Result")


class HashThread:
    """A `HashRunner` whose caller is a greenlet: other greenlets run meanwhile."""

    def __init__(self) -> None:
        self._pool: ThreadPool | None = None
        self._waiting = 0

    def __call__(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= MOST_WAITING:
            raise TooManyHashes
        if self._pool is None:  # made in the worker: a thread does not survive a fork
            self._pool = ThreadPool(1)
        self._waiting += 1
        try:
            result: Result = self._pool.apply(work)
            return result
        finally:
            self._waiting -= 1
