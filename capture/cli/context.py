"""What every command of the lead service is given: where things are, and how to open them."""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path

import click

from capture.billing.statement import Agency, Parties, build_parties
from capture.campaign.catalogue import Catalogue, Costs, read_all_costs, read_catalogue
from capture.campaign.model import Campaign
from capture.errors import Unavailable
from capture.kpi.gathering import campaigns_in
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.signed_links import TEST_LEAD_LIFE, Tokens
from capture.site import Site

# How often a day something may be asked, counted in a file of the service's user.


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many times between two midnights, UTC."""

    file: Path
    times: int

    def take(self, now: datetime) -> bool:
        """Uses one up, durable before anything is answered; False if none is left.

        Raises `Unavailable`.
        """
        today = now.date()
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                day, used = _read(file.read(), today, self.times)
                if used >= self.times:
                    return False
                file.seek(0)
                file.write(f"{day} {used + 1:09}\n")  # always as long: no rest of an older line
                file.flush()
                os.fsync(handle)
        except OSError as error:
            raise Unavailable(f"{self.file}: {error.strerror}") from None
        return True


def _read(text: str, today: date, times: int) -> tuple[date, int]:
    """The day that counts and what was used of it. A clock that was set back gains nothing, and
    of a file that nobody can read all is used."""
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
    """Made by the `gatepost` command from the settings; no command reads a setting itself."""

    database_url: str
    campaigns: Path
    clients: Path
    gated: Path
    site_facts: Path
    """What the last build says of the site."""
    service_url: str
    """Where visitors reach the lead service, without a trailing slash."""
    secret: Callable[[str], bytes]
    """A secret by its name: `secret_key` or `duplicate_key`."""
    agency: Agency
    """Who we are, as agreements and statements name us."""
    push_backtests: Allowance
    """How often a pusher may see what a campaign file would change (rule 40)."""

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The ledger, closed again afterwards."""
        ledger = open_ledger(self.database_url, self.secret("duplicate_key"))
        try:
            yield ledger
        finally:
            ledger.close()

    def catalogue(self) -> Catalogue:
        """All campaigns and clients, read once. Raises `FileErrors` with every mistake."""
        return self._catalogue

    @cached_property
    def _catalogue(self) -> Catalogue:
        return read_catalogue(self.campaigns, self.clients, self.gated)

    def campaign(self, slug: str) -> Campaign:
        """One campaign. Raises `NotFound`, naming near spellings."""
        return self.catalogue().campaign(slug)

    def campaign_in(self, ledger: Ledger, slug: str) -> Campaign:
        """One campaign; one whose file is gone as its first lead met it (rule 18).

        Raises `NotFound`, naming near spellings.
        """
        catalogue = self.catalogue()
        return ledger.read(lambda reading: campaigns_in(reading, catalogue, slug, None))[0]

    def parties(self, campaign: Campaign) -> Parties:
        """Who bills whom for a campaign."""
        return build_parties(self.agency, self.catalogue().client(campaign.client))

    def costs(self, catalogue: Catalogue) -> Mapping[str, Costs]:
        """The agency's own costs, by campaign. Raises `FileErrors` with every mistake."""
        found = catalogue.campaigns.values()
        return read_all_costs(self.campaigns, {one.slug: one.currency for one in found})

    def titles(self) -> Mapping[str, str]:
        """Titles of the site's pages by path; none before it was built."""
        return Site.read(self.site_facts).titles if self.site_facts.exists() else {}

    def link_signer(self, history: timedelta = TEST_LEAD_LIFE) -> Tokens:
        """For links that a command prints."""
        return Tokens(self.secret("secret_key"), history)


pass_context = click.make_pass_decorator(CommandContext)
