"""The month's end: for each client and currency, whether the month can be closed, and with what.

Rule 25 of docs/rules.md. It also lists what a person should decide before the close. It writes
nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from operator import attrgetter

from capture.billing.account import Document
from capture.billing.history import add_months
from capture.billing.statement import ParkedLead, Parties, Statement
from capture.campaign.model import Campaign, PriceModel
from capture.closing.close import check_closable, preview_statement, read_statement
from capture.closing.credit import AUTOMATIC, Correction, credits_of
from capture.closing.debit import Proposal, proposals_of
from capture.closing.documents import documents_of, find_closed_statement
from capture.closing.months import CampaignGroup, Closing, campaign_groups, closings_of
from capture.closing.parking import IMPOSSIBLE, reason_of
from capture.closing.unpaid_periods import UnpaidPeriod, unpaid_periods
from capture.errors import GatepostError, Refused
from capture.lead.events import EventKind
from capture.lead.model import Lead
from capture.ledger.messages import Message, MessageState
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import LeadFilter
from capture.local_time import show_moment


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
class LeadInReview:
    """A lead of the month, or of an earlier one, without a decision."""

    campaign: str
    lead_id: str
    received_at: datetime
    deadline: datetime | None
    """When the review window ends; None if the client was not notified, or if it has no end."""
    silence_accepts: bool
    """Whether silence accepts it at the deadline."""
    is_notified: bool
    days: int
    """Full days since its receipt."""


@dataclass(frozen=True, slots=True)
class LeadInQuarantine:
    """A lead in quarantine, of the month or of an earlier one."""

    campaign: str
    lead_id: str
    received_at: datetime
    is_in_review: bool
    """Whether the client has it in review, with the deadline stopped; else it is quarantined."""
    days: int
    """Full days since its receipt."""


@dataclass(frozen=True, slots=True)
class ParkedInCampaign:
    """A lead whose lines cannot be computed. The close leaves it out."""

    campaign: str
    lead: ParkedLead


@dataclass(frozen=True, slots=True)
class OpenDispute:
    """A rejection that the agency disputes and the client has not settled."""

    campaign: str
    lead_id: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a person should decide or know before the close."""

    debits: Sequence[Proposal] = ()
    """Proposed debits that the client has not answered."""
    late_credits: Sequence[Correction] = ()
    """Credit notes of this month for refunds and churn in a month that was closed already."""
    unpaid_periods: Sequence[UnpaidPeriod] = ()
    in_review: Sequence[LeadInReview] = ()
    in_quarantine: Sequence[LeadInQuarantine] = ()
    parked: Sequence[ParkedInCampaign] = ()
    disputes: Sequence[OpenDispute] = ()
    failed_messages: Sequence[Message] = ()
    """Letters and webhooks about these campaigns, or about the client, that never arrived."""


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
    """Why it cannot be closed, in one sentence; empty if it is ready or closed."""
    number: str = ""
    """The number of its document; empty if it is open or was closed without one."""
    sums: MonthSums | None = None
    """None if there is neither a document nor a preview."""
    decisions: Decisions = Decisions()


def month_ends(
    reading: ReadTransaction,
    parties: Mapping[str, Parties],
    month: str,
    now: datetime,
    client: str | None = None,
) -> list[MonthEnd]:
    """The month as of an aware time, for each client and currency, of one client or of all.

    `parties` are those of each client; a client without an entry is not ready. A client's
    currencies are closed together, so none is ready before all are.
    """
    ends: dict[str, list[MonthEnd]] = {}
    for group in campaign_groups(reading, now, client):
        end = _month_end(reading, group, parties.get(group.client), month, now)
        ends.setdefault(group.client, []).append(end)
    return [end for of_client in ends.values() for end in _closed_together(of_client)]


def documents_of_month(
    reading: ReadTransaction, month: str, client: str | None = None
) -> list[Document]:
    """The month's documents by client and number, of one client or of all.

    They are its statements, and the credit and debit notes that were issued on a day of the month.
    """
    documents = [
        document
        for document in documents_of(reading, client)
        if month == (f"{document.issued_on:%Y-%m}" if document.corrects else document.month)
    ]
    return sorted(documents, key=attrgetter("client"))


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


def _month_end(
    reading: ReadTransaction,
    group: CampaignGroup,
    parties: Parties | None,
    month: str,
    now: datetime,
) -> MonthEnd:
    end = MonthEnd(group.client, group.currency, month, group.titles, State.READY)
    try:
        closing = closings_of(reading, group).get(month)
        if closing is not None:
            return _closed(reading, group, closing, end, now)
        if month < group.first_month:
            reason = f"the first lead came in {group.first_month}"
            return replace(end, state=State.NO_LEADS, reason=reason)
        if parties is None:
            raise Refused(f"there is no file of the client {group.client}; create it")
        statement = preview_statement(reading, group, parties, month, now)
        parked = [
            ParkedInCampaign(part.campaign, lead)
            for part in statement.parts
            for lead in part.parked
        ]
        end = replace(
            end,
            sums=_sums(statement),
            decisions=_decisions(reading, group, month, now, parked),
        )
        reason = _obstacle(reading, group, month, now)
    except GatepostError as error:
        reason = str(error)
    except IMPOSSIBLE as error:
        reason = f"it cannot be computed: {reason_of(error)}"
    return replace(end, state=State.NOT_READY, reason=reason) if reason else end


