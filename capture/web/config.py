"""The configuration of the lead service, and the facts of the built site."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from capture.billing.statement import Agency, Party
from capture.errors import Unavailable
from capture.site import Site

MAX_BODY: Final = 64 * 1024
"""Most bytes of a request's body, except of an upload; a longer body is refused."""

DESK_PATH: Final = "/desk"
"""Where the desk is mounted."""

MAX_UPLOAD: Final = 1024 * 1024
"""Most bytes of the body of a request to one of `UPLOADS`."""
UPLOADS: Final = frozenset({f"{DESK_PATH}/payments/import", f"{DESK_PATH}/payments/record"})
"""The paths to which a user of the desk sends a file."""


def max_body(path: str) -> int:
    """Most bytes of the body of a request to a path."""
    return MAX_UPLOAD if path in UPLOADS else MAX_BODY


def do_not_start() -> None:
    """The `start_jobs` of a desk without processes: the work waits for the command."""


@dataclass(frozen=True, slots=True)
class DeskConfig:
    """What the desk needs beside the configuration of the service."""

    agency: str = ""
    """The agency's name."""
    logo: Path | None = None
    """The agency's picture, an SVG or PNG file."""
    url: str = ""
    """The desk's own origin, such as `https://desk.agency.example`; empty: that of the service."""
    supplier: Agency = field(default_factory=lambda: Agency(Party("")))
    """The agency with its address and bank, as statements name it. No month closes without them."""
    start_jobs: Callable[[], None] = do_not_start
    """Starts a process that does the long work that waits, and does not wait for it."""

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the desk through TLS."""
        return self.url.startswith("https:")


@dataclass(frozen=True)
class WebConfig:
    """Everything that the service needs to know. It reads no setting elsewhere."""

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
    """A small database in which all processes count posts. Losing it does no harm."""
    jobs: Path
    """The folder of the desk's long work."""
    site_origin: str
    capture_url: str = ""
    trusted_proxies: int = 0
    rate_limit: str = "10 per minute"
    api_rate_limit: str = "120 per minute"
    min_fill_seconds: float = 2.0
    link_life: timedelta = timedelta(days=7)
    desk: DeskConfig | None = None
    """The desk of this process; None if it has none."""

    @property
    def template_folder(self) -> str:
        """The absolute path of the templates, for Flask."""
        return str(self.templates.resolve())


RELOAD_SECONDS: Final = 1.0
"""Seconds between two checks for a new build."""

log = logging.getLogger(__name__)


class LiveSite:
    """The facts of the last build, from `site.json`. A new build needs no restart."""

    def __init__(self, path: Path) -> None:
        """Raises `Unavailable` if the site was not built yet."""
        self._path = path
        self._stamp = self._current_stamp()
        self._checked_at = time.monotonic()
        self._site = Site.read(path)

    def current(self) -> Site:
        """The facts of the last finished build."""
        if time.monotonic() - self._checked_at > RELOAD_SECONDS:
            self._checked_at = time.monotonic()
            stamp = self._current_stamp()
            if stamp not in {self._stamp, (0, 0)}:
                self._stamp = stamp
                try:
                    self._site = Site.read(self._path)
                except Unavailable as error:
                    log.error("the last good build stays in use: %s", error)
        return self._site

    def _current_stamp(self) -> tuple[int, int]:
        """Modification time and inode. The folder may be a link to a release, and two releases may
        have files of the same time."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return 0, 0
        return status.st_mtime_ns, status.st_ino
