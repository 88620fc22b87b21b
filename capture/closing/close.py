"""Closes a month: draws its statement, numbers it, saves it for good (rules 25 to 27).

A statement depends only on the events up to a sequence number and on the statements closed
before it, so it can always be drawn again. `draw_month` gives the month's leads for the export.
"""

from collections.abc import Collection, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from capture.billing.statement import Counts, MetCriterion, Parties, Statement, StatementLine
from capture.billing.statement_text import fingerprint, parse_statement, statement_json
from capture.campaign.model import Campaign
from capture.closing.documents import (
    Closing,
    carried_forward,
    closings_of,
    find_closed_statement,
    months_closed_before,
    next_number,
)
from capture.closing.drawing import DueLine, DueLines, LineQuery, count_leads, select_lines
from capture.errors import Hint, Refused
from capture.lead.events import Actor, Event, EventKind
from capture.lead.review_window import month_of
from capture.ledger.facts import ClosedStatement, PersonalData
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.terms import saved_campaign
from capture.money import MAX_SUM, check_amount, from_minor
from capture.review import UNDO, record_held_meetings, record_lapses


def preview_statement(
    reading: ReadTransaction, campaign: Campaign, parties: Parties, month: str, as_of: datetime
) -> Statement:
    """The month's statement as it would be drawn at `as_of`, without a number (rule 28).

    Raises `Refused` for a month that was closed by then; its statement has the figures.
    """
    closings = closings_of(reading, campaign.slug)
    if month in closings and closings[month].closed_at <= as_of:
        number = closings[month].number
        raise Refused(
            f"{month} is closed: its statement is {number}"
            if number
            else f"{month} is closed: it had nothing to bill, so it has no statement",
            Hint.STATEMENT if number else None,
            number=number,
        )
    sequence, head = reading.events.head(until=as_of)
    earlier = months_closed_before(closings, month, as_of)
    drawn = _draw(reading, campaign, parties, month, as_of, sequence, earlier)
    return replace(drawn, chain_head=head)


def close_month(  # noqa: PLR0913 - what is closed, for whom, when, and how
    records: WriteTransaction,
    campaign: Campaign,
    parties: Parties,
    month: str,
    now: datetime,
    *,
    empty_statement: bool = False,
) -> ClosedStatement | None:
    """Closes the month; closing it again gives the same statement.

    A month with nothing to bill is closed without a document and number, and the result is None,
    unless `empty_statement` is true.

    First records what silence decided (rules 12 and 14). Raises `Refused` for a month that is not
    over in the campaign's zone, is before its first lead, or while an earlier one is open.
    """
    closings = closings_of(records, campaign.slug)
    if month in closings:
        return _closed_before(records, month, closings[month], empty_statement=empty_statement)
    _check_order(records, campaign, month, closings, now)
    record_lapses(records, now, campaign.slug)
    record_held_meetings(records, now, campaign.slug)
    sequence, head = records.events.head()
    earlier = months_closed_before(closings, month, now)
    drawn = _draw(records, campaign, parties, month, now, sequence, earlier)
    total = from_minor(drawn.total, drawn.currency)
    check_amount(total, drawn.currency, f"the sum of {month}", MAX_SUM)
    if has_nothing_to_bill(drawn) and not empty_statement:
        data = empty_closing_data(drawn)
        records.append(
            Event(
                campaign=campaign.slug,
                lead_id=None,
                kind=EventKind.CLOSED,
                occurred_at=now,
                recorded_at=now,
                actor=Actor.AGENCY,
                data=data,
            )
        )
        return None
    number = next_number(records, campaign.client)
    bill = replace(drawn, number=number, chain_head=head)
    text = statement_json(bill)
    closed_statement = ClosedStatement(
        number, campaign.client, campaign.slug, month, text, fingerprint(text), closed_at=now
    )
    records.statements.save(closed_statement, [(line.lead_id, line.period) for line in bill.lines])
    data = closing_data(bill, closed_statement.sha256)
    records.append(
        Event(
            campaign=campaign.slug,
            lead_id=None,
            kind=EventKind.CLOSED,
            occurred_at=now,
            recorded_at=now,
            actor=Actor.AGENCY,
            data=data,
        )
    )
    return closed_statement


