"""The month's end: for each client and currency, whether the month can be closed, and with what.

Rule 25 of docs/rules.md. It also lists what a person should decide before the close. It writes
nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Final

from capture.billing.history import add_months
from capture.billing.statement import ParkedLead, Parties, Statement
from capture.campaign.model import Campaign
from capture.closing.close import check_closable, preview_statement, read_statement
from capture.closing.decisions import Decisions, ParkedInCampaign, decisions_of
from capture.closing.documents import carried_forward, find_closed_statement
from capture.closing.months import CampaignGroup, Closing, campaign_groups, closings_of
from capture.closing.parking import IMPOSSIBLE, reason_of
from capture.errors import GatepostError, Refused
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import LeadFilter

FAILURES: Final = (GatepostError, *IMPOSSIBLE, RuntimeError)
"""Errors of one client or one file. The command reports them and goes on with the others."""


class State(StrEnum):
    """Whether a month is closed or can be."""

    CLOSED = "closed"
    READY = "ready"
    NOT_READY = "not ready"
    NO_LEADS = "no leads"
    """Its first lead came in a later month, so there is nothing to close."""


@dataclass(frozen=True, slots=True)
class MonthSums:
    """The sums of a month's document, or of its preview, in minor units."""

    lines: int
    """The number of lines, free ones included."""
    net: int
    vat: int
    brought_forward: int
    """The client's earlier credit, as zero or a negative amount."""
    to_pay: int


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """The month of a client in one currency."""

    client: str
    currency: str
    month: str
    titles: Mapping[str, str]
    """The titles of the campaigns by slug."""
    state: State
    reason: str = ""
    """Why it cannot be closed, in one sentence; empty if it is ready or closed. `reason_in_words`
    adds `over_at`."""
    over_at: datetime | None = None
    """When the month is over, in the time zone of the campaign that decides it; None if it is over,
    or if it cannot be closed for another reason."""
    number: str = ""
    """The number of its document; empty if it is open or was closed without one."""
    sums: MonthSums | None = None
    """None if there is neither a document nor a preview."""
    decisions: Decisions = field(default_factory=Decisions)
    uncounted: int = 0
    """Leads with a line, if they were too many to compute the sums of an open month, and the
    decisions."""


def month_ends(  # noqa: PLR0913 - all that the months depend on
    reading: ReadTransaction,
    parties: Mapping[str, Parties],
    month: str,
    now: datetime,
    client: str | None = None,
    *,
    most_lines: int | None = None,
) -> list[MonthEnd]:
    """The month as of an aware time, for each client and currency, of one client or of all.

    `parties` are those of each client; a client without an entry is not ready. A client's
    currencies are closed together, so none is ready before all are. `most_lines` limits the work:
    when the months before have so many lines together, the next ones are `uncounted`.
    """
    ends: dict[str, list[MonthEnd]] = {}
    lines_left = most_lines
    for group in campaign_groups(reading, now, client):
        lines = 0 if lines_left is None else _count_lines(reading, group, month, now)
        is_large = lines_left is not None and lines > lines_left
        end = MonthEnd(
            group.client,
            group.currency,
            month,
            group.titles,
            State.READY,
            uncounted=lines if is_large else 0,
        )
        end = _judged(reading, group, parties.get(group.client), end, now)
        if lines_left is not None and not is_large:
            lines_left -= lines
        ends.setdefault(group.client, []).append(end)
    return [end for of_client in ends.values() for end in _closed_together(of_client)]


def campaigns_to_report(
    reading: ReadTransaction, month: str, now: datetime, client: str | None = None
) -> list[str]:
    """The campaigns of closed months that had a lead in the month or a line on its document."""
    slugs = []
    for group in campaign_groups(reading, now, client):
        closing = closings_of(reading, group).get(month)
        if closing is not None:
            billed_slugs = _billed_campaigns(reading, closing)
            slugs += [
                slug
                for slug in closing.titles
                if slug in billed_slugs or _has_leads(reading, slug, month)
            ]
    return sorted(slugs)


def _billed_campaigns(reading: ReadTransaction, closing: Closing) -> set[str]:
    if not closing.number:
        return set()
    statement = read_statement(find_closed_statement(reading, closing.number))
    return {part.campaign for part in statement.parts if part.lines}


def _has_leads(reading: ReadTransaction, slug: str, month: str) -> bool:
    return any(not lead.test for lead in reading.leads.select(LeadFilter(slug, month)))


# State and sums.


