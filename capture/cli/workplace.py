"""What every command of the lead service is given: where things are, and how to open them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path

import click

from capture.campaign import Campaign, Catalogue, Costs, read_all_costs, read_catalogue
from capture.cli.allowance import Allowance
from capture.figures import campaigns_in
from capture.ledger import Ledger, open_ledger
from capture.site import Site
from capture.statement import Agency, Parties, parties
from capture.tokens import TEST_LEAD_LIFE, Tokens


@dataclass(frozen=True)
class Workplace:
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
        return parties(self.agency, self.catalogue().client(campaign.client))

    def costs(self, catalogue: Catalogue) -> Mapping[str, Costs]:
        """The agency's own costs, by campaign. Raises `FileErrors` with every mistake."""
        found = catalogue.campaigns.values()
        return read_all_costs(self.campaigns, {one.slug: one.currency for one in found})

    def titles(self) -> Mapping[str, str]:
        """Titles of the site's pages by path; none before it was built."""
        return Site.read(self.site_facts).titles if self.site_facts.exists() else {}

    def tokens(self, life: timedelta = TEST_LEAD_LIFE) -> Tokens:
        """For links that a command prints."""
        return Tokens(self.secret("secret_key"), life)


pass_workplace = click.make_pass_decorator(Workplace)
