"""Draws all closed statements again, in one pass over the leads, and checks them (rule 26).

Each is drawn from its closing event and the events up to the last one that it used, never from a
projection. The lines are kept in a temporary file, so memory does not grow with the leads.
"""

import pickle
import tempfile
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from capture.billing.account import Document, DocumentKind
from capture.billing.history import LeadHistory, lead_history
from capture.billing.lines import DueKey, apply_money_cap, lines_for
from capture.billing.statement import Counts, MetCriterion, Parties, Statement, StatementLine
from capture.billing.statement_text import fingerprint, parse_statement, statement_json
from capture.campaign.model import Campaign
from capture.closing.close import build_statement, closing_data, statement_line
from capture.closing.credit import corrections_of
from capture.closing.documents import (
    Closing,
    closed_months,
    document_number,
    documents_of,
    months_closed_before,
)
from capture.closing.drawing import (
    DueLine,
    LineQuery,
    VersionCache,
    due_lines,
    is_counted_free,
    is_counted_in_review,
    key_of,
    remaining_money_cap,
)
from capture.lead.events import EventKind
from capture.lead.model import Lead
from capture.ledger.facts import ClosedStatement, Recorded
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.text import canonical

# A temporary file for the lines that one pass over the leads collects for each statement.


Item = TypeVar("Item")

_HELD: Final = 20_000
"""Items in memory before they are written to the file."""


class Spool(Generic[Item]):
    """Items by number, read back in the order in which they were added."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed at this one's own exit
        self._waiting: dict[int, list[Item]] = defaultdict(list)
        self._places: dict[int, list[int]] = defaultdict(list)
        self._held = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, number: int, item: Item) -> None:
        """Adds an item under a number."""
        self._waiting[number].append(item)
        self._held += 1
        if self._held >= _HELD:
            self._write()

    def items(self, number: int) -> Iterator[Item]:
        """The items that were added under a number, in order."""
        self._write()
        for place in self._places[number]:
            self._file.seek(place)
            yield from pickle.load(self._file)  # noqa: S301 - written here, a moment ago

    def _write(self) -> None:
        end = self._file.seek(0, 2)
        for number, items in self._waiting.items():
            self._places[number].append(end)
            pickle.dump(items, self._file, pickle.HIGHEST_PROTOCOL)
            end = self._file.tell()
        self._waiting.clear()
        self._held = 0


_END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC)
_NEVER: Final = "9999-99"
"""The month of a line that no statement has billed; later than all others."""


@dataclass(frozen=True, slots=True)
class Redrawn:
    """A closed month, drawn again from its events."""

    closing: Closing
    terms: Campaign
    query: LineQuery
    lines: Sequence[StatementLine]
    counts: Counts

    def statement(self, reading: ReadTransaction, data: Mapping[str, Any]) -> Statement:
        """Its statement, with number and parties from the closing event."""
        parties = Parties.from_data(data["parties"])
        bill = build_statement(reading, self.terms, parties, self.query, self.lines, self.counts)
        head = reading.events.hash_of(self.closing.last_event)
        return replace(bill, number=self.closing.number, chain_head=head)


@dataclass(frozen=True, slots=True)
class _Closed:
    """A closed month that is to be drawn again."""

    closing: Closing
    query: LineQuery
    terms: Campaign


@dataclass
class _Counted:
    in_review: int = 0
    free_over_cap: int = 0


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A line before the cap on money, with the key that decides its place."""

    key: DueKey
    line: StatementLine


def redraw(reading: ReadTransaction, closings: Sequence[Closing]) -> Iterator[Redrawn]:
    """Draws each of these months again, in the same order."""
    closed = list(_closed(reading, closings))
    with Spool[_Drawn]() as spool:
        scan = _Scan(reading, closed, spool)
        for events in reading.events.by_qualified_lead():
            scan.take(events)
        for number, one in enumerate(closed):
            yield _redrawn(reading, scan, number, one)


