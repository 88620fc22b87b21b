"""Closes a month: draws its statement, numbers it and saves it (rules 25 to 27 of docs/rules.md).

A statement depends only on the events up to a sequence number and on the statements closed
before it, so it can always be drawn again. `draw_month` gives the month's leads for the export.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
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
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import ClosedStatement, PersonalData
from capture.money import MAX_SUM, check_amount, from_minor
from capture.review import UNDO, record_held_meetings, record_silent_acceptances


def preview_statement(
    reading: ReadTransaction, campaign: Campaign, parties: Parties, month: str, as_of: datetime
) -> Statement:
    """The month's statement as it would be drawn at `as_of`, without a number (rule 28).

    Raises `Refused` for a month that was closed by then: its figures are in its statement.
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
    closed_months = months_closed_before(closings, month, as_of)
    statement = _draw_statement(reading, campaign, parties, month, as_of, sequence, closed_months)
    return replace(statement, chain_head=head)


def close_month(  # noqa: PLR0913 - all that closing a month depends on
    records: WriteTransaction,
    campaign: Campaign,
    parties: Parties,
    month: str,
    now: datetime,
    *,
    empty_statement: bool = False,
) -> ClosedStatement | None:
    """Closes the month. Closing it again changes nothing and returns the same statement.

    A month with nothing to bill is closed without a document and number, and the result is None,
    unless `empty_statement` is true.

    First records the decisions by silence (rules 12 and 14). Raises `Refused` for a month that is
    not over in the campaign's time zone, that is before the first lead, or after an open month.
    """
    closings = closings_of(records, campaign.slug)
    if month in closings:
        return _already_closed(records, month, closings[month], empty_statement=empty_statement)
    _check_closable(records, campaign, month, closings, now)
    record_silent_acceptances(records, now, campaign.slug)
    record_held_meetings(records, now, campaign.slug)
    sequence, head = records.events.head()
    closed_months = months_closed_before(closings, month, now)
    unnumbered = _draw_statement(records, campaign, parties, month, now, sequence, closed_months)
    total = from_minor(unnumbered.total, unnumbered.currency)
    check_amount(total, unnumbered.currency, f"the sum of {month}", MAX_SUM)
    if has_nothing_to_bill(unnumbered) and not empty_statement:
        _append_closing(records, campaign, empty_closing_data(unnumbered), now)
        return None
    number = next_number(records, campaign.client)
    statement = replace(unnumbered, number=number, chain_head=head)
    text = statement_json(statement)
    closed_statement = ClosedStatement(
        number, campaign.client, campaign.slug, month, text, fingerprint(text), closed_at=now
    )
    lines = [(line.lead_id, line.period) for line in statement.lines]
    records.statements.save(closed_statement, lines)
    data = closing_data(statement, closed_statement.sha256)
    _append_closing(records, campaign, data, now)
    return closed_statement


def read_statement(closed_statement: ClosedStatement) -> Statement:
    """The statement of a closed month."""
    return parse_statement(closed_statement.json)


def has_nothing_to_bill(statement: Statement) -> bool:
    """Whether it has no line. A free line counts: it shows what is never billed (rule 9)."""
    return not statement.lines


def build_statement(  # noqa: PLR0913, PLR0917 - all that a statement depends on
    reading: ReadTransaction,
    campaign: Campaign,
    parties: Parties,
    query: LineQuery,
    lines: Sequence[StatementLine],
    counts: Counts,
) -> Statement:
    """The statement with these lines; it has no number and no chain head yet."""
    last_event = query.last or 0
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
        brought_forward=carried_forward(reading, campaign.client, campaign.currency, last_event),
        closed_at=query.as_of,
        last_event=last_event,
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
        met=[
            MetCriterion(criterion["id"], criterion["rule"])
            for criterion in due.verdict["criteria"]
        ],
        entered=line.entered,
    )


def closing_data(statement: Statement, sha256: str) -> dict[str, Any]:
    """The data of the event that closes a month with a statement. The account rests on it."""
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


def empty_closing_data(statement: Statement) -> dict[str, Any]:
    """The data of an event that closes a month without a document."""
    return {
        "client": statement.client,
        "month": statement.month,
        "currency": statement.currency,
        "last_event": statement.last_event,
    }


def _already_closed(
    records: WriteTransaction, month: str, closing: Closing, *, empty_statement: bool
) -> ClosedStatement | None:
    """The statement of a month that is closed already; None if it has no statement."""
    if closing.number:
        return find_closed_statement(records, closing.number)
    if empty_statement:
        raise Refused(f"{month} is closed already, without a statement; a month closes only once")
    return None


