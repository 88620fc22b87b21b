"""Leads that arrive at once share a commit, so a disk's sync serves several visitors.

For the one thread of a server worker, in which each connection is a greenlet: gevent switches
between them where one waits, and nowhere else.
"""

from collections.abc import Callable, Sequence
from typing import Any

import gevent
from gevent.event import AsyncResult, Event

from capture.errors import Busy
from capture.ledger.facts import Result, Verification, WorkResult
from capture.ledger.protocol import Ledger, Reading, Records

MAX_BATCH = 16
"""Pieces of work in one transaction: others wait for its end."""
PAUSE_SECONDS = 0.001
PAUSES = 20
"""How often and how long it is paused while another process writes, before a thread waits."""

Work = Callable[[Records], Any]


class GroupCommit:
    """A `Ledger` whose writes wait for each other's commit, and while they do, hold nobody up."""

    def __init__(self, ledger: Ledger) -> None:
        """Until `start`, everything goes straight to `ledger`."""
        self._ledger = ledger
        self._waiting: list[tuple[Work, AsyncResult]] = []
        self._some = Event()
        self._started = False

    def start(self) -> gevent.Greenlet:
        """Begins to gather, in the process that serves (no greenlet survives a fork)."""
        self._started = True
        return gevent.spawn(self._commit_for_ever)

    def transact(self, work: Callable[[Records], Result]) -> Result:
        if not self._started:
            return self._ledger.transact(work)
        message = AsyncResult()
        self._waiting.append((work, message))
        self._some.set()
        result: Result = message.get()
        return result

    def transact_all(
        self, works: Sequence[Callable[[Records], Result]], *, at_once: bool = False
    ) -> list[WorkResult[Result]]:
        return self._ledger.transact_all(works, at_once=at_once)

    def read(self, query: Callable[[Reading], Result]) -> Result:
        return self._ledger.read(query)

    def verify(self) -> Verification:
        return self._ledger.verify()

    def close(self) -> None:
        self._ledger.close()

    def _commit_for_ever(self) -> None:
        while True:
            self._some.wait()
            if len(self._waiting) < MAX_BATCH:
                gevent.idle()  # whoever has arrived by now comes along
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            if not self._waiting:
                self._some.clear()
            self._commit(batch)

    def _commit(self, batch: Sequence[tuple[Work, AsyncResult]]) -> None:
        works = [work for work, _ in batch]
        try:
            outcomes = self._kept(works)
        except Exception as error:  # nothing of it was written; each visitor's view says so
            outcomes = [WorkResult(error=error) for _ in works]
        for (_, message), outcome in zip(batch, outcomes, strict=True):
            if outcome.error is None:
                message.set(outcome.result)
            else:
                message.set_exception(outcome.error)

    def _kept(self, works: Sequence[Work]) -> list[WorkResult[Any]]:
        """Mostly the ledger is free or soon will be. Where it is not, a thread waits for it, so
        that pages are served meanwhile (rule 34: work may be run again from its start)."""
        for _ in range(PAUSES):
            try:
                return self._ledger.transact_all(works, at_once=True)
            except Busy:
                gevent.sleep(PAUSE_SECONDS)
        outcomes: list[WorkResult[Any]] = gevent.get_hub().threadpool.apply(
            self._ledger.transact_all, (works,)
        )
        return outcomes
