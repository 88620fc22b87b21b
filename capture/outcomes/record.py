"""Records what happened after a lead was delivered: meeting, sale, revenue (rules 10, 14, 22 of
docs/rules.md).

Each outcome is one event with its own time and author; revenue is one event a month. A billable
outcome that the agency records has the time at which it becomes final; until then the client may
object to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final

from capture.billing.history import BillableEvent, LeadHistory, Refund, lead_history
from capture.billing.lines import is_acceptance, is_billable_event, minor_units
from capture.billing.reversals import day_of
from capture.campaign.model import Campaign
from capture.closing.credit import CHURN, REFUND, credit_ended_lines
from capture.errors import Hint, Refused
from capture.lead.events import ON_BEHALF_OF, Actor, EventKind, show_time
from capture.lead.model import Lead, event_of
from capture.lead.moves import Track
from capture.lead.review_window import deadline
from capture.ledger.protocol import WriteTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import Note
from capture.outcomes.revenue import check_unbilled, revenue_periods, split_refund
from capture.review.acts import find_lead, record_held_meeting
from capture.text import is_blank, trim_invisible

KINDS: Final[Mapping[str, EventKind]] = {
    kind.value.replace("_", "-"): kind
    for kind in (
        EventKind.SCHEDULED,
        EventKind.MOVED,
        EventKind.HELD,
        EventKind.NO_SHOW,
        EventKind.CANCELLED,
        EventKind.WON,
        EventKind.LOST,
        EventKind.REVENUE,
        EventKind.REFUNDED,
        EventKind.CHURNED,
        EventKind.OBJECTED,
    )
}
"""The event kinds that can be recorded, by the name that users write."""

MAX_TIME_AHEAD: Final = timedelta(days=3653)
"""Ten years. A meeting or period further ahead probably has a mistyped year."""

WITH_AMOUNT: Final = frozenset({EventKind.WON, EventKind.REVENUE, EventKind.REFUNDED})
"""Outcomes that have an amount of money."""
WITH_PERIOD: Final = frozenset({EventKind.REVENUE, EventKind.REFUNDED})
"""Outcomes that may cover several months; they are split by month."""
MEETING_RESULTS: Final = frozenset({EventKind.HELD, EventKind.NO_SHOW})
AFTER_SALE: Final = frozenset({EventKind.WON, EventKind.CHURNED, EventKind.REFUNDED})
"""Outcomes that need an earlier sale; `won` needs one if the customer returns."""
MEETING_CHANGES: Final = MEETING_RESULTS | {EventKind.MOVED, EventKind.CANCELLED}
"""What can happen to a meeting until silence makes it held (rule 14)."""
WITH_MEETING: Final = frozenset({EventKind.SCHEDULED, EventKind.MOVED})
"""Outcomes that name the time of a meeting."""
CREDIT_REASONS: Final = {EventKind.REFUNDED: REFUND, EventKind.CHURNED: CHURN}
"""Outcomes that may credit billed lines, with the reason on the credit note."""

REFERENCE: Final = r"[A-Za-z0-9][A-Za-z0-9._:/#+=-]{0,79}"
"""Letters, digits and a few signs: it holds ids, not names or e-mail addresses (rule 31)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to a lead, as the client or the agency reports it."""

    lead_id: str
    kind: EventKind
    actor: Actor
    """Who records it: the client by its own token or link, or the agency."""
    by: str
    """The person's name as given; kept in a note, which can be erased."""
    occurred_at: datetime
    meeting_at: datetime | None = None
    amount: Decimal | None = None
    """Net of tax, in major units of the campaign's currency (rule 22)."""
    currency: str = ""
    """The amount's currency if given; any but the campaign's is refused."""
    period: date | None = None
    """First day of the month that revenue or a partial refund is for."""
    months: int = 1
    """Number of months; the amount is split by month (rules 22 and 37)."""
    reason: str = ""
    """For `objected`: a code of the campaign's reasons."""
    note: str = ""
    """Free text; kept apart from the event, so that it can be erased."""
    reference: str = ""
    """The id of this fact in the client's own system (rule 38)."""
    again: bool = False
    """It is a separate fact, although a similar one is recorded (rule 38)."""
    timed: bool = True
    """Whether its time was given; otherwise `occurred_at` is the time of recording."""
    on_behalf: bool = False
    """The agency enters it for the client (rule 41). The event names the agency and has a mark."""


def time_of_report(kind: EventKind, lead: Lead, now: datetime) -> datetime:
    """When an outcome happened that is reported at `now` without a time: a meeting was held, or
    missed, at its own time."""
    is_result = kind in MEETING_RESULTS and lead.meeting_at is not None
    return min(lead.meeting_at, now) if is_result and lead.meeting_at else now


