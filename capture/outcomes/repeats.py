"""Records each outcome once (rule 38 of docs/rules.md).

A reference, the fact's id in the client's own system, decides if there is one. Without a
reference, a near duplicate is refused until the user says that it is a separate fact. Both checks
run in the transaction that writes, so they also hold for simultaneous requests (rule 32).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from capture.billing.history import split_by_month
from capture.billing.lines import minor_units
from capture.campaign.model import Campaign
from capture.errors import Refused
from capture.lead.events import Event, EventKind, show_time
from capture.lead.model import Lead
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import RecordedEvent
from capture.outcomes.record import (
    REFERENCE,
    WITH_AMOUNT,
    WITH_MEETING,
    WITH_PERIOD,
    Outcome,
    record_outcome,
)
from capture.review.acts import find_lead

MAX_YEAR: Final = 2999
"""The latest year of a period; a later one is a typing error."""

Fact = tuple[str, str, Any, Any, Any, Any]
"""Kind, time, meeting's time, amount in minor units, period, reason: as events hold them."""

MAX_GAP: Final = timedelta(days=1)
"""The most time between two reports of one fact: a system may know only the date."""

Content = tuple[object, ...]
"""A fact without its kind and time: meeting's time, amount, period, reason."""

_MEETINGS: Final = frozenset({EventKind.HELD, EventKind.NO_SHOW, EventKind.CANCELLED})
"""Results of a meeting; two are near duplicates only if the meeting is the same."""


def record_once(records: WriteTransaction, outcome: Outcome, now: datetime) -> Lead:
    """Records an outcome, or nothing if its reference is recorded; returns the lead.

    Raises `Refused` for other content under the reference, for a near duplicate, and as
    `record_outcome` does.
    """
    if find_recorded_outcome(records, outcome) is not None:
        return find_lead(records, outcome.lead_id)
    lead = find_lead(records, outcome.lead_id)
    _check_near_duplicate(records, lead, outcome)
    return record_outcome(records, outcome, now)


def find_recorded_outcome(reading: ReadTransaction, outcome: Outcome) -> RecordedEvent | None:
    """The event that recorded this fact, found by its reference; None if it is new.

    Raises `Refused` if the reference belongs to another fact.
    """
    reference = outcome.reference
    if not reference:
        return None
    if not re.fullmatch(REFERENCE, reference):
        raise Refused(
            "no valid reference: write the id that the client's own system gave the fact, "
            "1 to 80 letters, digits and signs of . _ : / # + = -"
        )
    lead = find_lead(reading, outcome.lead_id)
    matches = reading.events.by_reference(lead.client, outcome.kind, reference, test=lead.test)
    if not matches:
        return None
    terms = saved_campaign(reading, lead.campaign, lead.version)
    differences = list(_differences(outcome, terms, matches))
    if differences:
        raise Refused(
            f"reference {reference}: {outcome.kind} is recorded under it already, at "
            f"{show_time(matches[0].event.occurred_at)}, with another "
            f"{' and '.join(differences)}; a reference names one fact, so write the right one"
        )
    return matches[0]


def _differences(
    outcome: Outcome, terms: Campaign, matches: Sequence[RecordedEvent]
) -> Iterator[str]:
    """The names of the parts that differ from the fact under the same reference."""
    first = matches[0].event
    if first.lead_id != outcome.lead_id:
        yield f"lead ({first.lead_id})"
        return
    content = {_content(fact) for fact in facts_of(outcome, terms)}
    recorded = {_content(fact) for fact in facts_in(match.event for match in matches)}
    for index, name in enumerate(("meeting time", "amount", "period", "reason")):
        if {values[index] for values in content} != {values[index] for values in recorded}:
            yield name
    if outcome.currency not in {"", terms.currency}:
        yield "currency"
    if outcome.timed and abs(outcome.occurred_at - first.occurred_at) > MAX_GAP:
        yield "time"


