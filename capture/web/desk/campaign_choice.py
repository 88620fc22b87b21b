"""The campaigns of a page with figures: those of the client and the campaign in its address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import request

from capture.campaign.model import Campaign
from capture.documents.agreement.model import visible_text
from capture.kpi.gathering import campaigns_in
from capture.ledger.protocol import ReadTransaction
from capture.web.services import services

_LONGEST: Final = 200
"""Most characters of a filter that the page repeats."""


@dataclass(frozen=True, slots=True)
class CampaignChoice:
    """The chosen campaigns, and the choices of the filters."""

    client: str
    """Empty: all clients."""
    campaign: str
    """Empty: all campaigns of the client."""
    campaigns: Sequence[Campaign]
    """Sorted by slug; empty if none has this client and this name."""
    clients: Sequence[str]
    titles: Mapping[str, str]
    """The title of each campaign of the client, by slug."""

    @property
    def is_filtered(self) -> bool:
        """Whether not all campaigns are chosen."""
        return bool(self.client or self.campaign)

    @property
    def parts(self) -> dict[str, str]:
        """The filters that are set, as parts of an address."""
        parts = {"client": self.client, "campaign": self.campaign}
        return {name: text for name, text in parts.items() if text}

    @property
    def query(self) -> str:
        """The same, to follow another part of an address."""
        return f"&{urlencode(self.parts)}" if self.is_filtered else ""

    @property
    def versions(self) -> tuple[tuple[str, str], ...]:
        """Names the chosen campaigns for a cache."""
        return tuple((campaign.slug, campaign.version) for campaign in self.campaigns)


def chosen_campaigns(reading: ReadTransaction) -> CampaignChoice:
    """The campaigns that the address of this request names; all if it names none."""
    client, slug = (request.args.get(name, "")[:_LONGEST] for name in ("client", "campaign"))
    every = campaigns_in(reading, services().catalogue.current(), None, None)
    of_client = [campaign for campaign in every if client in {"", campaign.client}]
    return CampaignChoice(
        client,
        slug,
        [campaign for campaign in of_client if slug in {"", campaign.slug}],
        clients=sorted({campaign.client for campaign in every}),
        titles={campaign.slug: visible_text(campaign.title) for campaign in of_client},
    )
