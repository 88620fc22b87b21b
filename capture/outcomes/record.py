"""Records what happened after a lead was delivered: its meeting, sale, revenue (10, 14, 22).

Each act is one event with its own time and author. A paying outcome that the agency records
carries the time at which it becomes final; until then the client may contest it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final

from capture.billing.history import Life, Paying, Refund, life_of
from capture.billing.lines import is_acceptance, minor_units, pays
from capture.billing.reversals import day_of
from capture.campaign.model import Campaign
from capture.closing.credit import CHURN, REFUND, credit_what_ended
from capture.errors import Hint, Refused
from capture.lead.events import ON_BEHALF_OF, Actor, Event, Kind, show_time
from capture.lead.model import Lead
from capture.lead.moves import Track
from capture.lead.review_window import deadline
from capture.ledger.facts import Note
from capture.ledger.protocol import Records
from capture.ledger.terms import kept_campaign
from capture.outcomes.revenue import check_unbilled, periods, refunds
from capture.review import find_lead, write_meeting
from capture.text import is_blank, trimmed

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
WITH_PERIOD: Final = frozenset({Kind.REVENUE, Kind.REFUNDED})
"""What may be for several months, and is then split by month."""
AFTER_MEETING: Final = frozenset({Kind.HELD, Kind.NO_SHOW})
AFTER_SALE: Final = frozenset({Kind.WON, Kind.CHURNED, Kind.REFUNDED})
"""What has a sale before it; `won` if it is a return."""
ENDING: Final = AFTER_MEETING | {Kind.MOVED, Kind.CANCELLED}
"""What can become of a meeting until silence has said that it was held (rule 14)."""
WITH_MEETING: Final = frozenset({Kind.SCHEDULED, Kind.MOVED})
GIVES_BACK: Final = {Kind.REFUNDED: REFUND, Kind.CHURNED: CHURN}
"""What may credit lines that were billed already, with the reason on the credit note."""

REFERENCE: Final = r"[A-Za-z0-9][A-Za-z0-9._:/#+=-]{0,79}"
"""Letters, digits and a few signs: ids, and neither names nor e-mail addresses (rule 31)."""


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
    """First day of the month that revenue or a refund in part is for."""
    months: int = 1
    """How many months it is for; it is split by month (rules 22 and 37)."""
    reason: str = ""
    """contested: one of the campaign's codes."""
    note: str = ""
    reference: str = ""
    """The id that the client's own system gave this very fact (rule 38)."""
    again: bool = False
    """It is another fact, though one much like it is recorded (rule 38)."""
    timed: bool = True
    """Somebody said when it happened; else it is taken to have happened when it is recorded."""
    on_behalf: bool = False
    """The agency enters it for the client (rule 41): it is the agency's word, and marked so."""


def write_outcome(records: Records, outcome: Outcome, now: datetime) -> Lead:
    """Records one outcome as a new fact; `once.record` finds out whether it is new.

    Raises `MoveRefused`, or `Refused` with what to write instead.
    """
    found = find_lead(records, outcome.lead_id)
    lead = write_meeting(records, found, now)
    terms = kept_campaign(records, lead.campaign, lead.version)
    life = life_of(one.event for one in records.events.select(lead_id=lead.lead_id))
    if is_blank(outcome.by):
        raise Refused("say who records it", Hint.BY)
    if not lead.received_at <= outcome.occurred_at <= now:
        raise Refused(
            f"lead {lead.lead_id}: {outcome.kind} at {show_time(outcome.occurred_at)} lies before "
            "its receipt or in the time to come; say when it happened"
        )
    if outcome.kind in ENDING and lead is not found:
        raise Refused(f"lead {lead.lead_id}: its meeting was taken as held already, by silence")
    by = records.people.pseudonym(lead.client, outcome.by)
    said = {"by": by}
    if outcome.on_behalf:
        said[ON_BEHALF_OF] = Actor.CLIENT.value
    if outcome.reference:
        said["reference"] = outcome.reference
    found_data = _data(life, terms, outcome, now)
    if outcome.kind is Kind.REVENUE:
        check_unbilled(records, life, terms, found_data)
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
    records.people.keep_note(note)
    if outcome.kind in GIVES_BACK:
        credit_what_ended(records, terms, lead.lead_id, GIVES_BACK[outcome.kind], now)
    return find_lead(records, lead.lead_id)


