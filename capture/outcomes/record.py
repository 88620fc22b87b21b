"""Records what happened after a lead was delivered: its meeting, sale, revenue (10, 14, 22).

Each act is one event with its own time and author. A paying outcome that the agency records
carries the time at which it becomes final; until then the client may contest it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from capture.billing import (
    Life,
    Paying,
    fee,
    is_acceptance,
    kept_share,
    life_of,
    minor_units,
    pays,
)
from capture.campaign import Campaign
from capture.closing import credit_refund
from capture.errors import Refused
from capture.lead import ON_BEHALF_OF, Actor, Event, Kind, Lead, Track, show_time
from capture.ledger import Note, Records
from capture.money import from_minor
from capture.outcomes.revenue import periods
from capture.review import find_lead, write_meeting
from capture.terms import kept_campaign
from capture.visible import is_blank, trimmed
from capture.window import deadline

KINDS: Final[Mapping[str, Kind]] = {
    kind.value.replace("_", "-"): kind
    for kind in (
        Kind.SCHEDULED,
        Kind.MOVED,
        Kind.HELD,
        Kind.NO_SHOW,
        Kind.CANCELLED,
        Kind.WON,
        Kind.LOST,
        Kind.REVENUE,
        Kind.REFUNDED,
        Kind.CHURNED,
        Kind.CONTESTED,
    )
}
"""What can be recorded, by the word that people write."""

FARTHEST: Final = timedelta(days=3653)
"""Ten years: a meeting or a period that lies farther ahead has a mistyped year."""

WITH_AMOUNT: Final = frozenset({Kind.WON, Kind.REVENUE, Kind.REFUNDED})
AFTER_MEETING: Final = frozenset({Kind.HELD, Kind.NO_SHOW})
ENDING: Final = AFTER_MEETING | {Kind.MOVED, Kind.CANCELLED}
"""What can become of a meeting until silence has said that it was held (rule 14)."""
WITH_MEETING: Final = frozenset({Kind.SCHEDULED, Kind.MOVED})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What somebody says has become of a lead."""

    lead_id: str
    kind: Kind
    actor: Actor
    """Who records it: the client by its own token, or the agency."""
    by: str
    """The person's name as they gave it; kept in a note, which can be erased."""
    occurred_at: datetime
    meeting_at: datetime | None = None
    amount: Decimal | None = None
    """Net of tax, in major units of the campaign's currency (rule 22)."""
    currency: str = ""
    """What the amount is in, where that was said; no other than the campaign's is taken."""
    period: date | None = None
    """First day of the period that revenue is for."""
    months: int = 1
    """How many months a payment is for; it is split by month (rule 22)."""
    reason: str = ""
    """contested: one of the campaign's codes."""
    note: str = ""
    on_behalf: bool = False
    """The agency enters it for the client (rule 41): it is the agency's word, and marked so."""


def record(records: Records, outcome: Outcome, now: datetime) -> Lead:
    """Records one outcome. Raises `MoveRefused`, or `Refused` with what to write instead."""
    found = find_lead(records, outcome.lead_id)
    lead = write_meeting(records, found, now)
    terms = kept_campaign(records, lead.version)
    life = life_of(one.event for one in records.events(lead_id=lead.lead_id))
    if is_blank(outcome.by):
        raise Refused("say who records it: --as NAME")
    if not lead.received_at <= outcome.occurred_at <= now:
        raise Refused(
            f"lead {lead.lead_id}: {outcome.kind} at {show_time(outcome.occurred_at)} lies before "
            "its receipt or in the time to come; say when it happened"
        )
    if outcome.kind in ENDING and lead is not found:
        raise Refused(f"lead {lead.lead_id}: its meeting was taken as held already, by silence")
    by = records.pseudonym(lead.client, outcome.by)
    said = {"by": by, **({ON_BEHALF_OF: Actor.CLIENT.value} if outcome.on_behalf else {})}
    found_data = _data(life, terms, outcome, now)
    if outcome.actor is Actor.CLIENT and is_acceptance(outcome.kind, terms):
        _accept(records, lead, outcome.kind, by, now)
    for data in found_data:
        records.append(
            Event(
                lead.campaign,
                lead.lead_id,
                outcome.kind,
                outcome.occurred_at,
                now,
                outcome.actor,
                {**said, **data},
            )
        )
    note = Note(lead.lead_id, outcome.kind.value, outcome.by.strip(), trimmed(outcome.note), now)
    records.keep_note(note)
    if outcome.kind is Kind.REFUNDED and terms.price.model == "cpa":
        _credit(records, terms, lead, now)
    return find_lead(records, lead.lead_id)


def _accept(records: Records, lead: Lead, cause: Kind, by: str, now: datetime) -> None:
    """Rule 41: who says that a lead paid accepts it, unless it is accepted already."""
    objects = lead.review == "rejected" and lead.entered and lead.deadline and now < lead.deadline
    if lead.review_at(now) == "qualified" or objects:
        said = {"by": by, "cause": cause.value}
        accepted = Event(lead.campaign, lead.lead_id, Kind.ACCEPTED, now, now, Actor.CLIENT, said)
        records.append(accepted)


def _credit(records: Records, terms: Campaign, lead: Lead, now: datetime) -> None:
    """What a refund within its days leaves owed of a line that was billed already (rule 23)."""
    life = life_of(one.event for one in records.events(lead_id=lead.lead_id))
    bought = 0 if life.won is None else life.won.amount
    owed = fee(terms, bought, kept_share(life, terms))
    credit_refund(records, lead.lead_id, owed, now)