def record_outcome(records: WriteTransaction, outcome: Outcome, now: datetime) -> Lead:
    """Records an outcome as a new fact, and returns the lead as it is then.

    It does not check whether the outcome is recorded already: `record_once` does. Raises
    `EventNotAllowed`, or `Refused` with a message that tells what to write instead.
    """
    recorded_lead = find_lead(records, outcome.lead_id)
    lead = record_held_meeting(records, recorded_lead, now)
    terms = saved_campaign(records, lead.campaign, lead.version)
    history = lead_history(
        recorded.event for recorded in records.events.select(lead_id=lead.lead_id)
    )
    if is_blank(outcome.by):
        raise Refused("say who records it", Hint.BY)
    if not lead.received_at <= outcome.occurred_at <= now:
        raise Refused(
            f"lead {lead.lead_id}: {outcome.kind} at {show_time(outcome.occurred_at)} is before "
            "its receipt or in the future; say when it happened"
        )
    if outcome.kind in MEETING_CHANGES and lead is not recorded_lead:
        raise Refused(f"lead {lead.lead_id}: silence already counts its meeting as held")
    by = records.people.pseudonym(lead.client, outcome.by)
    common_data = {"by": by}
    if outcome.on_behalf:
        common_data[ON_BEHALF_OF] = Actor.CLIENT.value
    if outcome.reference:
        common_data["reference"] = outcome.reference
    event_data = _event_data(history, terms, outcome, now)
    if outcome.kind is EventKind.REVENUE:
        check_unbilled(records, history, terms, event_data)
    if outcome.actor is Actor.CLIENT and is_acceptance(outcome.kind, terms):
        _accept(records, lead, outcome.kind, by, now)
    for data in event_data:
        records.append(
            event_of(
                lead,
                outcome.kind,
                outcome.actor,
                now,
                occurred_at=outcome.occurred_at,
                **(common_data | data),
            )
        )
    note = Note(
        lead.lead_id, outcome.kind.value, outcome.by.strip(), trim_invisible(outcome.note), now
    )
    records.people.save_note(note)
    if outcome.kind in CREDIT_REASONS:
        credit_ended_lines(records, terms, lead.lead_id, CREDIT_REASONS[outcome.kind], now)
    return find_lead(records, lead.lead_id)


def _accept(
    records: WriteTransaction, lead: Lead, cause: EventKind, by: str, now: datetime
) -> None:
    """Records that the client accepts the lead, unless it has decided already.

    A client that reports a billable outcome accepts the lead by that (rule 41).
    """
    may_still_accept = (
        lead.review == "rejected" and lead.entered and lead.deadline and now < lead.deadline
    )
    if lead.review_at(now) == "qualified" or may_still_accept:
        records.append(
            event_of(lead, EventKind.ACCEPTED, Actor.CLIENT, now, by=by, cause=cause.value)
        )


def _event_data(
    history: LeadHistory, terms: Campaign, outcome: Outcome, now: datetime
) -> list[dict[str, Any]]:
    """The data of each event: one, or one a month for revenue and refunds of revenue."""
    kind = outcome.kind
    final: dict[str, Any] = {}
    is_return = kind is EventKind.WON and history.won is not None  # not billable (rule 37)
    if is_billable_event(kind, terms) and outcome.actor is not Actor.CLIENT and not is_return:
        final = {"final_at": show_time(deadline(terms, now))}
    if kind in WITH_MEETING:
        return [_meeting_data(history, terms, outcome, now) | final]
    if kind is EventKind.OBJECTED:
        return [_objection_data(history, terms, outcome, now)]
    if kind in MEETING_RESULTS:
        _check_meeting_begun(history, outcome)
    if kind is EventKind.NO_SHOW and history.lead.appointment == "held":
        _check_objection(history, outcome, history.held, now)
    if kind in AFTER_SALE:
        _check_after_sale(history, terms, outcome)
    if kind not in WITH_AMOUNT:
        return [final]
    amount = _amount_minor(terms, outcome)
    if kind is EventKind.REFUNDED:
        refund = Refund(outcome.occurred_at, amount)
        return split_refund(history, terms, refund, outcome.period, outcome.months)
    if kind is EventKind.REVENUE:
        if outcome.period is None:
            raise Refused("say the first day that the revenue is for", Hint.PERIOD)
        _check_year(history, outcome.period, now)
        periods = revenue_periods(history, terms, amount, outcome.period, outcome.months)
        return [{**period, **final} for period in periods]
    return [{"amount": amount, **final}]


