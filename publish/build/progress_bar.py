"""A bar in the terminal that shows how far a build is.

It appears if the build takes longer than a second, and disappears at the end. Nobody sees it in a
pipe, in a git hook or in a continuous integration.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from publish.progress import shown_by

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_DELAY: Final = 1.0
"""Seconds without a bar."""
_INTERVAL: Final = 0.1
"""Seconds between two pictures of the bar."""
_NOBODY_LOOKS: Final = ("CI", "GIT_EXEC_PATH")
"""Variables of the environment that continuous integrations set, and git for its hooks."""


@contextmanager
def progress_bar() -> Iterator[None]:
    """Shows the progress of the block on standard error, if that is a terminal."""
    with ExitStack() as stack:
        if _is_seen():
            stack.enter_context(shown_by(_Bar(stack).show))
        yield


def _is_seen() -> bool:
    is_terminal = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return is_terminal and not any(map(os.environ.get, _NOBODY_LOOKS))


class _Bar:
    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._started = self._shown = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._work = ""

    def show(self, work: str, done: int, total: int | None = None) -> None:
        """A `ShowProgress`."""
        now = time.monotonic()
        if now < self._started + _DELAY or (work == self._work and now < self._shown + _INTERVAL):
            return
        if self._bar is None:
            self._bar = self._stack.enter_context(_new_bar())
        if work != self._work:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(work, total=total, count="")
        assert self._task is not None  # noqa: S101 - made for the first work
        count = f"{done:,}" if total is None else f"{done:,} of {total:,}"
        self._bar.update(self._task, completed=done, total=total, count=count, refresh=True)
        self._shown, self._work = now, work


def _new_bar() -> "Progress":
    from rich import progress  # noqa: PLC0415 - it takes 50 ms
    from rich.console import Console  # noqa: PLC0415

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TextColumn("{task.fields[count]}"),
    )
    # Without a thread that draws it: the build forks children.
    return progress.Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
    )
