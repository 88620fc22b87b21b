"""Creates the demonstration: copies its campaign and client files, fills its ledger, adds users."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from capture.billing.statement import Agency, build_parties
from capture.campaign.catalogue import read_catalogue
from capture.demo.year import Year
from capture.errors import Refused
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.terms import save_terms
from capture.ledger.users import Role, User
from capture.users.accounts import add_user, new_link

_FILES: Final = Path(__file__).parent / "files"
_MARKER: Final = "this-is-a-demonstration"
_LETTERS_OF: Final = timedelta(days=3)
"""The last days of the year of which letters are written."""


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """The folder of the demonstration. Everything in it may be deleted."""

    path: Path

    @property
    def campaigns(self) -> Path:
        return self.path / "campaigns"

    @property
    def clients(self) -> Path:
        return self.path / "clients"

    @property
    def var(self) -> Path:
        return self.path / "var"

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.path / 'var' / 'gatepost.db'}"

    def create(self) -> None:
        """Creates the folder with campaign and client files; deletes the one of an earlier time.

        Raises `Refused` if there is a folder that this command did not create.
        """
        marker = self.path / _MARKER
        if self.path.exists() or self.path.is_symlink():
            if self.path.is_symlink() or not marker.exists():
                raise Refused(f"{self.path} exists and is no demonstration; name another folder")
            shutil.rmtree(self.path)
        self.path.mkdir(parents=True, mode=0o700)
        marker.touch()
        for name in ("campaigns", "clients"):
            shutil.copytree(_FILES / name, self.path / name)


@dataclass(frozen=True, slots=True)
class DemoUsers:
    """The users of the demonstration, each with a new one-time link."""

    agency: User
    client: User


def fill(  # noqa: PLR0913 - all that the year depends on
    folder: DemoFolder,
    duplicate_key: bytes,
    agency: Agency,
    articles: Sequence[str],
    now: datetime,
    *,
    leads: int,
    seed: int,
    report: Callable[[float], None],
) -> DemoUsers:
    """Fills the ledger with a year that ends now, and adds the users."""
    gated = folder.path / "gated"
    gated.mkdir()
    catalogue = read_catalogue(folder.campaigns, folder.clients, gated)
    campaigns = list(catalogue.campaigns.values())
    parties = {slug: build_parties(agency, client) for slug, client in catalogue.clients.items()}
    ledger = open_ledger(folder.database_url, duplicate_key)
    try:
        year = Year(campaigns, parties, articles, end=now, seed=seed)
        start = now - timedelta(days=366)
        for campaign in campaigns:
            ledger.transact(partial(save_terms, campaign=campaign, now=start))
        year.record(ledger, leads, report)
        _forget_old_messages(ledger, now - _LETTERS_OF)
        return ledger.transact(lambda records: _add_users(records, now))
    finally:
        ledger.close()


def _forget_old_messages(ledger: Ledger, before: datetime) -> None:
    """Marks earlier events as planned, so that a dispatcher writes the letters of few days."""
    last, _ = ledger.read(lambda reading: reading.events.head(before))
    ledger.transact(lambda records: records.outbox.save_last_planned_event(last))


def _add_users(records: WriteTransaction, now: datetime) -> DemoUsers:
    agency = add_user(records, "Ada Lee", Role.AGENCY, now)
    client = add_user(records, "Carol Diaz", Role.CLIENT, now, client="harbor")
    add_user(records, "Vera Novak", Role.VIEWER, now)
    return DemoUsers(new_link(records, agency), new_link(records, client))
