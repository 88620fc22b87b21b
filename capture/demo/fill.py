"""Creates the demonstration: copies its campaign and client files, fills its ledger, adds users."""

import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from capture.billing.statement import Agency, build_parties
from capture.delivery.context import DeliveryContext
from capture.delivery.current_files import CurrentFiles
from capture.demo.messages import Messages
from capture.demo.page_views import page_views
from capture.demo.terms import lower_cap, read_terms
from capture.demo.year import LAST_DAYS, Year
from capture.errors import Refused
from capture.ledger import open_ledger
from capture.ledger.administration import BY_GATEPOST
from capture.ledger.protocol import WriteTransaction
from capture.ledger.users import Role, User
from capture.signed_links import LinkSigner
from capture.users.accounts import LINK_LIFE, add_user, new_link

_FILES: Final = Path(__file__).parent / "files"
_MARKER: Final = "this-is-a-demonstration"


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
class DemoKeys:
    """The keys of the demonstration."""

    duplicate_key: bytes = field(repr=False)
    secret_key: bytes = field(repr=False)
    webhook_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DemoUsers:
    """The users of the demonstration, each with a new one-time link."""

    agency: User
    client: User


def fill(  # noqa: PLR0913 - all that the year depends on
    folder: DemoFolder,
    keys: DemoKeys,
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
    terms = read_terms(folder.campaigns, folder.clients, gated, now)
    files = CurrentFiles(folder.campaigns, folder.clients, gated)
    clients = files().clients
    parties = {slug: build_parties(agency, client) for slug, client in clients.items()}
    ledger = open_ledger(folder.database_url, keys.duplicate_key)
    chance = random.Random(seed)  # noqa: S311 - no secret
    context = DeliveryContext(
        ledger=ledger,
        catalogue=files,
        link_signer=LinkSigner(keys.secret_key, LINK_LIFE),
        service_url="",
        site_url="",
        desk_url="",
        agency=agency,
        templates=folder.path,
        gated=gated,
        webhook_key=keys.webhook_key,
    )
    try:
        year = Year(terms, parties, articles, end=now, seed=seed)
        year.record(ledger, leads, report)
        views = list(page_views(chance, articles, terms.first, now.astimezone(UTC).date(), leads))
        ledger.transact(lambda records: records.page_views.add(views))
        messages = Messages(context, chance, now)
        messages.begin(now - LAST_DAYS)
        year.record_last_days(ledger, messages.deliver)
        lower_cap(ledger, folder.campaigns, now)
        report(1)
        return ledger.transact(lambda records: _add_users(records, now))
    finally:
        ledger.close()


def _add_users(records: WriteTransaction, now: datetime) -> DemoUsers:
    agency = add_user(records, "Ada Lee", Role.AGENCY, now, by=BY_GATEPOST)
    client = add_user(records, "Carol Diaz", Role.CLIENT, now, client="harbor", by=BY_GATEPOST)
    add_user(records, "Vera Novak", Role.VIEWER, now, by=BY_GATEPOST)
    return DemoUsers(
        new_link(records, agency, now, by=BY_GATEPOST),
        new_link(records, client, now, by=BY_GATEPOST),
    )