def _judged(
    reading: ReadTransaction,
    group: CampaignGroup,
    parties: Parties | None,
    end: MonthEnd,
    now: datetime,
) -> MonthEnd:
    """The month with its state, sums and decisions. If it is `uncounted`, nothing is computed from
    its leads."""
    try:
        closing = closings_of(reading, group).get(end.month)
        if closing is not None:
            return _closed(reading, group, closing, end, now)
        if end.month < group.first_month:
            reason = f"the first lead came in {group.first_month}"
            return replace(end, state=State.NO_LEADS, reason=reason)
        if parties is None:
            raise Refused(f"there is no file of the client {group.client}; create it")
        if not end.uncounted:
            end = _previewed(reading, group, parties, end, now)
        over_at = max(_end_of(end.month, campaign) for campaign in group.campaigns.values())
        if now < over_at:
            reason = f"{end.month} is not over"
            return replace(end, state=State.NOT_READY, reason=reason, over_at=over_at)
        check_closable(group, end.month, closings_of(reading, group), now)
    except GatepostError as error:
        return replace(end, state=State.NOT_READY, reason=str(error))
    except IMPOSSIBLE as error:
        reason = f"it cannot be computed: {reason_of(error)}"
        return replace(end, state=State.NOT_READY, reason=reason)
    return end


def _previewed(
    reading: ReadTransaction,
    group: CampaignGroup,
    parties: Parties,
    end: MonthEnd,
    now: datetime,
) -> MonthEnd:
    statement = preview_statement(reading, group, parties, end.month, now)
    parked = [
        ParkedInCampaign(part.campaign, lead) for part in statement.parts for lead in part.parked
    ]
    decisions = decisions_of(reading, group, end.month, now, parked)
    return replace(end, sums=_sums(statement), decisions=decisions)


def _count_lines(reading: ReadTransaction, group: CampaignGroup, month: str, now: datetime) -> int:
    """The lines of the closed month, or the leads with a line that is due in the open one."""
    closing = closings_of(reading, group).get(month)
    if closing is not None:
        return reading.statements.count_lines(closing.number) if closing.number else 0
    return sum(
        reading.statements.count_due(slug, min(now, _end_of(month, campaign)))
        for slug, campaign in group.campaigns.items()
    )


def _closed(
    reading: ReadTransaction, group: CampaignGroup, closing: Closing, end: MonthEnd, now: datetime
) -> MonthEnd:
    parked = [
        ParkedInCampaign(slug, ParkedLead(lead_id, reason))
        for slug, leads in closing.parked.items()
        for lead_id, reason in leads.items()
    ]
    decisions = end.decisions
    if not end.uncounted:
        decisions = decisions_of(reading, group, end.month, now, parked)
    return replace(
        end,
        state=State.CLOSED,
        titles=closing.titles,
        number=closing.number,
        sums=_closed_sums(reading, group, closing),
        decisions=decisions,
    )


def _closed_sums(
    reading: ReadTransaction, group: CampaignGroup, closing: Closing
) -> MonthSums | None:
    """The sums of a closed month without reading its statement, which may be very long."""
    if not closing.number:
        return None
    brought_forward = carried_forward(reading, group.client, group.currency, closing.last_event)
    return MonthSums(
        lines=reading.statements.count_lines(closing.number),
        net=closing.net,
        vat=closing.vat,
        brought_forward=brought_forward,
        to_pay=max(0, closing.net + closing.vat + brought_forward),
    )


def _sums(statement: Statement) -> MonthSums:
    return MonthSums(
        lines=len(statement.lines),
        net=statement.total,
        vat=statement.vat,
        brought_forward=statement.brought_forward,
        to_pay=statement.to_pay,
    )


def _end_of(month: str, campaign: Campaign) -> datetime:
    """The first moment of the next month, in the campaign's zone."""
    next_month = add_months(date.fromisoformat(f"{month}-01"), 1)
    first = datetime.combine(next_month, time(), campaign.zone)
    return first.astimezone(UTC).astimezone(campaign.zone)


def _closed_together(ends: Sequence[MonthEnd]) -> Iterator[MonthEnd]:
    """The client's currencies. None is ready if another one cannot be closed."""
    obstacles = [end.currency for end in ends if end.state is State.NOT_READY]
    for end in ends:
        if obstacles and end.state is State.READY:
            reason = f"it is closed together with {', '.join(obstacles)}, which is not ready"
            yield replace(end, state=State.NOT_READY, reason=reason)
        else:
            yield end
