"""A progress bar on stderr, only where a person sits before a terminal."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Item = TypeVar("Item")


@contextmanager
def watched(items: Iterable[Item], total: int, what: str) -> Iterator[Iterable[Item]]:
    """The same items, with a bar that shows how many of the total were taken; it goes at the end.

    Without a terminal the items come as they are, at no cost.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield items
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        yield progress.track(items, total=total, description=what)