def has_nothing_to_bill(bill: Statement) -> bool:
    """Whether it has no line. A free line counts: it shows what is never billed (rule 9)."""
    return not bill.lines


def _closed_before(
    records: WriteTransaction, month: str, closing: Closing, *, empty_statement: bool
) -> ClosedStatement | None:
    if closing.number:
        return find_closed_statement(records, closing.number)
    if empty_statement:
        raise Refused(f"{month} is closed already, without a statement; a month closes only once")
    return None


def empty_closing_data(drawn: Statement) -> dict[str, Any]:
    """The data of an event that closes a month without a document."""
    return {
        "client": drawn.client,
        "month": drawn.month,
        "currency": drawn.currency,
        "last_event": drawn.last_event,
    }


def closing_data(statement: Statement, sha256: str) -> dict[str, Any]:
    """The data of the event that closes a month; the account is the sum of such events."""
    return {
        "client": statement.client,
        "number": statement.number,
        "month": statement.month,
        "currency": statement.currency,
        "amount": statement.total,
        "vat": statement.vat,
        "issued_on": statement.issued_on.isoformat(),
        "due_on": statement.due_on.isoformat(),
        "parties": statement.parties.as_data(),
        "sha256": sha256,
        "last_event": statement.last_event,
    }


def _draw(  # noqa: PLR0913, PLR0917 - all that a statement depends on, and nothing else
    reading: ReadTransaction,
    campaign: Campaign,
    parties: Parties,
    month: str,
    as_of: datetime,
    last_event: int,
    closed: Set[str],
) -> Statement:
    """The statement of a month: its own lines, and late ones of months closed earlier."""
    billed = reading.statements.billed_before(campaign.slug, month)
    query = LineQuery(campaign.slug, month, as_of, last=last_event, closed=closed, billed=billed)
    lines = [statement_line(due, campaign, month) for due in select_lines(reading, query)]
    counts = count_leads(reading, query)
    return build_statement(reading, campaign, parties, query, lines, counts)


def build_statement(  # noqa: PLR0913, PLR0917 - all that a statement depends on, and nothing else
    reading: ReadTransaction,
    campaign: Campaign,
    parties: Parties,
    query: LineQuery,
    lines: Sequence[StatementLine],
    counts: Counts,
) -> Statement:
    """The statement of these lines, without its number and without the chain's head."""
    seen = query.last or 0
    return Statement(
        number="",
        client=campaign.client,
        campaign=campaign.slug,
        month=query.month,
        time_zone=campaign.time_zone,
        currency=campaign.currency,
        model=campaign.price.model.value,
        lines=lines,
        counts=counts,
        parties=parties,
        issued_on=query.as_of.astimezone(campaign.zone).date(),
        brought_forward=carried_forward(reading, campaign.client, campaign.currency, seen),
        closed_at=query.as_of,
        last_event=seen,
        chain_head="",
    )


def statement_line(due: DueLine, campaign: Campaign, month: str) -> StatementLine:
    """The line as the month's statement shows it."""
    line = due.line
    return StatementLine(
        lead_id=line.lead_id,
        period=line.period,
        version=line.version,
        received_at=due.received_at,
        event=line.event,
        event_at=line.event_at,
        due_at=line.due_at,
        base=line.base,
        amount=line.amount,
        free_over_cap=line.free_over_cap,
        late=month_of(line.due_at, campaign) < month,
        met=[MetCriterion(met["id"], met["rule"]) for met in due.verdict["criteria"]],
        entered=line.entered,
    )