def _accept(records: Records, lead: Lead, cause: Kind, by: str, now: datetime) -> None:
    """Rule 41: who says that a lead paid accepts it, unless it is accepted already."""
    objects = lead.review == "rejected" and lead.entered and lead.deadline and now < lead.deadline
    if lead.review_at(now) == "qualified" or objects:
        said = {"by": by, "cause": cause.value}
        accepted = Event(lead.campaign, lead.lead_id, Kind.ACCEPTED, now, now, Actor.CLIENT, said)
        records.append(accepted)


def _data(life: Life, terms: Campaign, outcome: Outcome, now: datetime) -> list[dict[str, Any]]:
    """What each event says: one, or one a month for revenue."""
    kind = outcome.kind
    final: dict[str, Any] = {}
    returns = kind is Kind.WON and life.won is not None  # which pays nothing (rule 37)
    if pays(kind, terms) and outcome.actor is not Actor.CLIENT and not returns:
        final = {"final_at": show_time(deadline(terms, now))}
    if kind in WITH_MEETING:
        return [_meeting(life, terms, outcome, now) | final]
    if kind is Kind.CONTESTED:
        return [_contest(life, terms, outcome, now)]
    if kind in AFTER_MEETING:
        _check_begun(life, outcome)
    if kind is Kind.NO_SHOW and life.lead.appointment == "held":
        _check_objection(life, outcome, life.held, now)
    if kind in AFTER_SALE:
        _check_after_sale(life, terms, outcome)
    if kind not in WITH_AMOUNT:
        return [final]
    amount = _amount(terms, outcome)
    if kind is Kind.REFUNDED:
        refund = Refund(outcome.occurred_at, amount)
        return refunds(life, terms, refund, outcome.period, outcome.months)
    if kind is Kind.REVENUE:
        if outcome.period is None:
            raise Refused("say the first day that the revenue is for", Hint.PERIOD)
        _check_year(life, outcome.period, now)
        parts = periods(life, terms, amount, outcome.period, outcome.months)
        return [{**one, **final} for one in parts]
    return [{"amount": amount, **final}]


def _meeting(life: Life, terms: Campaign, outcome: Outcome, now: datetime) -> dict[str, Any]:
    at = outcome.meeting_at
    if at is None:
        raise Refused("say when the meeting is", Hint.MEETING)
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


def _check_after_sale(life: Life, terms: Campaign, outcome: Outcome) -> None:
    """Whoever leaves, returns or is paid back was a customer before, to the day (rule 37)."""
    what, since = "the sale was won", life.won and life.won.occurred_at
    if outcome.kind is Kind.WON:
        what, since = "the customer left", life.churned_at
    elif outcome.kind is Kind.CHURNED and life.absences and life.absences[-1].returned:
        what, since = "the customer returned", life.absences[-1].returned.occurred_at
    if since and day_of(outcome.occurred_at, terms) < day_of(since, terms):
        raise Refused(
            f"lead {life.lead.lead_id}: {outcome.kind} on {day_of(outcome.occurred_at, terms)} "
            f"lies before {what} on {day_of(since, terms)}; say when it happened"
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
            raise Refused("say which period of revenue: its first day", Hint.PERIOD)
        said["period"] = outcome.period.isoformat()
        amounts = life.revenue.get(said["period"], ())
        standing = max(amounts, key=attrgetter("final_at"), default=None)
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
        raise Refused(f"lead {lead_id}: only the client can object", Hint.FROM_CLIENT)
    if standing is None:
        raise Refused(f"lead {lead_id}: there is no paying outcome to object to")
    if standing.final_at <= now:
        ended = standing.final_at.strftime("%Y-%m-%d %H:%M:%S UTC")
        raise Refused(f"lead {lead_id}: that outcome has been final since {ended}")


def _amount(terms: Campaign, outcome: Outcome) -> int:
    amount = outcome.amount
    if amount is None or amount <= 0:
        raise Refused(f"say the amount of what was {outcome.kind}, net of tax", Hint.AMOUNT)
    if outcome.currency and outcome.currency != terms.currency:
        raise Refused(
            f"{terms.slug} counts in {terms.currency}: an amount in {outcome.currency} is not taken"
        )
    return minor_units(amount, terms.currency)