def _closed(reading: ReadTransaction, closings: Sequence[Closing]) -> Iterator[_Closed]:
    months: dict[str, dict[str, Closing]] = defaultdict(dict)
    for one in closings:
        months[one.campaign][one.month] = one
    terms = {slug: _first_terms(reading, slug) for slug in months}
    for one in closings:
        slug, month, at = one.campaign, one.month, one.closed_at
        closed = months_closed_before(months[slug], month, at)
        yield _Closed(
            one, LineQuery(slug, month, at, last=one.last_event, closed=closed), terms[slug]
        )


def _first_terms(reading: ReadTransaction, slug: str) -> Campaign:
    return saved_campaign(reading, slug, str(reading.campaigns.first_version(slug)))


class _Scan:
    """Collects the lines and counts of every statement, lead by lead."""

    def __init__(
        self, reading: ReadTransaction, closed: Sequence[_Closed], spool: Spool[_Drawn]
    ) -> None:
        self.terms = VersionCache(reading)
        self.counted = [_Counted() for _ in closed]
        self.spool = spool
        self._reading = reading
        self._closed = closed
        self._months = {one.closing.number: one.query.month for one in closed}
        self._by_campaign: dict[str, list[int]] = defaultdict(list)
        for number in sorted(range(len(closed)), key=self._last):
            self._by_campaign[closed[number].query.campaign].append(number)
        self._met: dict[str, Sequence[MetCriterion]] = {}

    def _last(self, number: int) -> int:
        return self._closed[number].query.last or 0

    def take(self, events: Sequence[Recorded]) -> None:
        """Adds one lead to every statement; folds it once for statements with the same cut."""
        statements = self._by_campaign.get(events[0].event.campaign, [])
        seen = [bisect_left(statements, one.sequence, key=self._last) for one in events]
        for place, (first, end) in enumerate(zip(seen, [*seen[1:], len(statements)], strict=True)):
            if first < end:
                history = lead_history(one.event for one in events[: place + 1])
                self._count(history.lead, statements[first:end])
                self._draw(history, statements[first:end])

    def _count(self, lead: Lead, statements: Sequence[int]) -> None:
        for number in statements:
            query, counted = self._closed[number].query, self.counted[number]
            counted.in_review += is_counted_in_review(lead, query)
            counted.free_over_cap += is_counted_free(lead, query)
            if query.month >= lead.month and lead.review_at(query.as_of) != "qualified":
                return  # decided, and no later event in this range changes that

    def _draw(self, history: LeadHistory, statements: Sequence[int]) -> None:
        terms = self.terms.of(history.lead.campaign, history.lead.version)
        lines = lines_for(history, terms, _END_OF_TIME)  # every line, whenever it falls due
        if not lines:
            return
        found = self._reading.statements.lines_of_lead(history.lead.lead_id)
        billed = {period: self._months.get(number, _NEVER) for number, period in found}
        last = max(billed.get(line.period, _NEVER) for line in lines)
        for number in statements:
            month = self._closed[number].query.month
            if month > last:
                return  # all lines are billed
            before = {(history.lead.lead_id, period) for period in billed if billed[period] < month}
            self._add(history, terms, number, before)

    def _add(
        self, history: LeadHistory, terms: Campaign, number: int, billed: Set[tuple[str, str]]
    ) -> None:
        one = self._closed[number]
        for line in due_lines(history, terms, replace(one.query, billed=billed)):
            due = DueLine(line, history.lead.received_at, history.verdict, history.lead.consent)
            shown = statement_line(due, one.terms, one.query.month)
            met = self._met.setdefault(repr(shown.met), shown.met)  # equal ones share one object
            self.spool.add(number, _Drawn(key_of(line, history), replace(shown, met=met)))


def _redrawn(reading: ReadTransaction, scan: _Scan, number: int, one: _Closed) -> Redrawn:
    drawn = list(scan.spool.items(number))
    lines = {(each.key.lead_id, each.key.period): each.line for each in drawn}
    keys = [each.key for each in drawn]
    in_order = [
        replace(lines[key.lead_id, key.period], amount=key.amount, free_over_cap=key.free_over_cap)
        for key in apply_money_cap(
            keys, remaining_money_cap(keys, scan.terms, one.closing.campaign)
        )
    ]
    query, counted = one.query, scan.counted[number]
    over_cap = reading.campaigns.count_over_cap(query.campaign, query.month, query.last)
    counts = Counts(counted.in_review, over_cap, counted.free_over_cap)
    return Redrawn(one.closing, one.terms, query, in_order, counts)


