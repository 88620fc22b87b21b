"""Draws what a campaign may bill for a month, from its events alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from capture.billing import PAYING, Line, draw, line_for
from capture.campaign import Campaign
from capture.lead import Event, Kind, Lead, follow
from capture.ledger import Dossier, Reading
from capture.money import to_minor
from capture.terms import kept_campaign
from capture.window import month_of

_JUDGED = frozenset({Kind.QUALIFIED, Kind.DISQUALIFIED})


@dataclass(frozen=True, slots=True)
class BillableLead:
    """One line of a month, with all that the client needs to check it."""

    line: Line
    lead: Lead
    campaign: Campaign
    """The version that judged it."""
    verdict: Mapping[str, Any]
    """As the event holds it: each criterion's rule in words, and whether it was met."""
    dossier: Dossier | None
    """None once the person's data was erased."""


@dataclass(frozen=True, slots=True)
class DrawnMonth:
    """A campaign's month as it stands at a time."""

    lines: Sequence[BillableLead]
    fields: Sequence[str]
    """Form fields of every version under which a lead came, in order of first use."""


def draw_month(reading: Reading, slug: str, month: str, as_of: datetime) -> DrawnMonth:
    """The billable leads of a month such as `2026-11`, seen as of an aware time.

    `as_of` cuts on recorded time (rule 28); in the future it shows what silence will have
    accepted by then. The same ledger, month and time always draw the same lines.
    """
    leads: dict[str, Lead] = {}
    paying: dict[str, list[Event]] = defaultdict(list)
    verdicts: dict[str, Mapping[str, Any]] = {}
    for recorded in reading.events(campaign=slug, until=as_of):
        event = recorded.event
        if event.lead_id is None:
            continue
        leads[event.lead_id] = follow(leads.get(event.lead_id), event)
        if event.kind in PAYING.values():
            paying[event.lead_id].append(event)
        elif event.kind in _JUDGED:
            verdicts[event.lead_id] = event.data["verdict"]
    terms = {name: kept_campaign(reading, name) for name in _versions(leads)}
    due = []
    for lead in leads.values():
        campaign = terms[lead.version]
        line = line_for(lead, paying[lead.lead_id], campaign, as_of)
        if line is not None and month_of(line.due_at, campaign) == month:
            due.append(line)
    cap = _money_cap(leads, due, terms)
    return DrawnMonth(
        lines=[
            BillableLead(
                line,
                leads[line.lead_id],
                terms[line.version],
                verdicts[line.lead_id],
                reading.dossier(line.lead_id),
            )
            for line in draw(due, cap)
            if not line.free
        ],
        fields=list(dict.fromkeys(name for campaign in terms.values() for name in campaign.fields)),
    )


def _versions(leads: Mapping[str, Lead]) -> list[str]:
    """Versions in the order in which they were first used."""
    return list(dict.fromkeys(lead.version for lead in leads.values()))


def _money_cap(
    leads: Mapping[str, Lead], due: Sequence[Line], terms: Mapping[str, Campaign]
) -> int | None:
    """The cap of the version that the month's last received lead came under, in minor units.

    Where versions differ within a month, the newest of those that have a line counts: it is the
    one that both sides agreed to last.
    """
    if not due:
        return None
    newest = max((leads[line.lead_id] for line in due), key=lambda lead: lead.received_at)
    campaign = terms[newest.version]
    money = campaign.caps.money_a_month
    return None if money is None else to_minor(money, campaign.currency)
