"""Group commit: leads that arrive at the same time share one transaction and one disk sync.

A server worker has one thread, and each connection is a greenlet. gevent switches between
greenlets only where one of them waits.
"""

from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any

import gevent
from gevent.event import AsyncResult, Event

from capture.errors import Busy
from capture.ledger.protocol import Ledger, ReadTransaction, WriteTransaction
from capture.ledger.types import Result, Verification, WorkResult

MAX_BATCH = 16
"""Maximum number of units of work in one transaction. Other writers wait until it ends."""
PAUSE_SECONDS = 0.001
"""Seconds between two attempts to get the write lock."""
PAUSES = 20
"""Attempts to get the write lock, with a pause after each, before a thread waits for it."""

Work = Callable[[WriteTransaction], Any]


class GroupCommit:
    """A `Ledger` that commits waiting writes together. Other greenlets run meanwhile."""

    def __init__(self, ledger: Ledger) -> None:
        """Before `start`, each write is its own transaction."""
        self._ledger = ledger
        self._queue: list[tuple[Work, AsyncResult]] = []
        self._has_work = Event()
        self._started = False

    def start(self) -> gevent.Greenlet:
        """Starts the greenlet that commits. Call it in each worker process, after the fork.

        A greenlet of the parent process does not run in its forks.
        """
        self._started = True
        return gevent.spawn(self._run)

    def transact(self, work: Callable[[WriteTransaction], Result]) -> Result:
        if not self._started:
            return self._ledger.transact(work)
        pending = AsyncResult()
        # The work sees its own request, such as the user who is logged in.
        own_context = copy_context()
        self._queue.append((lambda records: own_context.run(work, records), pending))
        self._has_work.set()
        result: Result = pending.get()
        return result

    def transact_all(
        self, works: Sequence[Callable[[WriteTransaction], Result]], *, wait_for_lock: bool = True
    ) -> list[WorkResult[Result]]:
        # Passed on without the queue: these units already share one transaction.
        return self._ledger.transact_all(works, wait_for_lock=wait_for_lock)

    def read(self, query: Callable[[ReadTransaction], Result]) -> Result:
        return self._ledger.read(query)

    def verify(self) -> Verification:
        return self._ledger.verify()

    def rebuild(self) -> int:
        return self._ledger.rebuild()

    def empty_log(self) -> bool:
        return self._ledger.empty_log()

    def close(self) -> None:
        self._ledger.close()

    def _run(self) -> None:
        while True:
            self._has_work.wait()
            if len(self._queue) < MAX_BATCH:
                gevent.idle()  # lets requests that have already arrived join the batch
            batch, self._queue = self._queue[:MAX_BATCH], self._queue[MAX_BATCH:]
            if not self._queue:
                self._has_work.clear()
            self._commit(batch)

    def _commit(self, batch: Sequence[tuple[Work, AsyncResult]]) -> None:
        works = [work for work, _ in batch]
        try:
            results = self._write(works)
        except Exception as error:  # nothing was written; every waiting request gets the error
            results = [WorkResult(error=error) for _ in works]
        for (_, pending), result in zip(batch, results, strict=True):
            if result.error is None:
                pending.set(result.result)
            else:
                pending.set_exception(result.error)

    def _write(self, works: Sequence[Work]) -> list[WorkResult[Any]]:
        """Writes the batch in one transaction.

        Usually the write lock is free within milliseconds. Otherwise a thread waits for it, and
        this worker continues to serve pages. Work may run again from its start (rule 34 of
        docs/rules.md).
        """
        for _ in range(PAUSES):
            try:
                return self._ledger.transact_all(works, wait_for_lock=False)
            except Busy:
                gevent.sleep(PAUSE_SECONDS)
        results: list[WorkResult[Any]] = gevent.get_hub().threadpool.apply(
            self._ledger.transact_all, (works,)
        )
        return results
