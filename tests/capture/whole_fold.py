"""A month drawn the slow way, from every lead that ever came, to hold the quick way against."""

from collections.abc import Iterator
from datetime import datetime

from capture.billing.history import Life, life_of
from capture.billing.lines import DueKey, draw
from capture.billing.statement import Counts
from capture.closing.documents import closings_of, earlier_months
from capture.closing.drawing import (
    Terms,
    Wanted,
    count_leads,
    counts_free,
    counts_in_review,
    draw_lines,
    due_lines,
    key_of,
    money_cap,
)
from capture.ledger.protocol import Reading


def assert_drawn_as_from_every_lead(
    reading: Reading, slug: str, month: str, as_of: datetime
) -> None:
    """Exports, previews and closed statements of a month, seen as of a time."""
    for wanted in _looks(reading, slug, month, as_of):
        keys, counts = _from_every_lead(reading, wanted)
        assert draw_lines(reading, wanted)._keys == keys, wanted
        assert count_leads(reading, wanted) == counts, wanted


def _looks(reading: Reading, slug: str, month: str, as_of: datetime) -> Iterator[Wanted]:
    closings, billed = closings_of(reading, slug), reading.statements.billed_before(slug, month)
    closed = earlier_months(closings, month, as_of)
    yield Wanted(slug, month, as_of, until=as_of, closed=closed, billed=billed)
    sequence, _ = reading.events.head(until=as_of)
    yield Wanted(slug, month, as_of, last=sequence, closed=closed, billed=billed)
    if month in closings:
        closing = closings[month]
        closed = earlier_months(closings, month, closing.closed_at)
        at, last = closing.closed_at, closing.last_event
        yield Wanted(slug, month, at, None, last, closed, billed, closing.number)


def _from_every_lead(reading: Reading, wanted: Wanted) -> tuple[list[DueKey], Counts]:
    terms, due, review, free = Terms(reading), [], 0, 0
    for life in _lives(reading, wanted):
        lines = due_lines(life, terms.of(wanted.campaign, life.lead.version), wanted)
        due += [key_of(line, life) for line in lines]
        review += counts_in_review(life.lead, wanted)
        free += counts_free(life.lead, wanted)
    over_cap = reading.campaigns.count_over_cap(wanted.campaign, wanted.month, wanted.last)
    return draw(due, money_cap(due, terms, wanted.campaign)), Counts(review, over_cap, free)


def _lives(reading: Reading, wanted: Wanted) -> Iterator[Life]:
    for events in reading.events.by_qualified_lead():
        seen = [
            one.event
            for one in events
            if (wanted.last is None or one.sequence <= wanted.last)
            and (wanted.until is None or one.event.recorded_at <= wanted.until)
        ]
        if seen and seen[0].campaign == wanted.campaign:
            yield life_of(seen)
