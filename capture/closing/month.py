"""A month's billable leads with their answers, for the export."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from capture.billing import Line, draw, line_for
from capture.campaign import Campaign
from capture.closing.history import history_of
from capture.lead import Lead
from capture.ledger import Dossier, Reading
from capture.window import month_of


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
    history = history_of(reading, reading.events(campaign=slug, until=as_of))
    due = []
    for lead in history.leads.values():
        campaign = history.terms[lead.version]
        line = line_for(lead, history.paying.get(lead.lead_id, ()), campaign, as_of)
        if line is not None and month_of(line.due_at, campaign) == month:
            due.append(line)
    fields = [name for campaign in history.terms.values() for name in campaign.fields]
    return DrawnMonth(
        lines=[
            BillableLead(
                line,
                history.leads[line.lead_id],
                history.terms[line.version],
                history.verdicts[line.lead_id],
                reading.dossier(line.lead_id),
            )
            for line in draw(due, history.money_cap(line.lead_id for line in due))
            if not line.free
        ],
        fields=list(dict.fromkeys(fields)),
    )
