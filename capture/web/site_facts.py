"""What the last build said of the site; a new build is seen without a restart."""

import logging
import time
from pathlib import Path
from typing import Final

from capture.errors import Unavailable
from capture.site import Site

LOOK_AGAIN_SECONDS: Final = 1.0

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
        if time.monotonic() - self._looked > LOOK_AGAIN_SECONDS:
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