def _closed(
    reading: ReadTransaction, group: CampaignGroup, closing: Closing, end: MonthEnd, now: datetime
) -> MonthEnd:
    parked = [
        ParkedInCampaign(slug, ParkedLead(lead_id, reason))
        for slug, leads in closing.parked.items()
        for lead_id, reason in leads.items()
    ]
    sums = None
    if closing.number:
        sums = _sums(read_statement(find_closed_statement(reading, closing.number)))
    return replace(
        end,
        state=State.CLOSED,
        titles=closing.titles,
        number=closing.number,
        sums=sums,
        decisions=_decisions(reading, group, end.month, now, parked),
    )


def _sums(statement: Statement) -> MonthSums:
    return MonthSums(
        lines=len(statement.lines),
        net=statement.total,
        vat=statement.vat,
        brought_forward=statement.brought_forward,
        to_pay=statement.to_pay,
    )


def _obstacle(reading: ReadTransaction, group: CampaignGroup, month: str, now: datetime) -> str:
    """Why the month cannot be closed now; empty if it can."""
    try:
        check_closable(group, month, closings_of(reading, group), now)
    except Refused as refused:
        ends_at, campaign = max(
            ((_end_of(month, campaign), campaign) for campaign in group.campaigns.values()),
            key=lambda pair: pair[0],
        )
        if now < ends_at:
            return f"{month} is not over until {show_moment(ends_at, campaign.zone)}"
        return str(refused)
    return ""


def _end_of(month: str, campaign: Campaign) -> datetime:
    next_month = add_months(date.fromisoformat(f"{month}-01"), 1)
    return datetime.combine(next_month, time(), campaign.zone).astimezone(UTC)


def _closed_together(ends: Sequence[MonthEnd]) -> Iterator[MonthEnd]:
    """The client's currencies. None is ready if another one cannot be closed."""
    obstacles = [end.currency for end in ends if end.state is State.NOT_READY]
    for end in ends:
        if obstacles and end.state is State.READY:
            reason = f"it is closed together with {', '.join(obstacles)}, which is not ready"
            yield replace(end, state=State.NOT_READY, reason=reason)
        else:
            yield end


# What a person should decide.


def _decisions(
    reading: ReadTransaction,
    group: CampaignGroup,
    month: str,
    now: datetime,
    parked: Sequence[ParkedInCampaign],
) -> Decisions:
    numbers = {document.number for document in documents_of_month(reading, month, group.client)}
    campaigns = group.campaigns
    return Decisions(
        debits=[
            proposal
            for proposal in proposals_of(reading, group.client)
            if proposal.stage == "open" and proposal.currency == group.currency
        ],
        late_credits=[
            note
            for note in credits_of(reading, group.client)
            if note.reason in AUTOMATIC
            and note.currency == group.currency
            and note.number in numbers
        ],
        unpaid_periods=[
            period
            for slug, campaign in campaigns.items()
            if campaign.price.model is PriceModel.REVENUE_SHARE
            for period in unpaid_periods(reading, slug, month, now)
        ],
        in_review=[
            _lead_in_review(lead, now)
            for slug in campaigns
            for lead in reading.leads.in_review(slug)
            if lead.month <= month
            and not (lead.test or lead.free_over_cap)
            and lead.review_at(now) == "qualified"
        ],
        in_quarantine=[
            LeadInQuarantine(
                slug,
                lead.lead_id,
                lead.received_at,
                is_in_review=lead.review == "held_back",
                days=_days_since(lead.received_at, now),
            )
            for slug in campaigns
            for lead in reading.leads.in_quarantine(slug)
            if lead.month <= month and not lead.test
        ],
        parked=parked,
        disputes=[
            OpenDispute(slug, lead.lead_id, _disputed_at(reading, lead))
            for slug in campaigns
            for lead in reading.leads.select(LeadFilter(slug, disputed=True))
            if lead.month <= month and not lead.test
        ],
        failed_messages=[
            message
            for message in reading.outbox.select(MessageState.FAILED)
            if message.campaign in campaigns
            or (message.client == group.client and not message.campaign)
        ],
    )


def _lead_in_review(lead: Lead, now: datetime) -> LeadInReview:
    return LeadInReview(
        campaign=lead.campaign,
        lead_id=lead.lead_id,
        received_at=lead.received_at,
        deadline=lead.deadline,
        silence_accepts=lead.silence_accepts_at is not None,
        is_notified=lead.notified,
        days=_days_since(lead.received_at, now),
    )


def _days_since(moment: datetime, now: datetime) -> int:
    return max(0, (now - moment).days)  # another machine's clock may be ahead


def _disputed_at(reading: ReadTransaction, lead: Lead) -> datetime:
    return max(
        recorded.event.recorded_at
        for recorded in reading.events.select(lead_id=lead.lead_id)
        if recorded.event.kind is EventKind.DISPUTED
    )