def _check_near_duplicate(reading: ReadTransaction, lead: Lead, outcome: Outcome) -> None:
    """Raises `Refused` if the same content is recorded within a day: it may be the same fact."""
    if outcome.again or outcome.kind is EventKind.OBJECTED:  # a second objection changes no amount
        return
    terms = saved_campaign(reading, lead.campaign, lead.version)
    content = {_content(fact) for fact in facts_of(outcome, terms)}
    events = [recorded.event for recorded in reading.events.select(lead_id=lead.lead_id)]
    for event in _same_kind(events, outcome.kind):
        has_two_references = outcome.reference and event.data.get("reference")
        is_near = abs(event.occurred_at - outcome.occurred_at) <= MAX_GAP
        if is_near and not has_two_references and content & set(map(_content, facts_in([event]))):
            raise Refused(
                f"lead {lead.lead_id}: the same {outcome.kind} is recorded already, at "
                f"{show_time(event.occurred_at)}; if this is another one, say so (again), or give "
                "each its own reference from the client's system"
            )


def _same_kind(events: list[Event], kind: EventKind) -> list[Event]:
    """The reported events of a kind; for results of a meeting, those of the last meeting."""
    if kind in _MEETINGS:
        meetings = [event for event in events if event.kind in WITH_MEETING]
        last = meetings[-1].data["meeting_at"] if meetings else None
        first = next((event for event in meetings if event.data["meeting_at"] == last), None)
        events = events[events.index(first) :] if first else events
    return [event for event in events if event.kind is kind and not event.data.get("silence")]


# Facts: what happened and when, without who reported it. They come from the lead's events, so an
# outcome is recognised whether a table or a command recorded it.


def facts_of(outcome: Outcome, terms: Campaign) -> frozenset[Fact]:
    """The facts of the outcome's events: one, or one for each of its months."""
    return frozenset(_facts(outcome, terms))


def facts_in(events: Iterable[Event]) -> frozenset[Fact]:
    """The facts that a lead's events hold, including those the client objected to later."""
    return frozenset(
        _fact(
            event.kind,
            event.occurred_at,
            meeting_at=event.data.get("meeting_at"),
            amount=event.data.get("amount"),
            period=event.data.get("period"),
            reason=event.data.get("reason"),
        )
        for event in events
    )


def is_decided_by_silence(
    outcome: Outcome, lead: Lead, held_by_silence: bool, now: datetime
) -> bool:
    """Whether the outcome only confirms that the meeting was held, as silence decided (rule 14)."""
    begins = lead.meeting_at
    if outcome.kind is not EventKind.HELD or begins is None or outcome.occurred_at < begins:
        return False
    return lead.is_deemed_held_at(now) or (lead.appointment == "held" and held_by_silence)


def is_held_by_silence(events: Iterable[Event]) -> bool:
    """Whether silence, and not a report, decided last that the meeting was held."""
    held = [event for event in events if event.kind is EventKind.HELD]
    return bool(held) and bool(held[-1].data.get("silence"))


def _facts(outcome: Outcome, terms: Campaign) -> Iterator[Fact]:
    kind, time = outcome.kind, outcome.occurred_at
    if kind in WITH_MEETING and outcome.meeting_at is not None:
        yield _fact(kind, time, meeting_at=show_time(outcome.meeting_at))
    elif kind in WITH_PERIOD and outcome.amount is not None and outcome.period is not None:
        amount = minor_units(outcome.amount, terms.currency)
        # `record_outcome` refuses a mistyped year; its months cannot be split.
        months = outcome.months if outcome.period.year <= MAX_YEAR else 1
        for day, part in split_by_month(amount, outcome.period, months).items():
            yield _fact(kind, time, amount=part, period=day.isoformat())
    elif kind in WITH_AMOUNT and outcome.amount is not None:
        yield _fact(kind, time, amount=minor_units(outcome.amount, terms.currency))
    elif kind is EventKind.OBJECTED:
        period = outcome.period and outcome.period.isoformat()
        yield _fact(kind, time, reason=outcome.reason, period=period)
    else:
        yield _fact(kind, time)


def _fact(kind: EventKind, time: datetime, **values: Any) -> Fact:
    names = ("meeting_at", "amount", "period", "reason")
    return (kind.value, show_time(time), *(values.get(name) for name in names))  # type: ignore[return-value]


def _content(fact: Fact) -> Content:
    return fact[2:]