def _meeting_data(
    history: LeadHistory, terms: Campaign, outcome: Outcome, now: datetime
) -> dict[str, Any]:
    meeting_at = outcome.meeting_at
    if meeting_at is None:
        raise Refused("say when the meeting is", Hint.MEETING)
    if meeting_at < history.lead.received_at:
        raise Refused(f"lead {history.lead.lead_id}: a meeting cannot be before the lead came")
    _check_year(history, meeting_at.date(), now)
    if outcome.kind is EventKind.MOVED and meeting_at == history.lead.meeting_at:
        raise Refused(f"lead {history.lead.lead_id}: the meeting is at that time already")
    return {
        "meeting_at": show_time(meeting_at),
        "deemed_held_at": show_time(deadline(terms, max(meeting_at, now))),
    }


def _check_year(history: LeadHistory, day: date, now: datetime) -> None:
    if day > (now + MAX_TIME_AHEAD).date():
        raise Refused(f"lead {history.lead.lead_id}: {day} is more than ten years ahead")


def _check_meeting_begun(history: LeadHistory, outcome: Outcome) -> None:
    """Raises `Refused` for the result of a meeting that has not begun; so none is billed early."""
    begins = history.lead.meeting_at
    if begins is not None and outcome.occurred_at < begins:
        raise Refused(
            f"lead {history.lead.lead_id}: its meeting is at {show_time(begins)}, so it cannot be "
            f"{outcome.kind} before; if it was earlier, record that it was moved"
        )


def _check_after_sale(history: LeadHistory, terms: Campaign, outcome: Outcome) -> None:
    """Raises `Refused` for a churn, return or refund before the day of its cause (rule 37)."""
    cause, since = "the sale was won", history.won and history.won.occurred_at
    if outcome.kind is EventKind.WON:
        cause, since = "the customer left", history.churned_at
    elif outcome.kind is EventKind.CHURNED and history.absences and history.absences[-1].returned:
        cause, since = "the customer returned", history.absences[-1].returned.occurred_at
    if since and day_of(outcome.occurred_at, terms) < day_of(since, terms):
        raise Refused(
            f"lead {history.lead.lead_id}: {outcome.kind} on {day_of(outcome.occurred_at, terms)} "
            f"is before {cause} on {day_of(since, terms)}; say when it happened"
        )


def _objection_data(
    history: LeadHistory, terms: Campaign, outcome: Outcome, now: datetime
) -> dict[str, Any]:
    reasons = terms.review.reasons
    if outcome.reason not in reasons:
        known = ", ".join(reasons)
        raise Refused(f"{outcome.reason!r} is no reason of {terms.slug}; it allows: {known}")
    held = history.held or _unreported_meeting(history, outcome)
    billable_event = {"scheduled": history.booked, "held": held, "won": history.won}.get(
        terms.price.billable
    )
    data: dict[str, Any] = {"reason": outcome.reason, "track": Track.SALE.value}
    if terms.price.billable in {"scheduled", "held"}:
        data["track"] = Track.APPOINTMENT.value
    if terms.price.billable == "revenue":
        if outcome.period is None:
            raise Refused("say which period of revenue: its first day", Hint.PERIOD)
        data["period"] = outcome.period.isoformat()
        amounts = history.revenue.get(data["period"], ())
        billable_event = max(amounts, key=attrgetter("final_at"), default=None)
    _check_objection(history, outcome, billable_event, now)
    return data


def _unreported_meeting(history: LeadHistory, outcome: Outcome) -> BillableEvent | None:
    """A meeting that has begun and has no reported result: silence will make it held."""
    lead = history.lead
    begins, final = lead.meeting_at, lead.deemed_held_at
    if lead.appointment != "scheduled" or begins is None or final is None:
        return None
    return BillableEvent(begins, final) if begins <= outcome.occurred_at else None


def _check_objection(
    history: LeadHistory, outcome: Outcome, billable_event: BillableEvent | None, now: datetime
) -> None:
    """Raises `Refused` unless the client objects before the outcome is final (rule 14)."""
    lead_id = history.lead.lead_id
    if outcome.actor is not Actor.CLIENT and not outcome.on_behalf:
        raise Refused(f"lead {lead_id}: only the client can object", Hint.FROM_CLIENT)
    if billable_event is None:
        raise Refused(f"lead {lead_id}: there is no paying outcome to object to")
    if billable_event.final_at <= now:
        final_at = billable_event.final_at.strftime("%Y-%m-%d %H:%M:%S UTC")
        raise Refused(f"lead {lead_id}: that outcome has been final since {final_at}")


def _amount_minor(terms: Campaign, outcome: Outcome) -> int:
    amount = outcome.amount
    if amount is None or amount <= 0:
        raise Refused(f"say the amount of what was {outcome.kind}, net of tax", Hint.AMOUNT)
    if outcome.currency and outcome.currency != terms.currency:
        raise Refused(
            f"{terms.slug} counts in {terms.currency}, not {outcome.currency}; "
            "convert the amount first"
        )
    return minor_units(amount, terms.currency)
