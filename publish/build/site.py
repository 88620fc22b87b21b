"""Builds a new site beside the old one, then swaps both. A failed build changes nothing."""

import fcntl
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from capture.errors import Refused, Unavailable
from publish.build.pelican_run import RunSummary, run_pelican, settings_from
from publish.checks.layout import PUBLISHED, published_file
from publish.checks.project import read_published
from publish.plugins.share_pictures import RELEASE

WORK_FOLDER: Final = ".build"  # beside the site; contains both sites during the swap


@dataclass(frozen=True)
class BuildResult:
    """The result of a build. `site` is the folder of the new site."""

    summary: RunSummary
    seconds: float
    site: Path
    settings: Mapping[str, Any]
    """Pelican's."""


def build(
    config: Path,
    overrides: Mapping[str, object],
    on_wait: Callable[[], None] = lambda: None,
    *,
    finish: Callable[[Path, Path], None] | None = None,
    on_replaced: Callable[[Path], None] = lambda _: None,
) -> BuildResult:
    """Builds the site with the Pelican settings file `config`, whose values `overrides` replace.

    `on_wait` is called if another build is running. With `finish`, the build is a release: it has
    share pictures, and `finish(site, cache)` adds more files (`release.finish_release`).
    `on_replaced(site)` is called when the new site is in place and no other build can change it.
    Raises `FileErrors` with every problem, `Refused` if the site would replace its own sources, or
    `Unavailable` for a disk error. Then the old site stays unchanged.
    """
    started = time.monotonic()
    settings = settings_from(config, overrides)
    site = Path(settings["OUTPUT_PATH"]).absolute()
    for source in (config, Path(settings["PATH"]), Path(settings["THEME"])):
        if source.resolve().is_relative_to(site.resolve()):
            raise Refused(
                f"OUTPUT_PATH is {site}, and a build would replace {source} in it: "
                "give it a folder of its own, such as output/www"
            )
    last_published_file = published_file(settings)  # of the last published build, not of this one
    try:
        with replace_site(site, on_wait, on_replaced) as new_site:
            build_settings = {
                PUBLISHED: str(last_published_file),
                "OUTPUT_PATH": str(new_site),
                RELEASE: bool(finish),
            }
            summary = run_pelican(settings | build_settings)
            if finish:
                finish(new_site, Path(settings["CACHE_PATH"]))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise Unavailable(f"{where}{error.strerror or error}; the old site stays") from error
    return BuildResult(summary, time.monotonic() - started, site, settings)


def is_due(config: Path, overrides: Mapping[str, object], now: datetime) -> bool:
    """Whether a post, or a change of a form, became due since the last published build.

    Reads only `published.json`, not the posts.
    """
    due = read_published(published_file(settings_from(config, overrides))).due
    return due is not None and due <= now


@contextmanager
def replace_site(
    site: Path, on_wait: Callable[[], None], on_replaced: Callable[[Path], None] = lambda _: None
) -> Iterator[Path]:
    """Yields an empty folder for the new site, which replaces `site` when the block succeeds.

    Then `on_replaced(site)` is called, while no other build runs.

    If the block raises, the old site stays. Files that the block writes beside the new folder, such
    as `site.json`, are moved beside the site. Only one build runs at a time: a second build calls
    `on_wait` and waits. Raises `OSError`.
    """
    site.parent.mkdir(parents=True, exist_ok=True)
    with _locked(site.parent / ".build.lock", on_wait):
        work_folder = site.parent / WORK_FOLDER
        shutil.rmtree(work_folder, ignore_errors=True)  # left by a killed build
        new_site = work_folder / "new" / site.name
        new_site.mkdir(parents=True)
        try:
            yield new_site
            _swap(new_site, site, work_folder / "old")
            on_replaced(site)
        finally:
            shutil.rmtree(work_folder, ignore_errors=True)


def _swap(new_site: Path, site: Path, old_site: Path) -> None:
    """Swaps by two renames. Between them there is no site for a few microseconds."""
    had_site = site.exists() or site.is_symlink()
    if had_site:
        site.rename(old_site)
    try:
        new_site.rename(site)
    except OSError:
        if had_site:
            old_site.rename(site)
        raise
    for file in new_site.parent.iterdir():
        file.replace(site.parent / file.name)


@contextmanager
def _locked(lock: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Holds an exclusive lock. The kernel releases it when the process ends."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
