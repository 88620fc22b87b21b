"""One fact, once (rule 38): records an outcome unless it is recorded already.

A reference, by which the client's own system knows the fact, decides if there is one. Without it a
near twin is refused until somebody says that it is another fact. Both are asked in the transaction
that writes, and writers queue (rule 32), so it holds for posts at one moment too.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from capture.campaign import Campaign
from capture.errors import Refused
from capture.lead import Event, Kind, Lead, show_time
from capture.ledger import Reading, Recorded, Records
from capture.outcomes.known import Fact, facts_in, facts_of
from capture.outcomes.record import REFERENCE, WITH_MEETING, Outcome, write_outcome
from capture.review import find_lead
from capture.terms import kept_campaign

NEAR: Final = timedelta(days=1)
"""Two systems that tell of one fact may give a time or the date alone."""

Content = tuple[object, ...]
"""What an outcome says, but for who says it and when it was: meeting, amount, period, reason."""

_MEETINGS: Final = frozenset({Kind.HELD, Kind.NO_SHOW, Kind.CANCELLED})
"""What becomes of a meeting is a twin only for the same meeting."""


def record(records: Records, outcome: Outcome, now: datetime) -> Lead:
    """Records an outcome; one that its reference shows to be known already writes nothing.

    Raises `Refused` for other content under the reference, for a near twin, and as
    `write_outcome` does.
    """
    if known_outcome(records, outcome) is not None:
        return find_lead(records, outcome.lead_id)
    lead = find_lead(records, outcome.lead_id)
    _check_twin(records, lead, outcome)
    return write_outcome(records, outcome, now)


def known_outcome(reading: Reading, outcome: Outcome) -> Recorded | None:
    """The event that recorded this very fact earlier, by its reference; None if it is new.

    Raises `Refused` if the reference stands for another fact.
    """
    reference = outcome.reference
    if not reference:
        return None
    if not re.fullmatch(REFERENCE, reference):
        raise Refused(
            "the reference is not one: write the id that the client's own system gave the fact, "
            "1 to 80 letters, digits and signs of . _ : / # + = -"
        )
    lead = find_lead(reading, outcome.lead_id)
    found = reading.events.by_reference(lead.client, outcome.kind, reference, test=lead.test)
    if not found:
        return None
    terms = kept_campaign(reading, lead.campaign, lead.version)
    differs = list(_differences(outcome, terms, found))
    if differs:
        raise Refused(
            f"reference {reference}: {outcome.kind} is recorded under it already, at "
            f"{show_time(found[0].event.occurred_at)}, with another {' and '.join(differs)}; a "
            "reference names one fact, so write the right one"
        )
    return found[0]


def _differences(outcome: Outcome, terms: Campaign, found: Sequence[Recorded]) -> Iterator[str]:
    """In what the outcome is not the one that was recorded under its reference."""
    first = found[0].event
    if first.lead_id != outcome.lead_id:
        yield f"lead ({first.lead_id})"
        return
    said = {_content(fact) for fact in facts_of(outcome, terms)}
    known = {_content(fact) for fact in facts_in(one.event for one in found)}
    for place, name in enumerate(("meeting time", "amount", "period", "reason")):
        if {one[place] for one in said} != {one[place] for one in known}:
            yield name
    if outcome.currency not in {"", terms.currency}:
        yield "currency"
    if outcome.timed and abs(outcome.occurred_at - first.occurred_at) > NEAR:
        yield "time"


def _check_twin(reading: Reading, lead: Lead, outcome: Outcome) -> None:
    """Raises `Refused` for what was recorded within a day already, and may be the same."""
    if outcome.again or outcome.kind is Kind.CONTESTED:  # to object twice costs nobody anything
        return
    terms = kept_campaign(reading, lead.campaign, lead.version)
    said = {_content(fact) for fact in facts_of(outcome, terms)}
    events = [one.event for one in reading.events.select(lead_id=lead.lead_id)]
    for event in _same_kind(events, outcome.kind):
        told_apart = outcome.reference and event.data.get("reference")
        near = abs(event.occurred_at - outcome.occurred_at) <= NEAR
        if near and not told_apart and said & set(map(_content, facts_in([event]))):
            raise Refused(
                f"lead {lead.lead_id}: the same {outcome.kind} is recorded already, at "
                f"{show_time(event.occurred_at)}; if this is another one, say so (again), or give "
                "each the reference of its own that the client's system has for it"
            )


def _same_kind(events: list[Event], kind: Kind) -> list[Event]:
    """The events of a kind that somebody told; of a meeting's end, those of the last meeting."""
    if kind in _MEETINGS:
        meetings = [one for one in events if one.kind in WITH_MEETING]
        last = meetings[-1].data["meeting_at"] if meetings else None
        begun = next((one for one in meetings if one.data["meeting_at"] == last), None)
        events = events[events.index(begun) :] if begun else events
    return [one for one in events if one.kind is kind and not one.data.get("silence")]


def _content(fact: Fact) -> Content:
    return fact[2:]
