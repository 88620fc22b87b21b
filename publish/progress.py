"""Shows how far a build is: a command sets the function that shows it, and long work calls it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol, TypeVar

Item = TypeVar("Item")


class ShowProgress(Protocol):
    """Shows how much of some work is done."""

    def __call__(self, work: str, done: int, total: int | None = None) -> None:
        """`work`: such as "Reading texts"; `total`: None if it is not known."""


_SHOWN_BY: Final = ContextVar[ShowProgress | None]("SHOWN_BY", default=None)


@contextmanager
def shown_by(show: ShowProgress) -> Iterator[None]:
    """In the block, `show` is called for all work."""
    before = _SHOWN_BY.set(show)
    try:
        yield
    finally:
        _SHOWN_BY.reset(before)


def show_progress(work: str, done: int, total: int | None = None) -> None:
    """Says that `done` of `total` items are ready. Cheap if nobody shows it."""
    if show := _SHOWN_BY.get():
        show(work, done, total)


def with_progress(work: str, items: Iterable[Item], total: int) -> Iterator[Item]:
    """The items; shows how many of them were asked for."""
    for number, item in enumerate(items, start=1):
        show_progress(work, number, total)
        yield item
