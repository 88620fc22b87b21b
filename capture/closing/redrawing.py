"""Draws all closed statements again, in one pass over the leads.

Rule 26 of docs/rules.md. Each statement is drawn from its closing event and the events up to the
last one that it used, never from a projection. The lines are kept in a temporary file, so memory
does not grow with the number of leads.
"""

import pickle
import tempfile
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, count
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from capture.billing.history import LeadHistory, lead_history
from capture.billing.lines import DueKey, apply_money_cap, lines_for
from capture.billing.statement import (
    Counts,
    MetCriterion,
    ParkedLead,
    Parties,
    Statement,
    StatementLine,
    StatementPart,
)
from capture.campaign.model import Campaign
from capture.closing.close import (
    MonthAsOf,
    build_statement,
    statement_line,
    statement_part,
)
from capture.closing.drawing import (
    DueLine,
    LineQuery,
    VersionCache,
    due_key,
    due_lines,
    is_counted_free,
    is_counted_in_review,
    month_money_cap,
)
from capture.closing.months import (
    CampaignGroup,
    Closing,
    closed_groups,
    months_closed_before,
)
from capture.closing.parking import IMPOSSIBLE, reason_of
from capture.lead.model import Lead
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import RecordedEvent

# A temporary file for the lines of each statement.


Item = TypeVar("Item")

_MAX_ITEMS_IN_MEMORY: Final = 20_000