def _check_order(
    records: WriteTransaction,
    campaign: Campaign,
    month: str,
    closed: Collection[str],
    now: datetime,
) -> None:
    if month_of(now, campaign) <= month:
        raise Refused(f"{month} is not over in {campaign.time_zone}; close it afterwards")
    if month_of(now - UNDO, campaign) <= month:  # rule 13: a billed review cannot be undone
        seconds = int(UNDO.total_seconds())
        raise Refused(
            f"{month} ended just now, and a review can be undone for {seconds} seconds; "
            "close it after that"
        )
    lead = records.leads.first(campaign.slug)
    first = None if lead is None else lead.month
    if first is None or month < first:
        since = "has no lead yet" if first is None else f"had its first lead in {first}"
        raise Refused(f"{campaign.slug} {since}: there is no bill for {month}")
    missing = [earlier for earlier in _months(first, month) if earlier not in closed]
    if missing:
        raise Refused(f"{missing[0]} is still open; months close in order, so close it first")


def _months(first: str, end: str) -> list[str]:
    """The months from `first` up to `end`, without `end`."""
    months = []
    year, number = map(int, first.split("-"))
    while (month := f"{year:04d}-{number:02d}") < end:
        months.append(month)
        year, number = (year + 1, 1) if number == 12 else (year, number + 1)
    return months


def read_statement(closed_statement: ClosedStatement) -> Statement:
    """The statement of a closed month."""
    return parse_statement(closed_statement.json)


# The month's billable leads with their answers, for the export.


@dataclass(frozen=True, slots=True)
class BillableLead:
    """One line of a month, with what the client needs to check it."""

    due: DueLine
    personal_data: PersonalData | None
    """None if the person's data was erased."""


@dataclass(frozen=True, slots=True)
class DrawnMonth:
    """A campaign's month as of a time."""

    campaign: str
    lines: DueLines
    """In their order, without lines that the cap on money made free."""
    fields: Sequence[str]
    """Form fields of every version that was saved by then, the oldest first."""

    def leads(self, reading: ReadTransaction) -> Iterator[BillableLead]:
        """Each line with its lead's answers; reads them one by one.

        `reading` must be the view of the ledger from which the month was drawn.
        """
        for due in self.lines:
            yield BillableLead(due, reading.people.personal_data(due.line.lead_id))


def draw_month(reading: ReadTransaction, slug: str, month: str, as_of: datetime) -> DrawnMonth:
    """The billable leads of a month such as `2026-11`, seen as of an aware time.

    They are the lines of its statement: with late ones of earlier closed months, without those that
    are billed already; for a closed month, exactly its statement. `as_of` limits by recorded time
    (rule 28); a future time includes what silence will have accepted by then. The same ledger,
    month and time always give the same lines.
    """
    closings = closings_of(reading, slug)
    closing = closings.get(month)
    if closing is None or closing.closed_at > as_of:
        closed, billed = (
            months_closed_before(closings, month, as_of),
            reading.statements.billed_before(slug, month),
        )
        query = LineQuery(slug, month, as_of, until=as_of, closed=closed, billed=billed)
    else:
        query = _as_closed(reading, closing)
    lines = select_lines(reading, query)
    return DrawnMonth(slug, lines.paid(), _fields(reading, query, lines))


def _as_closed(reading: ReadTransaction, closing: Closing) -> LineQuery:
    """The query from which its statement was drawn."""
    slug, month, at = closing.campaign, closing.month, closing.closed_at
    closed = months_closed_before(closings_of(reading, slug), month, at)
    billed, last = reading.statements.billed_before(slug, month), closing.last_event
    return LineQuery(slug, month, at, None, last, closed, billed, closing.number)


def _fields(reading: ReadTransaction, query: LineQuery, lines: DueLines) -> list[str]:
    kept = reading.campaigns.versions(query.campaign, query.as_of)
    versions = dict.fromkeys([*kept, *lines.versions()])
    terms = (saved_campaign(reading, query.campaign, version) for version in versions)
    fields = (name for one in terms for name in one.fields)
    return list(dict.fromkeys(fields))
