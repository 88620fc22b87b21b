"""A month drawn the slow way, from every lead that ever came, to hold the quick way against."""

from collections.abc import Iterator
from datetime import datetime

from capture.billing.history import LeadHistory, lead_history
from capture.billing.lines import DueKey, apply_money_cap
from capture.billing.statement import Counts
from capture.closing.documents import closings_of, months_closed_before
from capture.closing.drawing import (
    LineQuery,
    VersionCache,
    count_leads,
    due_lines,
    is_counted_free,
    is_counted_in_review,
    key_of,
    remaining_money_cap,
    select_lines,
)
from capture.ledger.protocol import ReadTransaction


def assert_drawn_as_from_every_lead(
    reading: ReadTransaction, slug: str, month: str, as_of: datetime
) -> None:
    """Exports, previews and closed statements of a month, seen as of a time."""
    for wanted in _looks(reading, slug, month, as_of):
        keys, counts = _from_every_lead(reading, wanted)
        assert select_lines(reading, wanted)._keys == keys, wanted
        assert count_leads(reading, wanted) == counts, wanted


def _looks(reading: ReadTransaction, slug: str, month: str, as_of: datetime) -> Iterator[LineQuery]:
    closings, billed = closings_of(reading, slug), reading.statements.billed_before(slug, month)
    closed = months_closed_before(closings, month, as_of)
    yield LineQuery(slug, month, as_of, until=as_of, closed=closed, billed=billed)
    sequence, _ = reading.events.head(until=as_of)
    yield LineQuery(slug, month, as_of, last=sequence, closed=closed, billed=billed)
    if month in closings:
        closing = closings[month]
        closed = months_closed_before(closings, month, closing.closed_at)
        at, last = closing.closed_at, closing.last_event
        yield LineQuery(slug, month, at, None, last, closed, billed, closing.number)


def _from_every_lead(reading: ReadTransaction, wanted: LineQuery) -> tuple[list[DueKey], Counts]:
    terms, due, review, free = VersionCache(reading), [], 0, 0
    for history in _lives(reading, wanted):
        lines = due_lines(history, terms.of(wanted.campaign, history.lead.version), wanted)
        due += [key_of(line, history) for line in lines]
        review += is_counted_in_review(history.lead, wanted)
        free += is_counted_free(history.lead, wanted)
    over_cap = reading.campaigns.count_over_cap(wanted.campaign, wanted.month, wanted.last)
    return apply_money_cap(due, remaining_money_cap(due, terms, wanted.campaign)), Counts(
        review, over_cap, free
    )


def _lives(reading: ReadTransaction, wanted: LineQuery) -> Iterator[LeadHistory]:
    for events in reading.events.by_qualified_lead():
        seen = [
            one.event
            for one in events
            if (wanted.last is None or one.sequence <= wanted.last)
            and (wanted.until is None or one.event.recorded_at <= wanted.until)
        ]
        if seen and seen[0].campaign == wanted.campaign:
            yield lead_history(seen)
