"""Closed statements drawn again, all of them in one walk over the leads (rule 26).

Each is drawn from what its closing event says and the events up to the last one that it saw, never
from a lead's row. The lines wait in a file: what is held does not grow with the leads.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from capture.billing import DueKey, Life, draw, life_of, lines_for
from capture.campaign import Campaign
from capture.closing.close import bill_line, bill_of
from capture.closing.documents import Closing, earlier_months
from capture.closing.drawing import (
    DueLine,
    Terms,
    Wanted,
    counts_free,
    counts_in_review,
    due_lines,
    key_of,
    money_cap,
)
from capture.closing.spool import Spool
from capture.lead import Lead
from capture.ledger import Reading, Recorded
from capture.statement import Counts, Met, Parties, Statement, StatementLine
from capture.terms import kept_campaign

_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)
_NEVER: Final = "9999-99"
"""The month of what no statement has billed: after all others."""


@dataclass(frozen=True, slots=True)
class Redrawn:
    """A closed month as its events have it."""

    closing: Closing
    terms: Campaign
    wanted: Wanted
    lines: Sequence[StatementLine]
    counts: Counts

    def statement(self, reading: Reading, said: Mapping[str, Any]) -> Statement:
        """Its statement, from what the closing event says of its number and its parties."""
        both = Parties.from_data(said["parties"])
        bill = bill_of(reading, self.terms, both, self.wanted, self.lines, self.counts)
        head = reading.events.hash_of(self.closing.last_event)
        return replace(bill, number=self.closing.number, head=head)


@dataclass(frozen=True, slots=True)
class _Closed:
    """A closed month that is to be drawn again."""

    closing: Closing
    wanted: Wanted
    terms: Campaign


@dataclass
class _Counted:
    in_review: int = 0
    free: int = 0


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A line before the cap on money, with what decides about its place."""

    key: DueKey
    line: StatementLine


def redraw(reading: Reading, closings: Sequence[Closing]) -> Iterator[Redrawn]:
    """Each of these months as its events have it, in the same order."""
    closed = list(_closed(reading, closings))
    with Spool[_Drawn]() as spool:
        walk = _Walk(reading, closed, spool)
        for events in reading.events.by_qualified_lead():
            walk.take(events)
        for number, one in enumerate(closed):
            yield _finished(reading, walk, number, one)


def _closed(reading: Reading, closings: Sequence[Closing]) -> Iterator[_Closed]:
    months: dict[str, dict[str, Closing]] = defaultdict(dict)
    for one in closings:
        months[one.campaign][one.month] = one
    terms = {slug: _first_terms(reading, slug) for slug in months}
    for one in closings:
        slug, month, at = one.campaign, one.month, one.closed_at
        closed = earlier_months(months[slug], month, at)
        yield _Closed(one, Wanted(slug, month, at, last=one.last_event, closed=closed), terms[slug])


def _first_terms(reading: Reading, slug: str) -> Campaign:
    return kept_campaign(reading, slug, str(reading.campaigns.first_version(slug)))


class _Walk:
    """Gives each statement what a lead has for it, lead by lead."""

    def __init__(self, reading: Reading, closed: Sequence[_Closed], spool: Spool[_Drawn]) -> None:
        self.terms = Terms(reading)
        self.counted = [_Counted() for _ in closed]
        self.spool = spool
        self._reading = reading
        self._closed = closed
        self._months = {one.closing.number: one.wanted.month for one in closed}
        self._of: dict[str, list[int]] = defaultdict(list)
        for number in sorted(range(len(closed)), key=self._last):
            self._of[closed[number].wanted.campaign].append(number)
        self._met: dict[str, Sequence[Met]] = {}

    def _last(self, number: int) -> int:
        return self._closed[number].wanted.last or 0

    def take(self, events: Sequence[Recorded]) -> None:
        """Between two events a lead stands as it stood, whichever statement looks at it."""
        statements = self._of.get(events[0].event.campaign, [])
        seen = [bisect_left(statements, one.sequence, key=self._last) for one in events]
        for place, (first, end) in enumerate(zip(seen, [*seen[1:], len(statements)], strict=True)):
            if first < end:
                life = life_of(one.event for one in events[: place + 1])
                self._count(life.lead, statements[first:end])
                self._draw(life, statements[first:end])

    def _count(self, lead: Lead, statements: Sequence[int]) -> None:
        for number in statements:
            wanted, counted = self._closed[number].wanted, self.counted[number]
            counted.in_review += counts_in_review(lead, wanted)
            counted.free += counts_free(lead, wanted)
            if wanted.month >= lead.month and lead.review_at(wanted.as_of) != "qualified":
                return  # without another event it stays decided

    def _draw(self, life: Life, statements: Sequence[int]) -> None:
        terms = self.terms.of(life.lead.campaign, life.lead.version)
        lines = lines_for(life, terms, _FOR_EVER)  # among them is each that was ever due
        if not lines:
            return
        found = self._reading.statements.lines_of_lead(life.lead.lead_id)
        billed = {period: self._months.get(number, _NEVER) for number, period in found}
        last = max(billed.get(line.period, _NEVER) for line in lines)
        for number in statements:
            month = self._closed[number].wanted.month
            if month > last:
                return  # all of them are billed
            before = {(life.lead.lead_id, period) for period in billed if billed[period] < month}
            self._add(life, terms, number, before)

    def _add(self, life: Life, terms: Campaign, number: int, billed: Set[tuple[str, str]]) -> None:
        one = self._closed[number]
        for line in due_lines(life, terms, replace(one.wanted, billed=billed)):
            due = DueLine(line, life.lead.received_at, life.verdict, life.lead.consent)
            shown = bill_line(due, one.terms, one.wanted.month)
            met = self._met.setdefault(repr(shown.met), shown.met)  # mostly the same: kept once
            self.spool.add(number, _Drawn(key_of(line, life), replace(shown, met=met)))


def _finished(reading: Reading, walk: _Walk, number: int, one: _Closed) -> Redrawn:
    drawn = list(walk.spool.items(number))
    lines = {(each.key.lead_id, each.key.period): each.line for each in drawn}
    keys = [each.key for each in drawn]
    in_order = [
        replace(lines[key.lead_id, key.period], amount=key.amount, free=key.free)
        for key in draw(keys, money_cap(keys, walk.terms, one.closing.campaign))
    ]
    wanted, counted = one.wanted, walk.counted[number]
    over_cap = reading.campaigns.count_over_cap(wanted.campaign, wanted.month, wanted.last)
    counts = Counts(counted.in_review, over_cap, counted.free)
    return Redrawn(one.closing, one.terms, wanted, in_order, counts)
