"""What the web part is given by whoever starts it."""

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from capture.errors import Unavailable
from capture.site import Site

MAX_BODY: Final = 64 * 1024
"""Bytes of a request's body; more is refused."""


@dataclass(frozen=True)
class WebConfig:
    """All that the service needs to know; no setting is read anywhere else."""

    database_url: str
    secret_key: bytes
    duplicate_key: bytes
    campaigns: Path
    clients: Path
    gated: Path
    templates: Path
    site_facts: Path
    """The `site.json` that the last build wrote."""
    counters: Path
    """A small database in which all processes count posts; may be lost at any time."""
    site_origin: str
    capture_url: str = ""
    trusted_proxies: int = 0
    rate_limit: str = "10 per minute"
    api_rate_limit: str = "120 per minute"
    min_fill_seconds: float = 2.0
    link_life: timedelta = timedelta(days=7)

    @property
    def template_folder(self) -> str:
        """As Flask wants it."""
        return str(self.templates.resolve())


# What the last build said of the site; a new build is seen without a restart.


RELOAD_SECONDS: Final = 1.0

log = logging.getLogger(__name__)


class LiveSite:
    """Reads `site.json` again when a build has replaced it."""

    def __init__(self, path: Path) -> None:
        """Raises `Unavailable` if nothing was built yet."""
        self._path = path
        self._stamp = self._look()
        self._looked = time.monotonic()
        self._site = Site.read(path)

    def now(self) -> Site:
        """The facts of the last build that finished."""
        if time.monotonic() - self._looked > RELOAD_SECONDS:
            self._looked = time.monotonic()
            stamp = self._look()
            if stamp not in {self._stamp, (0, 0)}:
                self._stamp = stamp
                try:
                    self._site = Site.read(self._path)
                except Unavailable as error:
                    log.error("the last good build stays: %s", error)
        return self._site

    def _look(self) -> tuple[int, int]:
        """Also tells two builds of one moment apart: the folder may be a link to a release."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return 0, 0
        return status.st_mtime_ns, status.st_ino
