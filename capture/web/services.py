"""What every view shares: the parts of one running service, made once per process."""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

from flask import Flask, current_app, render_template

from capture.campaign.catalogue import Catalogue, read_catalogue
from capture.campaign.model import Campaign
from capture.errors import GatepostError, Unavailable
from capture.ledger.protocol import Ledger, Records
from capture.ledger.terms import save_terms
from capture.signed_links import Tokens
from capture.site import Site
from capture.web.config import LiveSite, WebConfig
from capture.web.rate_limit import RateLimit

# The campaigns as they stand in their folder now: looked at again, at most once a second.


RELOAD_SECONDS: Final = 1.0

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
        due = time.monotonic() - self._looked > RELOAD_SECONDS
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
                save_terms(records, campaign, now)

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


EXTENSION = "gatepost"


@dataclass(frozen=True)
class Services:
    """Made by `create_app`, found again by `parts()`."""

    config: WebConfig
    ledger: Ledger
    catalogue: LiveCatalogue
    tokens: Tokens
    rate_limit: RateLimit
    api_limit: RateLimit
    site: LiveSite


def install_services(app: Flask, created: Services) -> None:
    """Keeps the parts with their app."""
    app.extensions[EXTENSION] = created


def services() -> Services:
    """The parts of the app that handles this request."""
    return cast("Services", current_app.extensions[EXTENSION])


def page_template(template: str, **context: object) -> str:
    """A page in the site's own look."""
    site: Site = services().site.now()
    return render_template(template, site=site, **context)


def site_url(path: str) -> str:
    """The address of one of the site's own pages, which may live on another host than we do."""
    return f"{services().site.now().url}{path}"


def message_page(
    title: str, text: str, *, link_url: str = "", link_text: str = "To the start"
) -> str:
    """The page for every answer that is neither a form nor thanks; by default it leads home."""
    link_url = link_url or site_url("/")
    return page_template(
        "message.html", title=title, text=text, link_url=link_url, link_text=link_text
    )
