"""The context of every command of the lead service: settings, ledger, campaigns, secrets."""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path

import click

from capture.billing.journal import AccountCodes
from capture.billing.statement import Agency, Parties, build_parties
from capture.campaign.catalogue import (
    Catalogue,
    Costs,
    ReadFiles,
    read_all_costs,
    read_all_files,
    read_catalogue,
)
from capture.campaign.model import Campaign
from capture.documents.journal_export import DatevSettings
from capture.errors import Unavailable
from capture.kpi.gathering import campaigns_in
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.privacy.retention import RetentionPeriods
from capture.signed_links import TEST_LEAD_LIFE, LinkSigner
from capture.site import Site
from capture.users.looks import record_look


@dataclass(frozen=True, slots=True)
class Allowance:
    """A limit of uses per UTC day. A file of the service's user holds the count."""

    file: Path
    times: int

    def take(self, now: datetime) -> bool:
        """Counts one use, durable on disk before it returns. False if none is left.

        Raises `Unavailable` if the file cannot be written.
        """
        today = now.date()
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                day, used = _read_usage(file.read(), today, self.times)
                if used >= self.times:
                    return False
                file.seek(0)
                # The width is fixed, so the new line overwrites the old one completely.
                file.write(f"{day} {used + 1:09}\n")
                file.flush()
                os.fsync(handle)
        except OSError as error:
            raise Unavailable(f"{self.file}: {error.strerror}") from None
        return True


def _read_usage(text: str, today: date, times: int) -> tuple[date, int]:
    """The day that counts, and the uses on it.

    Setting the clock back gives no new uses. If the file is damaged, no use is left.
    """
    if not text:
        return today, 0
    try:
        day, used = text.split()
        then, count = date.fromisoformat(day), int(used)
    except ValueError:
        return today, times
    return (today, 0) if then < today else (then, count)


@dataclass(frozen=True)
class CommandContext:
    """Created by the `gatepost` command from the settings, so that no command reads settings."""

    database_url: str
    campaigns: Path
    clients: Path
    gated: Path
    templates: Path
    """The theme's templates; letters are in the folder `letters`."""
    site_facts: Path
    """The JSON file with facts of the last build."""
    month_ends: Path
    """The folder for the files of each month's end, in a folder for each month."""
    service_url: str
    """The public address of the lead service, without a trailing slash."""
    site_url: str
    """The public address of the site, without a trailing slash."""
    desk_url: str
    """The address of the desk, without a trailing slash."""
    link_life: timedelta
    """How long a visitor's download link works."""
    mail_from: str
    """The address that letters come from."""
    smtp_url: str = field(repr=False)
    """The mail server; empty: letters are files in `mail_folder`."""
    mail_folder: Path
    counters: Path
    """The file of the service's rate limits."""
    jobs: Path
    """The folder of the desk's long work."""
    retention: RetentionPeriods
    """How long personal data is kept."""
    checks_mail_domains: bool
    """Whether the dispatcher looks up e-mail domains and quarantines leads without mail."""
    dns_server: tuple[str, int] | None
    """IP address and port of the DNS server for look-ups; None: those of the machine."""
    secret: Callable[[str], bytes]
    """Returns the secret `secret_key`, `duplicate_key` or `webhook_key`."""
    agency: Agency
    """The agency, as agreements and statements name it."""
    accounts: AccountCodes
    """The account codes of the agency's books; those of single clients are in their files."""
    datev: DatevSettings
    webhook_loopback: bool
    """For tests only: webhooks may call this machine."""
    push_backtests: Allowance
    """Daily limit of answers about a draft's effect on past leads (rule 40 of docs/rules.md)."""

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """Opens the ledger, and closes it at the end of the block."""
        ledger = open_ledger(self.database_url, self.secret("duplicate_key"))
        try:
            yield ledger
        finally:
            ledger.close()

    def catalogue(self) -> Catalogue:
        """All campaigns and clients, read once. Raises `FileErrors` with all errors."""
        return self._catalogue

    @cached_property
    def _catalogue(self) -> Catalogue:
        return read_catalogue(self.campaigns, self.clients, self.gated)

    def read_files(self) -> ReadFiles:
        """All campaigns and clients, for a command that goes on when a file has a mistake."""
        return read_all_files(self.campaigns, self.clients, self.gated)

    def campaign(self, slug: str) -> Campaign:
        """One campaign. Raises `NotFound`, naming near spellings."""
        return self.catalogue().campaign(slug)

    def campaign_in(self, ledger: Ledger, slug: str) -> Campaign:
        """One campaign; if its file is gone, the version of its first lead (rule 18).

        Raises `NotFound`, naming near spellings.
        """
        catalogue = self.catalogue()
        return ledger.read(lambda reading: campaigns_in(reading, catalogue, slug, None))[0]

    def all_campaigns(self, ledger: Ledger) -> list[Campaign]:
        """Every campaign with a file or with leads, sorted by slug."""
        catalogue = self.catalogue()
        return ledger.read(lambda reading: campaigns_in(reading, catalogue, None, None))

    def parties(self, client: str) -> Parties:
        """Agency and client, as statements name them. Raises `NotFound`, naming near spellings."""
        return build_parties(self.agency, self.catalogue().client(client))

    def costs(self, catalogue: Catalogue) -> Mapping[str, Costs]:
        """The agency's own costs by campaign. Raises `FileErrors` with all errors."""
        campaigns = catalogue.campaigns.values()
        currencies = {campaign.slug: campaign.currency for campaign in campaigns}
        return read_all_costs(self.campaigns, currencies)

    def titles(self) -> Mapping[str, str]:
        """Titles of the site's pages by path; empty before the first build."""
        return Site.read(self.site_facts).titles if self.site_facts.exists() else {}

    def log_look(
        self, ledger: Ledger, by: str, page: str, lead_ids: Iterable[str], now: datetime
    ) -> None:
        """Records in the access log that a person looks at personal data with a command."""
        who, ids = f"{by.strip()}, at the command line", list(lead_ids)
        if ids:
            ledger.transact(lambda records: record_look(records, who, page, ids, now))

    def link_signer(self, lifetime: timedelta = TEST_LEAD_LIFE) -> LinkSigner:
        """Signs the links that commands print."""
        return LinkSigner(self.secret("secret_key"), lifetime)


pass_context = click.make_pass_decorator(CommandContext)
