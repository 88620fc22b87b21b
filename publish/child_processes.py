"""Runs a function for each of many items in child processes, one for each processor.

Files of writers may crash a library or keep it busy for ever. Here only the child ends, and its
item gets a `ChildEnded`. The children are forks: they start in milliseconds, and inherit what the
function needs.
"""

import gc
import multiprocessing
import os
import resource
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Final, Generic, NoReturn, TypeVar, cast

Item = TypeVar("Item")
Result = TypeVar("Result")
_FORK: Final = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class ChildEnded:
    """The child process ended before it had a result."""

    reason: str
    """Such as "takes more than 20 seconds of processor time"."""


@dataclass(frozen=True)
class Limits(Generic[Item]):
    """The limits of the children."""

    seconds: int
    """Processor time for one item."""
    capacity: int | None = None
    """The most that the items which run at the same time may weigh. A heavier item runs alone."""
    weight: Callable[[Item], int] = lambda _: 1


def run_each(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    limits: Limits[Item],
    on_start: Callable[[Item], None] = lambda _: None,
) -> Iterator[tuple[Item, Result | ChildEnded]]:
    """Yields each item with the result of `work(item)`, in the order in which they are ready.

    `on_start(item)` is called in this process. An exception of `work` is raised here, and ends all
    children.
    """
    pool = _Pool(work, items, limits.seconds)
    todo = deque(range(len(items)))
    weights: dict[Connection, int] = {}  # of the items that are running

    def start_more() -> None:
        while todo and len(weights) < processor_count():
            item = items[todo[0]]
            weight = limits.weight(item)
            is_full = sum(weights.values()) + weight > (limits.capacity or sys.maxsize)
            if weights and is_full:
                break
            on_start(item)
            weights[pool.start(todo.popleft())] = weight

    try:
        start_more()
        while weights:
            for connection in cast("list[Connection]", wait(list(weights))):
                del weights[connection]
                result = pool.result(connection)
                if limits.capacity is None:  # the child works while the caller uses the result
                    start_more()
                yield result
            start_more()
    finally:
        pool.close()


def processor_count() -> int:
    """The number of processors that this process may use."""
    with suppress(AttributeError):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Pool(Generic[Item, Result]):
    """The children: those that work on an item, and those that are free."""

    def __init__(self, work: Callable[[Item], Result], items: Sequence[Item], seconds: int) -> None:
        self._work = work
        self._items = items
        self._seconds = seconds
        self._processes: dict[Connection, multiprocessing.process.BaseProcess] = {}
        self._free: list[Connection] = []
        self._running: dict[Connection, int] = {}

    def start(self, index: int) -> Connection:
        """Gives an item to a child; returns the connection on which its result will arrive."""
        connection = self._free.pop() if self._free else self._fork()
        connection.send(index)
        self._running[connection] = index
        return connection

    def result(self, connection: Connection) -> tuple[Item, Result | ChildEnded]:
        """Receives the result of a child. Raises the exception that the child raised."""
        item = self._items[self._running.pop(connection)]
        try:
            is_result, value = connection.recv()
        except EOFError:
            return item, ChildEnded(self._reason(connection))
        self._free.append(connection)
        if not is_result:
            raise value
        return item, value

    def close(self) -> None:
        """Ends all children."""
        for connection, process in self._processes.items():
            process.kill()
            process.join()
            connection.close()

    def _fork(self) -> Connection:
        ours, theirs = _FORK.Pipe()
        process = _FORK.Process(
            target=self._serve, args=(theirs, [*self._processes, ours]), daemon=True
        )
        process.start()
        theirs.close()
        self._processes[ours] = process
        return ours

    def _serve(self, connection: Connection, inherited: Sequence[Connection]) -> NoReturn:
        """The child: works on each item that arrives, until the parent ends."""
        for other in inherited:  # else a child would keep the parent's ends open
            other.close()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its children
        gc.freeze()  # a search for cycles among the parent's objects would copy them
        with suppress(EOFError, BrokenPipeError):
            while True:
                index = connection.recv()
                _limit_processor_time(self._seconds)
                try:
                    answer = True, self._work(self._items[index])
                except Exception as error:
                    answer = False, error  # type: ignore[assignment]
                connection.send(answer)
        os._exit(0)

    def _reason(self, connection: Connection) -> str:
        process = self._processes.pop(connection)
        process.join()
        connection.close()
        if process.exitcode == -signal.SIGXCPU:
            return f"takes more than {self._seconds} seconds of processor time"
        return f"crashes the library that opens it (exit code {process.exitcode})"


def _limit_processor_time(seconds: int) -> None:
    """Lets the kernel end this process after so many more seconds of processor time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + 1 + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
