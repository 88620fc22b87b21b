"""Builds the site. A failed build changes nothing."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from capture.errors import Refused
from publish.build.incremental import FINISH, ON_REPLACED, ON_WAIT
from publish.build.pelican_run import RunSummary, run_pelican, settings_from
from publish.build.site_folder import SiteFolder
from publish.checks.layout import published_file
from publish.checks.project import read_published
from publish.plugins.project_settings import RELEASE


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
    finish: Callable[[SiteFolder, Path], None] | None = None,
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
    build_settings: dict[str, object] = {
        RELEASE: bool(finish),
        ON_WAIT: on_wait,
        ON_REPLACED: on_replaced,
    }
    if finish:
        build_settings[FINISH] = finish
    summary = run_pelican(settings | build_settings)
    return BuildResult(summary, time.monotonic() - started, site, settings)


def is_due(config: Path, overrides: Mapping[str, object], now: datetime) -> bool:
    """Whether a post, or a change of a form, became due since the last published build.

    Reads only `published.json`, not the posts.
    """
    due = read_published(published_file(settings_from(config, overrides))).due
    return due is not None and due <= now
