"""A campaign's leads as its events tell of them: the one reading that every drawing starts from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from capture.billing import PAYING
from capture.campaign import Campaign
from capture.lead import Event, Kind, Lead, follow
from capture.ledger import Reading, Recorded
from capture.money import to_minor
from capture.terms import kept_campaign

_JUDGED = frozenset({Kind.QUALIFIED, Kind.DISQUALIFIED})


@dataclass(frozen=True, slots=True)
class History:
    """Where each lead stands after some events, and what else a bill needs of them."""

    leads: Mapping[str, Lead]
    paying: Mapping[str, Sequence[Event]]
    """By lead: its events of the kinds that may pay."""
    verdicts: Mapping[str, Mapping[str, Any]]
    """By lead: the verdict as the event holds it, each criterion with its rule in words."""
    terms: Mapping[str, Campaign]
    """By version, in the order of first use: the campaign as it stood (rule 16)."""

    def money_cap(self, lead_ids: Iterable[str]) -> int | None:
        """The cap on a month's bill for these leads, in minor units; None where there is none.

        Where it changed within the month, the version of the newest lead counts: it is the one
        that both sides agreed to last.
        """
        leads = [self.leads[lead_id] for lead_id in lead_ids]
        if not leads:
            return None
        newest = max(leads, key=lambda lead: (lead.received_at, lead.lead_id))
        campaign = self.terms[newest.version]
        money = campaign.caps.money_a_month
        return None if money is None else to_minor(money, campaign.currency)


def history_of(reading: Reading, events: Iterable[Recorded]) -> History:
    """Follows events in their order. Raises `NotFound` if a campaign version is not kept."""
    leads: dict[str, Lead] = {}
    paying: dict[str, list[Event]] = defaultdict(list)
    verdicts: dict[str, Mapping[str, Any]] = {}
    for recorded in events:
        event = recorded.event
        if event.lead_id is None:
            continue
        leads[event.lead_id] = follow(leads.get(event.lead_id), event)
        if event.kind in PAYING.values():
            paying[event.lead_id].append(event)
        elif event.kind in _JUDGED:
            verdicts[event.lead_id] = event.data["verdict"]
    versions = dict.fromkeys(lead.version for lead in leads.values())
    return History(
        leads, paying, verdicts, {version: kept_campaign(reading, version) for version in versions}
    )