def _check_closable(
    records: WriteTransaction,
    campaign: Campaign,
    month: str,
    closed: Collection[str],
    now: datetime,
) -> None:
    """Raises `Refused` if the month cannot be closed yet, or not at all (rule 25)."""
    if month_of(now, campaign) <= month:
        raise Refused(f"{month} is not over in {campaign.time_zone}; close it after its end")
    if month_of(now - UNDO, campaign) <= month:  # rule 13: a billed review cannot be undone
        seconds = int(UNDO.total_seconds())
        raise Refused(
            f"{month} ended just now, and a review can be undone for {seconds} seconds; "
            "close it after that"
        )
    lead = records.leads.first(campaign.slug)
    if lead is None:
        raise Refused(f"{campaign.slug} has no lead yet: there is no statement for {month}")
    if month < lead.month:
        raise Refused(
            f"{campaign.slug} had its first lead in {lead.month}: there is no statement for {month}"
        )
    open_months = [earlier for earlier in _month_range(lead.month, month) if earlier not in closed]
    if open_months:
        raise Refused(f"{open_months[0]} is still open; months close in order, so close it first")


def _month_range(first: str, end: str) -> list[str]:
    """The months from `first` up to `end`, without `end`."""
    months = []
    year, number = map(int, first.split("-"))
    while (month := f"{year:04d}-{number:02d}") < end:
        months.append(month)
        year, number = (year + 1, 1) if number == 12 else (year, number + 1)
    return months


def _draw_statement(  # noqa: PLR0913, PLR0917 - all that a statement depends on
    reading: ReadTransaction,
    campaign: Campaign,
    parties: Parties,
    month: str,
    as_of: datetime,
    last_event: int,
    closed_months: Set[str],
) -> Statement:
    """The statement of a month: its own lines, and late ones of earlier closed months."""
    query = LineQuery(
        campaign.slug,
        month,
        as_of,
        last=last_event,
        closed=closed_months,
        billed=reading.statements.billed_before(campaign.slug, month),
    )
    lines = [statement_line(due, campaign, month) for due in select_lines(reading, query)]
    counts = count_leads(reading, query)
    return build_statement(reading, campaign, parties, query, lines, counts)


def _append_closing(
    records: WriteTransaction, campaign: Campaign, data: dict[str, Any], now: datetime
) -> None:
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


# The lines of a month with the answers of their leads, for the export.


@dataclass(frozen=True, slots=True)
class BillableLead:
    """One line of a month, with the personal data by which the client can check it."""

    due: DueLine
    personal_data: PersonalData | None
    """None if the person's data was erased."""


@dataclass(frozen=True, slots=True)
class DrawnMonth:
    """A campaign's month as of a time."""

    campaign: str
    lines: DueLines
    """In their order, without lines that the money cap made free."""
    fields: Sequence[str]
    """Form fields of every version that was saved by then, the oldest version first."""

    def leads(self, reading: ReadTransaction) -> Iterator[BillableLead]:
        """Each line with its lead's answers, read one by one to save memory.

        `reading` must be the view of the ledger from which the month was drawn.
        """
        for due in self.lines:
            yield BillableLead(due, reading.people.personal_data(due.line.lead_id))


def draw_month(reading: ReadTransaction, slug: str, month: str, as_of: datetime) -> DrawnMonth:
    """The charged lines of a month such as `2026-11`, as of an aware time.

    For an open month they are its own lines and late ones of earlier closed months, without those
    that are billed already. For a closed month they are those of its statement. `as_of` limits by
    recorded time (rule 28); a future time includes what silence will have accepted by then. The
    same ledger, month and time always give the same lines.
    """
    closings = closings_of(reading, slug)
    closing = closings.get(month)
    if closing is None or closing.closed_at > as_of:
        query = LineQuery(
            slug,
            month,
            as_of,
            until=as_of,
            closed=months_closed_before(closings, month, as_of),
            billed=reading.statements.billed_before(slug, month),
        )
    else:
        query = _closing_query(reading, closings, closing)
    lines = select_lines(reading, query)
    return DrawnMonth(slug, lines.charged(), _form_fields(reading, query, lines))


def _closing_query(
    reading: ReadTransaction, closings: Mapping[str, Closing], closing: Closing
) -> LineQuery:
    """The query from which the closed month's statement was drawn."""
    return LineQuery(
        closing.campaign,
        closing.month,
        closing.closed_at,
        last=closing.last_event,
        closed=months_closed_before(closings, closing.month, closing.closed_at),
        billed=reading.statements.billed_before(closing.campaign, closing.month),
        number=closing.number,
    )


def _form_fields(reading: ReadTransaction, query: LineQuery, lines: DueLines) -> list[str]:
    saved_versions = reading.campaigns.versions(query.campaign, query.as_of)
    versions = dict.fromkeys([*saved_versions, *lines.versions()])
    campaigns = (saved_campaign(reading, query.campaign, version) for version in versions)
    return list(dict.fromkeys(name for campaign in campaigns for name in campaign.fields))
