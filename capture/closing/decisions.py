"""What a person should decide or know before a month is closed (rule 25 of docs/rules.md)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from capture.billing.statement import ParkedLead
from capture.campaign.model import PriceModel
from capture.closing.credit import AUTOMATIC, Correction, credits_of
from capture.closing.debit import Proposal, proposals_of
from capture.closing.documents import documents_of_month
from capture.closing.months import CampaignGroup
from capture.closing.unpaid_periods import UnpaidPeriod, unpaid_periods
from capture.lead.events import EventKind
from capture.lead.model import Lead
from capture.ledger.messages import Message, MessageState
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import LeadFilter


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
    """A lead in quarantine that was received in the month or earlier."""

    campaign: str
    lead_id: str
    received_at: datetime
    is_in_review: bool
    """Whether the client has it in review, with the deadline stopped. Otherwise the client does not
    see it."""
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

    @property
    def count(self) -> int:
        """The number of things to decide or know."""
        return sum(len(getattr(self, each.name)) for each in fields(self))


def decisions_of(
    reading: ReadTransaction,
    group: CampaignGroup,
    month: str,
    now: datetime,
    parked: Sequence[ParkedInCampaign],
) -> Decisions:
    """What to decide on a month of campaigns in one currency. `parked`: its parked leads."""
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
            for message in reading.outbox.select(MessageState.FAILED, client=group.client)
            if message.campaign in campaigns or not message.campaign
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
