"""Draws a month from the events of every lead, and compares that with the product's selection."""

from collections.abc import Iterator
from datetime import datetime

from capture.billing.history import LeadHistory, lead_history
from capture.billing.lines import DueKey, apply_money_cap
from capture.billing.statement import Counts
from capture.closing.drawing import (
    LineQuery,
    VersionCache,
    count_leads,
    due_key,
    due_lines,
    is_counted_free,
    is_counted_in_review,
    month_money_cap,
    select_lines,
)
from capture.closing.months import closings_of, group_of, months_closed_before
from capture.ledger.protocol import ReadTransaction


def assert_drawn_as_from_every_lead(
    reading: ReadTransaction, slug: str, month: str, as_of: datetime
) -> None:
    """Asserts that export, preview and closed statement have the lines and counts of that draw."""
    for query in _queries(reading, slug, month, as_of):
        keys, counts = _draw_from_every_lead(reading, query)
        assert select_lines(reading, query).keys == keys, query
        assert count_leads(reading, query) == counts, query


def _queries(
    reading: ReadTransaction, slug: str, month: str, as_of: datetime
) -> Iterator[LineQuery]:
    group = group_of(reading, slug, as_of)
    if group is None:
        return
    closings = closings_of(reading, group)
    billed = reading.statements.billed_before(group.client, group.currency, month)
    closed = months_closed_before(closings, month, as_of)
    yield LineQuery(slug, month, as_of, until=as_of, closed=closed, billed=billed)
    sequence, _ = reading.events.head(until=as_of)
    yield LineQuery(slug, month, as_of, last=sequence, closed=closed, billed=billed)
    if month in closings:
        closing = closings[month]
        closed = months_closed_before(closings, month, closing.closed_at)
        at, last = closing.closed_at, closing.last_event
        parked = closing.parked.get(slug, {})
        yield LineQuery(slug, month, at, None, last, closed, billed, closing.number, parked)


def _draw_from_every_lead(
    reading: ReadTransaction, query: LineQuery
) -> tuple[list[DueKey], Counts]:
    terms, keys, in_review, free = VersionCache(reading), [], 0, 0
    for history in _histories(reading, query):
        lines = due_lines(history, terms.get(query.campaign, history.lead.version), query)
        keys += [due_key(line, history) for line in lines]
        in_review += is_counted_in_review(history.lead, query)
        free += is_counted_free(history.lead, query)
    over_cap = reading.campaigns.count_over_cap(query.campaign, query.month, query.last)
    money_cap = month_money_cap(keys, terms, query.campaign)
    return apply_money_cap(keys, money_cap), Counts(in_review, over_cap, free)


def _histories(reading: ReadTransaction, query: LineQuery) -> Iterator[LeadHistory]:
    for recorded_events in reading.events.by_qualified_lead():
        events = [
            recorded.event
            for recorded in recorded_events
            if (query.last is None or recorded.sequence <= query.last)
            and (query.until is None or recorded.event.recorded_at <= query.until)
        ]
        is_drawn = events and events[0].lead_id not in query.parked
        if is_drawn and events[0].campaign == query.campaign:
            yield lead_history(events)