class Spool(Generic[Item]):
    """Items in groups by number; each group is read back in the order of adding."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self._unwritten: dict[int, list[Item]] = defaultdict(list)
        self._offsets: dict[int, list[int]] = defaultdict(list)
        self._count_in_memory = 0

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
        """Adds an item to a group."""
        self._unwritten[number].append(item)
        self._count_in_memory += 1
        if self._count_in_memory >= _MAX_ITEMS_IN_MEMORY:
            self._write()

    def items(self, number: int) -> Iterator[Item]:
        """The items of a group, in the order of adding."""
        self._write()
        for offset in self._offsets[number]:
            self._file.seek(offset)
            yield from pickle.load(self._file)  # noqa: S301 - this object wrote the file

    def _write(self) -> None:
        end = self._file.seek(0, 2)
        for number, items in self._unwritten.items():
            self._offsets[number].append(end)
            pickle.dump(items, self._file, pickle.HIGHEST_PROTOCOL)
            end = self._file.tell()
        self._unwritten.clear()
        self._count_in_memory = 0


# Statements drawn again.


_END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC)
_NEVER: Final = "9999-99"
"""The month of a line that no statement has billed; later than all others."""


@dataclass(frozen=True, slots=True)
class RedrawnMonth:
    """A closed month, drawn again from its events."""

    closing: Closing
    group: CampaignGroup
    parts: Sequence[StatementPart]

    @property
    def has_lines(self) -> bool:
        """Whether there is something to bill."""
        return any(part.lines for part in self.parts)

    def statement(self, reading: ReadTransaction, data: Mapping[str, Any]) -> Statement:
        """Its statement, with number and parties from the closing event."""
        closing = self.closing
        drawn = build_statement(
            reading,
            self.group,
            Parties.from_data(data["parties"]),
            MonthAsOf(closing.month, closing.closed_at, closing.last_event),
            self.parts,
        )
        head = reading.events.hash_of(closing.last_event)
        return replace(drawn, number=closing.number, chain_head=head)


@dataclass(frozen=True, slots=True)
class _ClosedPart:
    """One campaign of a closed month that is to be drawn again."""

    campaign: Campaign
    query: LineQuery
    parked: Sequence[ParkedLead]


@dataclass
class _LeadCounts:
    in_review: int = 0
    free_over_cap: int = 0


@dataclass(frozen=True, slots=True)
class _UncappedLine:
    """A line before the money cap is applied, with the key that decides its place."""

    key: DueKey
    line: StatementLine


def redraw(
    reading: ReadTransaction, closings: Sequence[Closing], unreadable: dict[str, str]
) -> Iterator[RedrawnMonth]:
    """Draws each of these months again, in the same order.

    Adds leads whose lines cannot be computed now to `unreadable`, with the reason.
    """
    groups = closed_groups(reading, closings)
    parts_by_month = [
        _parts_to_draw(closings, closing, group)
        for closing, group in zip(closings, groups, strict=True)
    ]
    parts = list(chain.from_iterable(parts_by_month))
    months = {closing.number: closing.month for closing in closings}
    with Spool[_UncappedLine]() as spool:
        scan = _Scan(reading, parts, months, spool)
        for recorded_events in reading.events.by_qualified_lead():
            scan.add_lead(recorded_events)
        unreadable |= scan.unreadable
        indexes = count()
        for closing, group in zip(closings, groups, strict=True):
            redrawn = [_redrawn_part(reading, scan, next(indexes)) for _ in group.campaigns]
            yield RedrawnMonth(closing, group, redrawn)


def _parts_to_draw(
    closings: Sequence[Closing], closing: Closing, group: CampaignGroup
) -> list[_ClosedPart]:
    of_account = {
        other.month: other
        for other in closings
        if (other.client, other.currency) == (closing.client, closing.currency)
    }
    month, closed_at = closing.month, closing.closed_at
    earlier = months_closed_before(of_account, month, closed_at)
    return [
        _ClosedPart(
            campaign,
            LineQuery(
                slug,
                month,
                closed_at,
                last=closing.last_event,
                closed=earlier,
                parked=closing.parked.get(slug, {}),
            ),
            [ParkedLead(*item) for item in closing.parked.get(slug, {}).items()],
        )
        for slug, campaign in group.campaigns.items()
    ]


class _Scan:
    """Collects the lines and counts of every campaign's months, lead by lead.

    An index is the position of a part in `parts`.
    """

    def __init__(
        self,
        reading: ReadTransaction,
        parts: Sequence[_ClosedPart],
        months: Mapping[str, str],
        spool: Spool[_UncappedLine],
    ) -> None:
        self.parts = parts
        self.versions = VersionCache(reading)
        self.counts = [_LeadCounts() for _ in parts]
        self.spool = spool
        self._reading = reading
        self._month_of_statement = months
        self._by_campaign: dict[str, list[int]] = defaultdict(list)
        for index in sorted(range(len(parts)), key=self._last_event):
            self._by_campaign[parts[index].query.campaign].append(index)
        self._shared_criteria: dict[str, Sequence[MetCriterion]] = {}
        self.unreadable: dict[str, str] = {}
        """Leads that were not parked and whose lines cannot be computed now, with the reason."""

    def _last_event(self, index: int) -> int:
        return self.parts[index].query.last or 0

    def add_lead(self, recorded_events: Sequence[RecordedEvent]) -> None:
        """Adds one lead to all parts of its campaign.

        The lead's history is computed once for all parts that see the same of its events.
        """
        indexes = self._by_campaign.get(recorded_events[0].event.campaign, [])
        starts = [
            bisect_left(indexes, recorded.sequence, key=self._last_event)
            for recorded in recorded_events
        ]
        ends = [*starts[1:], len(indexes)]
        for last, (start, end) in enumerate(zip(starts, ends, strict=True)):
            lead_id = recorded_events[0].event.lead_id
            among = [
                index
                for index in indexes[start:end]
                if lead_id not in self.parts[index].query.parked
            ]
            if among:
                try:
                    history = lead_history(each.event for each in recorded_events[: last + 1])
                    self._count(history.lead, among)
                    self._add_lines(history, among)
                except IMPOSSIBLE as error:
                    self.unreadable[str(lead_id)] = reason_of(error)

    def _count(self, lead: Lead, indexes: Sequence[int]) -> None:
        for index in indexes:
            query, counts = self.parts[index].query, self.counts[index]
            counts.in_review += is_counted_in_review(lead, query)
            counts.free_over_cap += is_counted_free(lead, query)
            if query.month >= lead.month and lead.review_at(query.as_of) != "qualified":
                return  # decided, and no later event in this range changes that

    def _add_lines(self, history: LeadHistory, indexes: Sequence[int]) -> None:
        lead_id = history.lead.lead_id
        terms = self.versions.get(history.lead.campaign, history.lead.version)
        lines = lines_for(history, terms, _END_OF_TIME)  # every line, whenever it falls due
        if not lines:
            return
        billed_in = {
            period: self._month_of_statement.get(statement, _NEVER)
            for statement, period in self._reading.statements.lines_of_lead(lead_id)
        }
        last_month = max(billed_in.get(line.period, _NEVER) for line in lines)
        for index in indexes:
            month = self.parts[index].query.month
            if month > last_month:
                return  # all lines are billed
            billed = {(lead_id, period) for period in billed_in if billed_in[period] < month}
            self._add_lines_of_month(history, terms, index, billed)

    def _add_lines_of_month(
        self, history: LeadHistory, terms: Campaign, index: int, billed: Set[tuple[str, str]]
    ) -> None:
        part = self.parts[index]
        for line in due_lines(history, terms, replace(part.query, billed=billed)):
            due = DueLine(line, history.lead.received_at, history.verdict, history.lead.consent)
            drawn = statement_line(due, part.campaign, part.query.month)
            # Equal criteria share one object, to save memory.
            criteria = self._shared_criteria.setdefault(repr(drawn.met), drawn.met)
            uncapped = _UncappedLine(due_key(line, history), replace(drawn, met=criteria))
            self.spool.add(index, uncapped)


def _redrawn_part(reading: ReadTransaction, scan: _Scan, index: int) -> StatementPart:
    part, lead_counts = scan.parts[index], scan.counts[index]
    uncapped_lines = list(scan.spool.items(index))
    by_key = {(item.key.lead_id, item.key.period): item.line for item in uncapped_lines}
    keys = [item.key for item in uncapped_lines]
    query = part.query
    money_cap = month_money_cap(keys, scan.versions, query.campaign)
    lines = [
        replace(by_key[key.lead_id, key.period], amount=key.amount, free_over_cap=key.free_over_cap)
        for key in apply_money_cap(keys, money_cap)
    ]
    over_cap = reading.campaigns.count_over_cap(query.campaign, query.month, query.last)
    counts = Counts(lead_counts.in_review, over_cap, lead_counts.free_over_cap)
    return statement_part(part.campaign, lines, counts, part.parked)
