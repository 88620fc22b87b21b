"""The letters to visitors and clients that follow from one event, without a query.

The same event always has the same letters, except that one that would come too late is left out:
old events must not flood anybody when the first dispatcher starts. What has changed since, such as
a lead that was decided, is checked when a letter is sent.

Rules are those of docs/rules.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from capture.campaign.client import Client
from capture.campaign.model import Campaign, Confirm, Notice
from capture.intake.submission import FORM
from capture.lead.events import Event, EventKind, parse_time
from capture.lead.model import Lead
from capture.ledger.messages import VISITOR, Channel, Message, NewMessage
from capture.ledger.protocol import ReadTransaction
from capture.letters.visitor import GUIDE
from capture.review.acts import is_unnotified

TOO_OLD: Final = timedelta(days=7)
"""No letter follows from an event that is older, except the notice of a lead that still waits."""
WARNING_TIME: Final = timedelta(hours=6)
"""How long before silence accepts a lead its client is warned."""
MEETING_TIME: Final = timedelta(hours=1)
"""How long after a meeting's start the client is asked whether it was held."""

MORNING: Final = time(8)
"""The local time at which the letters of a day are sent."""
_RESULTS_WITH_GUIDE: Final = frozenset(
    {
        EventKind.DUPLICATE,
        EventKind.SUPPRESSED,
        EventKind.OVER_CAP,
        EventKind.DISQUALIFIED,
        EventKind.QUALIFIED,
    }
)
"""Results of the gate after which the visitor gets the guide (rule 6): all but spam."""
WITHHELD: Final = frozenset({"quarantined", "discarded"})
"""Stages in which nobody gets a letter about the lead. A release leads to a new result."""


@dataclass(frozen=True, slots=True)
class LeadEvent:
    """An event of a lead, with what decides which letters follow from it."""

    sequence: int
    event: Event
    lead: Lead
    """As it is now."""
    campaign: Campaign
    """In the version of the lead's receipt (rule 16)."""
    client: Client | None
    """The client's file as it is now; None if it is gone."""


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """An event of a client's account: a closed month, a credit note, a debit."""

    sequence: int
    event: Event
    client: Client | None
    """The client's file as it is now; None if it is gone."""


def messages_of_lead(subject: LeadEvent, now: datetime) -> Iterator[NewMessage]:
    """The letters to the visitor and to the client's contacts that follow from an event."""
    kind = subject.event.kind
    if kind is EventKind.CONSENT_WITHDRAWN:
        yield from _withdrawal(subject, now)
    if subject.lead.review in WITHHELD:
        return
    if kind in _RESULTS_WITH_GUIDE:
        yield from _guide(subject, now)
    if kind is EventKind.QUALIFIED:
        yield from _lead_to_review(subject, now)
    elif kind is EventKind.NOTIFIED:
        yield from _review_warning(subject, now)
    elif kind in {EventKind.SCHEDULED, EventKind.MOVED}:
        yield from _meeting_question(subject, now)
    elif kind is EventKind.RELEASED and "deadline" in subject.event.data:
        yield from _release(subject, now)


def messages_of_account(subject: AccountEvent, now: datetime) -> Iterator[NewMessage]:
    """The letters to the client's contacts that follow from an event."""
    data = subject.event.data
    if is_too_old(subject.event, now):
        return
    match subject.event.kind:
        case EventKind.CLOSED | EventKind.CREDITED | EventKind.DEBITED if "number" in data:
            number = data["number"]
            key = f"statement:{number}"
            yield from _to_bills(subject, now, key, "statement", {"number": number})
        case EventKind.DEBIT_PROPOSED:
            key, about = f"debit_to_approve:{data['id']}", {"sequence": subject.sequence}
            yield from _to_bills(subject, now, key, "debit_to_approve", about)


def is_too_old(event: Event, now: datetime) -> bool:
    """Whether the event was recorded so long ago that nobody expects a letter on it."""
    return event.recorded_at < now - TOO_OLD


def morning_of(day: date, zone: ZoneInfo) -> datetime:
    """The UTC time of 08:00 in the zone, when the letters of a day are sent."""
    return datetime.combine(day, MORNING, zone).astimezone(UTC)


def _guide(subject: LeadEvent, now: datetime) -> Iterator[NewMessage]:
    """The guide, for each lead that came by a form of a gated campaign. The planner queues it again
    only if the earlier one was dropped, such as while the lead was quarantined. A campaign with
    `confirm = "email"` has one letter for both purposes (`confirmation_messages`)."""
    lead, campaign = subject.lead, subject.campaign
    expires_at = lead.received_at + TOO_OLD
    has_guide = campaign.kind == "gated" and campaign.confirm is Confirm.NONE
    if has_guide and lead.source == FORM and now < expires_at:
        yield to_person(subject, GUIDE, now, expires_at)