def _data(life: Life, terms: Campaign, outcome: Outcome, now: datetime) -> list[dict[str, Any]]:
    """What each event says: one, or one a month for revenue."""
    kind = outcome.kind
    final: dict[str, Any] = {}
    if pays(kind, terms) and outcome.actor is not Actor.CLIENT:
        final = {"final_at": show_time(deadline(terms, now))}
    if kind in WITH_MEETING:
        return [_meeting(life, terms, outcome, now) | final]
    if kind is Kind.CONTESTED:
        return [_contest(life, terms, outcome, now)]
    if kind in AFTER_MEETING:
        _check_begun(life, outcome)
    if kind is Kind.NO_SHOW and life.lead.appointment == "held":
        _check_objection(life, outcome, life.held, now)
    if kind not in WITH_AMOUNT:
        return [final]
    amount = _amount(terms, outcome)
    if kind is Kind.REFUNDED:
        return [_refund(life, terms, amount, outcome.occurred_at)]
    if kind is Kind.REVENUE:
        if outcome.period is None:
            raise Refused("say the first day that the revenue is for: --period 2026-12-01")
        _check_year(life, outcome.period, now)
        parts = periods(life, terms, amount, outcome.period, outcome.months)
        return [{**one, **final} for one in parts]
    return [{"amount": amount, **final}]


def _meeting(life: Life, terms: Campaign, outcome: Outcome, now: datetime) -> dict[str, Any]:
    at = outcome.meeting_at
    if at is None:
        raise Refused("say when the meeting is: --at TIME")
    if at < life.lead.received_at:
        raise Refused(f"lead {life.lead.lead_id}: a meeting cannot be before the lead came")
    _check_year(life, at.date(), now)
    if outcome.kind is Kind.MOVED and at == life.lead.meeting_at:
        raise Refused(f"lead {life.lead.lead_id}: the meeting is at that time already")
    return {
        "meeting_at": show_time(at),
        "taken_held_at": show_time(deadline(terms, max(at, now))),
    }


def _check_year(life: Life, day: date, now: datetime) -> None:
    if day > (now + FARTHEST).date():
        raise Refused(f"lead {life.lead.lead_id}: {day} is more than ten years ahead")


def _check_begun(life: Life, outcome: Outcome) -> None:
    """What comes of a meeting is known once it was to begin, and nothing is billed before."""
    begins = life.lead.meeting_at
    if begins is not None and outcome.occurred_at < begins:
        raise Refused(
            f"lead {life.lead.lead_id}: its meeting is at {show_time(begins)}, so it cannot be "
            f"{outcome.kind} before; if it was earlier, record that it was moved"
        )


def _contest(life: Life, terms: Campaign, outcome: Outcome, now: datetime) -> dict[str, Any]:
    reasons = terms.review.reasons
    if outcome.reason not in reasons:
        known = ", ".join(reasons)
        raise Refused(f"{outcome.reason!r} is no reason of {terms.slug}; it allows: {known}")
    held = life.held or _unanswered(life, outcome)
    standing = {"scheduled": life.booked, "held": held, "won": life.won}.get(terms.price.billable)
    said: dict[str, Any] = {"reason": outcome.reason, "track": Track.SALE.value}
    if terms.price.billable in {"scheduled", "held"}:
        said["track"] = Track.APPOINTMENT.value
    if terms.price.billable == "revenue":
        if outcome.period is None:
            raise Refused("say which period of revenue: its first day")
        said["period"] = outcome.period.isoformat()
        standing = life.revenue.get(said["period"])
    _check_objection(life, outcome, standing, now)
    return said


def _unanswered(life: Life, outcome: Outcome) -> Paying | None:
    """A meeting that has begun and of which nobody has spoken: silence will take it as held."""
    lead = life.lead
    begins, final = lead.meeting_at, lead.taken_held_at
    if lead.appointment != "scheduled" or begins is None or final is None:
        return None
    return Paying(begins, final) if begins <= outcome.occurred_at else None


def _check_objection(life: Life, outcome: Outcome, standing: Paying | None, now: datetime) -> None:
    """Rule 14: only the client, and strictly before the outcome is final."""
    lead_id = life.lead.lead_id
    if outcome.actor is not Actor.CLIENT and not outcome.on_behalf:
        raise Refused(f"lead {lead_id}: only the client can object; say --from client")
    if standing is None:
        raise Refused(f"lead {lead_id}: there is no paying outcome to object to")
    if standing.final_at <= now:
        ended = standing.final_at.strftime("%Y-%m-%d %H:%M:%S UTC")
        raise Refused(f"lead {lead_id}: that outcome has been final since {ended}")


def _amount(terms: Campaign, outcome: Outcome) -> int:
    amount = outcome.amount
    if amount is None or amount <= 0:
        raise Refused(f"say the amount of what was {outcome.kind}, net of tax: --amount 1200.00")
    if outcome.currency and outcome.currency != terms.currency:
        raise Refused(
            f"{terms.slug} counts in {terms.currency}: an amount in {outcome.currency} is not taken"
        )
    return minor_units(amount, terms.currency)


def _refund(life: Life, terms: Campaign, amount: int, on: datetime) -> dict[str, Any]:
    if any((refund.amount, refund.occurred_at) == (amount, on) for refund in life.refunds):
        raise Refused(
            f"lead {life.lead.lead_id}: a refund of {from_minor(amount, terms.currency)} of that "
            "very time is recorded already; if there were two, give each its own time"
        )
    won = 0 if life.won is None else life.won.amount
    left = won - sum(refund.amount for refund in life.refunds) - amount
    if life.won is not None and left < 0:
        most = from_minor(left + amount, terms.currency)
        raise Refused(f"lead {life.lead.lead_id}: at most {most} can be given back")
    return {"amount": amount, "left": left}
