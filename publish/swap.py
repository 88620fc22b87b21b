"""Puts a new site in the place of the old one: all of it, or nothing."""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

WORKSHOP: Final = ".build"  # beside the site: the new one on its way in, the old one on its way out


@contextmanager
def replaced(site: Path, waiting: Callable[[], None]) -> Iterator[Path]:
    """Gives an empty folder to build into, and swaps it in when the block ends well.

    If the block raises, the old site stays as it is. Files that the block writes beside the new
    folder, such as `site.json`, go beside the site. One build at a time: a second one calls
    `waiting` and waits. Raises OSError.
    """
    site.parent.mkdir(parents=True, exist_ok=True)
    with _alone(site.parent / ".build.lock", waiting):
        workshop = site.parent / WORKSHOP
        shutil.rmtree(workshop, ignore_errors=True)  # what a killed build left
        fresh = workshop / "new" / site.name
        fresh.mkdir(parents=True)
        try:
            yield fresh
            _swap(fresh, site, workshop / "old")
        finally:
            shutil.rmtree(workshop, ignore_errors=True)


def _swap(fresh: Path, site: Path, old: Path) -> None:
    """Two renames: for the few microseconds between them there is no site."""
    had_site = site.exists() or site.is_symlink()
    if had_site:
        site.rename(old)
    try:
        fresh.rename(site)
    except OSError:
        if had_site:
            old.rename(site)
        raise
    for beside in fresh.parent.iterdir():
        beside.replace(site.parent / beside.name)


@contextmanager
def _alone(lock: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """The lock ends with its process, however that ends."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