def to_person(
    subject: LeadEvent, kind: str, now: datetime, expires_at: datetime, **data: str
) -> NewMessage:
    """A letter to the person of a lead; the address is looked up when it is sent."""
    letter = _letter(subject.lead, subject.sequence, kind, VISITOR, now)
    return replace(letter, expires_at=expires_at, data=data)


def _lead_to_review(subject: LeadEvent, now: datetime) -> Iterator[NewMessage]:
    """The notice of a qualified lead. A client with a digest gets it only for a test lead."""
    lead, client = subject.lead, subject.client
    if (
        subject.campaign.review.notice is Notice.EMAIL
        and client is not None
        and (lead.test or client.notice_frequency == "each")
        and (is_unnotified(lead) or not is_too_old(subject.event, now))
    ):
        yield from _to_notices(subject, now, "lead_to_review")


def _release(subject: LeadEvent, now: datetime) -> Iterator[NewMessage]:
    """A lead that was `held_back` is released: a letter with the new deadline, also for a client
    with a digest, and later the reminder."""
    is_by_mail = subject.campaign.review.notice is Notice.EMAIL
    if is_by_mail and not is_too_old(subject.event, now):
        yield from _to_notices(subject, now, "lead_released")
    yield from _review_warning(subject, now)


def _review_warning(subject: LeadEvent, now: datetime) -> Iterator[NewMessage]:
    """The warning before silence accepts, if the deadline is far enough from the notice."""
    text = subject.event.data.get("deadline")
    if subject.campaign.review.notice is not Notice.EMAIL or text is None:
        return
    deadline = parse_time(text)
    warn_at = deadline - WARNING_TIME
    if subject.event.occurred_at < warn_at and now < deadline:
        yield from _to_notices(subject, now, "review_warning", warn_at, deadline)


def _meeting_question(subject: LeadEvent, now: datetime) -> Iterator[NewMessage]:
    """Whether a meeting was held, where that is what the client pays for (rule 14)."""
    data = subject.event.data
    if subject.campaign.price.billable != "held" or not data.get("deemed_held_at"):
        return
    meeting_at, deemed_held_at = parse_time(data["meeting_at"]), parse_time(data["deemed_held_at"])
    if now < deemed_held_at:
        ask_at = meeting_at + min(MEETING_TIME, (deemed_held_at - meeting_at) / 2)
        yield from _to_notices(subject, now, "meeting_question", ask_at, deemed_held_at)


def _withdrawal(subject: LeadEvent, now: datetime) -> Iterator[NewMessage]:
    """Notifies the client if it has or had the lead, whether it gets notices by mail or not."""
    if subject.lead.was_visible_to_client and not is_too_old(subject.event, now):
        yield from _to_notices(subject, now, "consent_withdrawn")


def withdrawal_after_notice(
    reading: ReadTransaction, notice: Message, lead: Lead, now: datetime
) -> NewMessage:
    """Notifies the recipient of a notice: the person withdrew the consent while it was sent."""
    (sequence,) = (
        recorded.sequence
        for recorded in reading.events.select(lead_id=lead.lead_id)
        if recorded.event.kind is EventKind.CONSENT_WITHDRAWN
    )
    letter = _letter(lead, sequence, "consent_withdrawn", notice.recipient, now)
    return replace(letter, data={**letter.data, "was_notified": True})


def _to_notices(
    subject: LeadEvent,
    now: datetime,
    kind: str,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> Iterator[NewMessage]:
    """One letter on the lead to each address that gets notices."""
    for address in subject.client.contacts.notices if subject.client else ():
        letter = _letter(subject.lead, subject.sequence, kind, address, now)
        yield replace(letter, due_at=due_at or now, expires_at=expires_at)


def _letter(lead: Lead, sequence: int, kind: str, recipient: str, now: datetime) -> NewMessage:
    """One letter on a lead that follows from an event."""
    key = f"{kind}:{lead.lead_id}:{sequence}"
    return NewMessage(
        key=key if recipient == VISITOR else f"{key}:{recipient}",
        channel=Channel.MAIL,
        kind=kind,
        recipient=recipient,
        queued_at=now,
        due_at=now,
        client=lead.client,
        campaign=lead.campaign,
        lead_id=lead.lead_id,
        data={"sequence": sequence},
    )


def _to_bills(
    subject: AccountEvent, now: datetime, key: str, kind: str, data: Mapping[str, Any]
) -> Iterator[NewMessage]:
    """One letter to each address that gets bills."""
    for address in subject.client.contacts.bills if subject.client else ():
        yield NewMessage(
            key=f"{key}:{address}",
            channel=Channel.MAIL,
            kind=kind,
            recipient=address,
            queued_at=now,
            due_at=now,
            client=subject.event.data["client"],
            campaign=subject.event.campaign,
            data=data,
        )