# Checks of every document: statements drawn again, numbers without gaps, credits within lines.


def check_documents(reading: ReadTransaction) -> list[str]:
    """One line for each fault; empty if all documents agree with their events."""
    statement_faults = list(_month_faults(reading)) or list(_line_faults(reading))
    return [*statement_faults, *_number_faults(documents_of(reading)), *_credit_faults(reading)]


def _month_faults(reading: ReadTransaction) -> Iterator[str]:
    """Faults of closed months; holds the text of one statement at a time."""
    data = {
        one.event.data["number"]: one.event.data
        for one in reading.events.of_account()
        if one.event.kind is EventKind.CLOSED and "number" in one.event.data
    }
    for number in reading.statements.numbers():
        if number not in data:
            yield f"statement {number}: differs from the event that closed it"
    closings = closed_months(reading)
    for closing, drawn in zip(closings, redraw(reading, closings), strict=True):
        if closing.number:
            yield from _statement_faults(reading, closing, data[closing.number], drawn)
        elif drawn.lines:
            yield (
                f"{closing.campaign}, {closing.month}: closed without a statement, "
                "but there is something to bill"
            )


def _statement_faults(
    reading: ReadTransaction, closing: Closing, data: Mapping[str, Any], drawn: Redrawn
) -> Iterator[str]:
    closed_statement = reading.statements.get(closing.number)
    if closed_statement is None:
        yield f"statement {closing.number}: it is missing, although its month is closed"
        return
    if data["sha256"] != closed_statement.sha256 or not _same_month(closed_statement, closing):
        yield f"statement {closed_statement.number}: differs from the event that closed it"
        return
    bill = drawn.statement(reading, data)
    same_event = canonical(closing_data(bill, closed_statement.sha256)) == canonical(data)
    if statement_json(bill) != closed_statement.json or not same_event:
        yield f"statement {closed_statement.number}: drawn again, its bytes differ"
    elif fingerprint(closed_statement.json) != closed_statement.sha256:
        yield f"statement {closed_statement.number}: its SHA-256 is not that of its bytes"


def _same_month(closed_statement: ClosedStatement, closing: Closing) -> bool:
    of = (closing.client, closing.campaign, closing.month, closing.closed_at)
    return (
        closed_statement.client,
        closed_statement.campaign,
        closed_statement.month,
        closed_statement.closed_at,
    ) == of


def _line_faults(reading: ReadTransaction) -> Iterator[str]:
    """Rule 20: the table that keeps a line from being billed twice agrees with the statements."""
    for lead_id, period, number in reading.statements.mismatched_lines():
        line = f"its line of lead {lead_id} {period}".rstrip()
        yield f"statement {number}: {line} differs from what keeps it from being billed twice"


def _number_faults(documents: list[Document]) -> Iterator[str]:
    """Rule 27: each client's numbers have no gaps and no repeats."""
    places: Counter[str] = Counter()
    for document in documents:
        places[document.client] += 1
        expected = document_number(document.client, places[document.client])
        if document.number != expected:
            yield f"{document.kind} {document.number}: its number should be {expected}"


def _credit_faults(reading: ReadTransaction) -> Iterator[str]:
    """Rule 27: the credits of a line never exceed the line plus its debit notes."""
    results = corrections_of(reading)
    left: Counter[tuple[str, str, str]] = Counter()
    for closed_statement in map(reading.statements.get, sorted({one.statement for one in results})):
        if (
            closed_statement is None
            or fingerprint(closed_statement.json) != closed_statement.sha256
        ):
            continue
        for line in parse_statement(closed_statement.json).lines:
            left[closed_statement.number, line.lead_id, line.period] = line.amount
    for one in results:
        key = (one.statement, one.lead_id, one.period)
        left[key] += -one.amount if one.kind is DocumentKind.CREDIT else one.amount
        if left[key] < 0:
            yield f"credit note {one.number}: more than was left of its line"
