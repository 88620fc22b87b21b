"""By what an outcome is known again: what happened and when, not who told it.

The events of a lead tell it, so that an outcome is known however it was recorded, by a table or by
a command, and for ever.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from capture.billing import minor_units, split
from capture.campaign import Campaign
from capture.lead import Event, Kind, Lead, show_time
from capture.outcomes.record import WITH_AMOUNT, WITH_MEETING, WITH_PERIOD, Outcome

LAST_YEAR: Final = 2999
"""Of a period that somebody may mean."""

Fact = tuple[str, str, Any, Any, Any, Any]
"""Kind, time, meeting's time, amount in minor units, period, reason: as events hold them."""


def facts_of(outcome: Outcome, terms: Campaign) -> frozenset[Fact]:
    """What the outcome's events would say: one fact, or one for each month that it names."""
    return frozenset(_facts(outcome, terms))


def facts_in(events: Iterable[Event]) -> frozenset[Fact]:
    """What a lead's events say already; also what was contested later, and so was heard once."""
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


def says_nothing_new(outcome: Outcome, lead: Lead, held_by_silence: bool, now: datetime) -> bool:
    """Whether it confirms what silence has said before: that the meeting was held (rule 14)."""
    begins = lead.meeting_at
    if outcome.kind is not Kind.HELD or begins is None or outcome.occurred_at < begins:
        return False
    return lead.is_taken_held_at(now) or (lead.appointment == "held" and held_by_silence)


def held_by_silence(events: Iterable[Event]) -> bool:
    """Whether the last word on the meeting is what silence said of it."""
    words = [event for event in events if event.kind is Kind.HELD]
    return bool(words) and bool(words[-1].data.get("silence"))


def _facts(outcome: Outcome, terms: Campaign) -> Iterator[Fact]:
    kind, on = outcome.kind, outcome.occurred_at
    if kind in WITH_MEETING and outcome.meeting_at is not None:
        yield _fact(kind, on, meeting_at=show_time(outcome.meeting_at))
    elif kind in WITH_PERIOD and outcome.amount is not None and outcome.period is not None:
        amount = minor_units(outcome.amount, terms.currency)
        # A mistyped year is refused where the outcome is recorded; months beyond it are none.
        months = outcome.months if outcome.period.year <= LAST_YEAR else 1
        for day, part in split(amount, outcome.period, months).items():
            yield _fact(kind, on, amount=part, period=day.isoformat())
    elif kind in WITH_AMOUNT and outcome.amount is not None:
        yield _fact(kind, on, amount=minor_units(outcome.amount, terms.currency))
    elif kind is Kind.CONTESTED:
        period = outcome.period and outcome.period.isoformat()
        yield _fact(kind, on, reason=outcome.reason, period=period)
    else:
        yield _fact(kind, on)


def _fact(kind: Kind, on: datetime, **said: Any) -> Fact:
    names = ("meeting_at", "amount", "period", "reason")
    return (kind.value, show_time(on), *(said.get(name) for name in names))  # type: ignore[return-value]
