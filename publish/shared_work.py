"""Shares the work on many texts or pages of a build over all processors.

What a build says is the same as if one process did it all: a child process keeps its messages and
its exceptions to itself, and the items that caused them are done again by this process, each when
its turn comes. So are those of a child that was killed.
"""

import logging
from collections.abc import Callable, Iterator, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from publish import child_processes
from publish.child_processes import ChildEnded, Limits, run_each

Item = TypeVar("Item")
Result = TypeVar("Result")
MANY: Final = 100
"""Fewer items are done sooner than children start."""
BATCH_SIZE: Final = 20
"""Items that a child gets together."""
_SECONDS: Final = 600
"""Processor time for a batch, after which a child is thought to hang."""


def are_many(items: Sized) -> bool:
    """Whether children do so many items sooner than this process."""
    return len(items) >= MANY and child_processes.processor_count() > 1


def run_batches(
    work: Callable[[Item], Result], items: Sequence[Item], seconds: int = _SECONDS
) -> Iterator[tuple[int, Sequence[Item], list[Result] | ChildEnded]]:
    """Like `run_each` for batches of items: yields the place of each, its items and its results."""
    places = range(0, len(items), BATCH_SIZE)

    def work_on(place: int) -> list[Result]:
        return [work(item) for item in items[place : place + BATCH_SIZE]]

    for place, results in run_each(work_on, places, Limits(seconds)):
        yield place, items[place : place + BATCH_SIZE], results


def share(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """The result of `work` for each item, in order. `work` may run in another process."""
    if not are_many(items):
        yield from map(work, items)
        return

    def try_to_work(item: Item) -> _Done[Result] | None:
        messages = _Messages()
        try:
            with messages.caught():
                result = work(item)
        except Exception:  # this process will raise it again
            return None
        return None if messages.are_any else _Done(result)

    ready: dict[int, Sequence[_Done[Result] | None]] = {}
    here = 0
    for place, batch, results in run_batches(try_to_work, items):
        ready[place] = [None] * len(batch) if isinstance(results, ChildEnded) else results
        while here in ready:
            done_of_batch = ready.pop(here)
            for item, done in zip(items[here : here + BATCH_SIZE], done_of_batch, strict=True):
                yield work(item) if done is None else done.result
            here += len(done_of_batch)


@dataclass(frozen=True)
class _Done(Generic[Result]):
    result: Result


class _Messages(logging.Handler):
    """Catches in a child process what it would log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.are_any = False

    def emit(self, record: logging.LogRecord) -> None:
        """Called by the loggers."""
        del record
        self.are_any = True

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Catches them in the block, in place of the handlers of Pelican and of all others."""
        root, pelican = logging.getLogger(), logging.getLogger("pelican")
        handlers = root.handlers, pelican.handlers
        root.handlers, pelican.handlers = [self], []
        try:
            yield
        finally:
            root.handlers, pelican.handlers = handlers
