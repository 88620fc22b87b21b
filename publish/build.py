"""Builds the site: reads everything, writes a whole new site beside the old one, swaps it in."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from capture.errors import Refused, Unavailable
from publish.pelican_run import Outcome, run, settings_from
from publish.share import RELEASE
from publish.swap import replaced
from publish.writing.layout import PUBLISHED, published_of


@dataclass(frozen=True)
class Built:
    """A site that was published."""

    outcome: Outcome
    seconds: float
    site: Path


def build(
    config: Path,
    given: Mapping[str, object],
    waiting: Callable[[], None] = lambda: None,
    *,
    finish: Callable[[Path, Path], None] | None = None,
) -> Built:
    """Builds by a Pelican settings file; `given` wins over it. The old site stays until the end.

    `waiting` is called if another build is at work. `finish`, which is `publish.release.finish`,
    makes a release: share pictures, search and compressed files, which a preview does without.
    Raises `FileErrors` with every problem found, `Refused` if the site would replace its own
    sources, or `Unavailable` when the disk refuses; then the old site is as it was.
    """
    started = time.monotonic()
    settings = settings_from(config, given)
    site = Path(settings["OUTPUT_PATH"]).absolute()
    for source in (config, Path(settings["PATH"]), Path(settings["THEME"])):
        if source.resolve().is_relative_to(site.resolve()):
            raise Refused(
                f"OUTPUT_PATH is {site}, and a build replaces all of it, {source} too: "
                "give it a folder of its own, such as output/www"
            )
    kept = published_of(settings)  # what the last published build left, not this one
    try:
        with replaced(site, waiting) as fresh:
            ours = {PUBLISHED: str(kept), "OUTPUT_PATH": str(fresh), RELEASE: bool(finish)}
            outcome = run(settings | ours)
            if finish:
                finish(fresh, Path(settings["CACHE_PATH"]))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise Unavailable(f"{where}{error.strerror or error}; the old site stays") from error
    return Built(outcome, time.monotonic() - started, site)
