"""Builds the site beside the old one, then swaps it in; the swap is all or nothing."""

import fcntl
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from capture.errors import Refused, Unavailable
from publish.build.pelican_run import RunSummary, run_pelican, settings_from
from publish.checks.layout import PUBLISHED, published_of
from publish.checks.project import read_published
from publish.plugins.share_pictures import RELEASE

WORK_FOLDER: Final = ".build"  # beside the site: holds the new and the old one during the swap


@contextmanager
def replace_site(site: Path, waiting: Callable[[], None]) -> Iterator[Path]:
    """Yields an empty folder to build into, and swaps it in when the block succeeds.

    If the block raises, the old site stays. Files that the block writes beside the new folder, such
    as `site.json`, go beside the site. Only one build runs at a time: a second one calls `waiting`
    and waits. Raises OSError.
    """
    site.parent.mkdir(parents=True, exist_ok=True)
    with _locked(site.parent / ".build.lock", waiting):
        workshop = site.parent / WORK_FOLDER
        shutil.rmtree(workshop, ignore_errors=True)  # left by a killed build
        fresh = workshop / "new" / site.name
        fresh.mkdir(parents=True)
        try:
            yield fresh
            _swap(fresh, site, workshop / "old")
        finally:
            shutil.rmtree(workshop, ignore_errors=True)


def _swap(fresh: Path, site: Path, old: Path) -> None:
    """Swaps by two renames: for a few microseconds between them there is no site."""
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
def _locked(lock: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Holds a lock that the kernel releases when the process ends."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class BuildResult:
    """The result of a build; `site` is the folder of the new site."""

    summary: RunSummary
    seconds: float
    site: Path


def build(
    config: Path,
    overrides: Mapping[str, object],
    waiting: Callable[[], None] = lambda: None,
    *,
    finish: Callable[[Path, Path], None] | None = None,
) -> BuildResult:
    """Builds with a Pelican settings file; `overrides` win over it.

    `waiting` is called if another build is running. `finish` (`publish.build.release.finish`) makes
    a release: it adds share pictures, search and compressed files. Raises `FileErrors` with every
    problem, `Refused` if the site would replace its own sources, or `Unavailable` for an error of
    the disk; then the old site stays as it was.
    """
    started = time.monotonic()
    settings = settings_from(config, overrides)
    site = Path(settings["OUTPUT_PATH"]).absolute()
    for source in (config, Path(settings["PATH"]), Path(settings["THEME"])):
        if source.resolve().is_relative_to(site.resolve()):
            raise Refused(
                f"OUTPUT_PATH is {site}, and a build replaces all of it, {source} too: "
                "give it a folder of its own, such as output/www"
            )
    kept = published_of(settings)  # from the last published build, not from this one
    try:
        with replace_site(site, waiting) as fresh:
            ours = {PUBLISHED: str(kept), "OUTPUT_PATH": str(fresh), RELEASE: bool(finish)}
            summary = run_pelican(settings | ours)
            if finish:
                finish(fresh, Path(settings["CACHE_PATH"]))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise Unavailable(f"{where}{error.strerror or error}; the old site stays") from error
    return BuildResult(summary, time.monotonic() - started, site)


def is_due(config: Path, overrides: Mapping[str, object], now: datetime) -> bool:
    """Whether a post or a form's date became due since the last published build.

    Reads only `published.json`, not the posts.
    """
    due = read_published(published_of(settings_from(config, overrides))).due
    return due is not None and due <= now
