"""The campaigns as they stand in their folder now: looked at again, at most once a second."""

import logging
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from capture.campaign import Campaign, Catalogue, read_catalogue
from capture.errors import GatepostError, Unavailable
from capture.ledger import Ledger, Records
from capture.terms import keep_terms
from capture.web.config import WebConfig

LOOK_AGAIN_SECONDS: Final = 1.0

log = logging.getLogger(__name__)

Stamp = tuple[tuple[str, int, int, int], ...]


class LiveCatalogue:
    """Takes up a changed campaign file without a restart; a faulty one leaves the last good."""

    def __init__(self, config: WebConfig, ledger: Ledger) -> None:
        """Reads all files. Raises `FileErrors` or `Refused`: never starts on bad terms."""
        self._config = config
        self._ledger = ledger
        self._lock = threading.Lock()
        self._stamp = self._look()
        self._looked = time.monotonic()
        self._catalogue = self._load()

    def campaign(self, slug: str, shown: str | None = None) -> Campaign:
        """The campaign as it stands; `shown` is the version of the form that somebody sends.

        Looks again at once for what is not known yet: a page that was published this very second
        may carry it. Raises `NotFound`.
        """
        known = self._catalogue.campaigns.get(slug)
        due = time.monotonic() - self._looked > LOOK_AGAIN_SECONDS
        due = due or known is None or shown not in {None, known.version}
        if due and self._lock.acquire(blocking=False):  # one looks, nobody waits for it
            try:
                self._refresh()
            finally:
                self._lock.release()
        return self._catalogue.campaign(slug)

    def _refresh(self) -> None:
        self._looked = time.monotonic()
        stamp = self._look()
        if stamp == self._stamp:
            return
        try:
            self._catalogue = self._load()
        except GatepostError as error:
            log.error("campaign files are not taken up, the last good ones stay: %s", error)
            if isinstance(error, Unavailable):  # no fault of the files: try again soon
                return
        self._stamp = stamp

    def _load(self) -> Catalogue:
        config, now = self._config, datetime.now(UTC)
        catalogue = read_catalogue(config.campaigns, config.clients, config.gated)

        def keep(records: Records) -> None:
            for campaign in catalogue.campaigns.values():
                keep_terms(records, campaign, now)

        self._ledger.transact(keep)
        return catalogue

    def _look(self) -> Stamp:
        folders = (self._config.campaigns, self._config.clients)
        return tuple(_stamp(path) for folder in folders for path in sorted(folder.glob("*.toml")))


def _stamp(path: Path) -> tuple[str, int, int, int]:
    """Also tells two releases apart whose files are of one age: the folder may be a link."""
    try:
        status = path.stat()
    except FileNotFoundError:  # renamed or removed while we looked
        return str(path), 0, 0, 0
    return str(path), status.st_mtime_ns, status.st_size, status.st_ino
