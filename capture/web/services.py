"""The services that every view uses, made once for each process, and helpers for pages."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

from flask import Flask, current_app, render_template, request

from capture.campaign.catalogue import Catalogue, Stamp, read_catalogue, stamp_of_files
from capture.campaign.client import Client
from capture.campaign.model import Campaign
from capture.errors import GatepostError, NotFound, Unavailable
from capture.ledger.protocol import Ledger, ReadTransaction, WriteTransaction
from capture.ledger.terms import save_terms, saved_campaign
from capture.signed_links import CONTACT_PREFIX, LinkSigner
from capture.site import Site
from capture.users.passphrase import HashRunner
from capture.web.config import LiveSite, WebConfig
from capture.web.rate_limit import RateLimit
from capture.web.view_counter import ViewCounter

RELOAD_SECONDS: Final = 1.0
"""Seconds between two checks for changed campaign files."""

log = logging.getLogger(__name__)


class LiveCatalogue:
    """The current campaign files. A changed file needs no restart. If a file has errors, the last
    good version of all files stays in force."""

    def __init__(self, config: WebConfig, ledger: Ledger) -> None:
        """Reads all files. Raises `FileErrors` or `Refused` if one has errors."""
        self._config = config
        self._ledger = ledger
        self._lock = threading.Lock()
        self._stamp = self._current_stamp()
        self._checked_at = time.monotonic()
        self._catalogue = self._load()

    def current(self) -> Catalogue:
        """All campaigns and clients of the last good files."""
        self._refresh_if_due(is_urgent=False)
        return self._catalogue

    def campaign(self, slug: str, form_version: str | None = None) -> Campaign:
        """The current campaign; `form_version` is the version of the form that a visitor sent.

        An unknown slug or version causes an immediate check, because its page may have been
        published within the last second. Raises `NotFound`.
        """
        known = self._catalogue.campaigns.get(slug)
        self._refresh_if_due(known is None or form_version not in {None, known.version})
        return self._catalogue.campaign(slug)

    def client(self, slug: str) -> Client:
        """The current record of a client. Raises `NotFound`."""
        self._refresh_if_due(is_urgent=False)
        return self._catalogue.client(slug)

    def clients(self) -> Mapping[str, Client]:
        """The current records of all clients by slug."""
        self._refresh_if_due(is_urgent=False)
        return self._catalogue.clients

    def _refresh_if_due(self, is_urgent: bool) -> None:
        is_due = is_urgent or time.monotonic() - self._checked_at > RELOAD_SECONDS
        if is_due and self._lock.acquire(blocking=False):  # one thread checks; no other waits
            try:
                self._refresh()
            finally:
                self._lock.release()

    def _refresh(self) -> None:
        self._checked_at = time.monotonic()
        stamp = self._current_stamp()
        if stamp == self._stamp:
            return
        try:
            self._catalogue = self._load()
        except GatepostError as error:
            log.error("campaign files not loaded, the last good ones stay in force: %s", error)
            if isinstance(error, Unavailable):  # the files are not the cause: try again soon
                return
        self._stamp = stamp

    def _load(self) -> Catalogue:
        config, now = self._config, datetime.now(UTC)
        catalogue = read_catalogue(config.campaigns, config.clients, config.gated)

        def save_all(records: WriteTransaction) -> None:
            for campaign in catalogue.campaigns.values():
                save_terms(records, campaign, now)

        self._ledger.transact(save_all)
        return catalogue

    def _current_stamp(self) -> Stamp:
        return stamp_of_files(self._config.campaigns, self._config.clients)


EXTENSION = "gatepost"
"""The key of the services in `Flask.extensions`."""


@dataclass(frozen=True)
class Services:
    """The parts of one running service. `create_app` makes them, `services()` returns them."""

    config: WebConfig
    ledger: Ledger
    catalogue: LiveCatalogue
    link_signer: LinkSigner
    rate_limit: RateLimit
    api_limit: RateLimit
    view_limit: RateLimit
    views: ViewCounter
    site: LiveSite
    run_later: Callable[[Callable[[], None]], object]
    """Runs a function that no answer waits for. The function raises nothing."""
    run_hash: HashRunner
    """Runs what hashes a passphrase."""


def run_now(task: Callable[[], None]) -> None:
    """The `run_later` of an app without a server: runs the function before it returns."""
    task()


def install_services(app: Flask, app_services: Services) -> None:
    """Stores the services in their app."""
    app.extensions[EXTENSION] = app_services


def services() -> Services:
    """The services of the app that handles this request."""
    return cast("Services", current_app.extensions[EXTENSION])


def campaign_title(slug: str) -> str:
    """The title of a campaign; the last title in the ledger if the campaign's file was removed."""
    service = services()

    def newest_title(reading: ReadTransaction) -> str:
        *_, version = reading.campaigns.versions(slug, datetime.now(UTC)) or [""]
        return saved_campaign(reading, slug, version).title

    try:
        return service.catalogue.campaign(slug).title
    except NotFound:
        pass
    try:
        return service.ledger.read(newest_title)
    except NotFound:  # a link from before the ledger was replaced
        return slug


def page_template(template: str, **context: object) -> str:
    """A page from a template of the site's theme."""
    site: Site = services().site.current()
    return render_template(template, site=site, **context)


def site_url(path: str) -> str:
    """The URL of a page of the site, which may have another host than this service."""
    return f"{services().site.current().url}{path}"


def message_page(
    title: str, text: str, *, link_url: str = "", link_text: str = "To the start"
) -> str:
    """A page with a short message and one link, by default to the home page.

    A page behind a contact's link has a frame without the site's script, which would store the
    page's path and so the token.
    """
    is_review = request.path.startswith(f"{CONTACT_PREFIX}/")
    return page_template(
        "review/message.html" if is_review else "message.html",
        title=title,
        text=text,
        link_url=link_url or site_url("/"),
        link_text=link_text,
    )
