"""Closes a client's month: draws its statements, numbers and saves them.

Rules 25 to 29 of docs/rules.md. There is one statement for each currency, over all campaigns of the
client in it. A statement depends only on the events up to a sequence number and on the statements
closed before it, so it can always be drawn again.
"""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from typing import Any

from capture.billing.statement import (
    Agency,
    Counts,
    ParkedLead,
    Parties,
    Statement,
    StatementLine,
    StatementPart,
)
from capture.billing.statement_text import fingerprint, parse_statement, statement_json
from capture.campaign.model import Campaign
from capture.closing.documents import carried_forward, next_number
from capture.closing.drawing import (
    DueLine,
    LineQuery,
    count_leads,
    met_criteria,
    select_lines,
)
from capture.closing.months import (
    CampaignGroup,
    Closing,
    campaign_groups,
    closings_of,
    months_closed_before,
)
from capture.errors import Hint, NotFound, Refused
from capture.lead.events import Actor, Event, EventKind
from capture.lead.review_window import month_of
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.types import ClosedStatement
from capture.money import MAX_SUM, check_amount, from_minor
from capture.review.acts import UNDO, record_held_meetings, record_silent_acceptances


@dataclass(frozen=True, slots=True)
class MonthAsOf:
    """A month, and the time at which it is drawn."""

    month: str
    as_of: datetime
    """Decisions by silence up to this time count."""
    last_event: int
    """Sequence of the last event that counts."""


def preview_statements(
    reading: ReadTransaction, client: str, parties: Parties, month: str, as_of: datetime
) -> list[Statement]:
    """The month's statements as they would be drawn at `as_of`, without numbers (rule 28).

    One for each currency, also if it has no lines. Raises `NotFound` for a client without leads,
    and `Refused` for a month that was closed by then: its figures are in its statement.
    """
    return [
        preview_statement(reading, group, parties, month, as_of)
        for group in _groups(reading, client, as_of)
    ]


def preview_statement(
    reading: ReadTransaction, group: CampaignGroup, parties: Parties, month: str, as_of: datetime
) -> Statement:
    """The statement of one currency, as in `preview_statements`."""
    closings = closings_of(reading, group)
    if month in closings and closings[month].closed_at <= as_of:
        raise _closed_already(closings[month])
    sequence, head = reading.events.head(until=as_of)
    earlier = months_closed_before(closings, month, as_of)
    statement = _draw_statement(reading, group, parties, MonthAsOf(month, as_of, sequence), earlier)
    return replace(statement, chain_head=head)


def check_agency(agency: Agency) -> None:
    """Raises `Refused` if the settings lack what a statement must say of the agency."""
    if not agency.party.address:
        raise Refused(
            "AGENCY_ADDRESS is not set, and a statement must name the agency; "
            'set GATEPOST_AGENCY_ADDRESS="1 Main Street; New York" in .env'
        )


def close_month(  # noqa: PLR0913 - all that closing a month depends on
    records: WriteTransaction,
    client: str,
    parties: Parties,
    month: str,
    now: datetime,
    *,
    empty_statement: bool = False,
    by: str,
) -> list[Closing]:
    """Closes the client's month in each currency. Closing it again changes nothing.

    A month with nothing to bill is closed without a document and number, unless `empty_statement`
    is true. `by` is the person who closes it, or `BY_GATEPOST`.

    First records the decisions by silence (rules 12 and 14). Raises `NotFound` for a client without
    leads. Raises `Refused` for a month that is not over in the time zone of each campaign, that is
    before the first lead, or after an open month.
    """
    groups = _groups(records, client, now)
    first = min(group.first_month for group in groups)
    if month < first:
        raise Refused(f"{client} had its first lead in {first}: there is no statement for {month}")
    author = {"by": records.people.pseudonym(client, by)} if by else {}
    return [
        _close_group(records, group, parties, month, now, author, empty_statement=empty_statement)
        for group in groups
        if group.first_month <= month
    ]


def _groups(reading: ReadTransaction, client: str, as_of: datetime) -> list[CampaignGroup]:
    groups = campaign_groups(reading, as_of, client)
    if not groups:
        raise NotFound(f"{client} has no lead yet: there is no statement")
    return groups


def _close_group(  # noqa: PLR0913, PLR0917 - all that closing a month depends on
    records: WriteTransaction,
    group: CampaignGroup,
    parties: Parties,
    month: str,
    now: datetime,
    author: dict[str, str],
    *,
    empty_statement: bool,
) -> Closing:
    closings = closings_of(records, group)
    if month in closings:
        if empty_statement and not closings[month].number:
            raise Refused(
                f"{month} is closed already, without a statement; a month closes only once"
            )
        return closings[month]
    check_closable(group, month, closings, now)
    for slug in group.campaigns:
        record_silent_acceptances(records, now, slug)
        record_held_meetings(records, now, slug)
    sequence, head = records.events.head()
    earlier = months_closed_before(closings, month, now)
    time = MonthAsOf(month, now, sequence)
    unnumbered = _draw_statement(records, group, parties, time, earlier)
    total = from_minor(unnumbered.total, unnumbered.currency)
    check_amount(total, unnumbered.currency, f"the sum of {month}", MAX_SUM)
    data = closing_data(unnumbered, group.titles) | author
    if empty_statement or not has_no_lines(unnumbered):
        number = next_number(records, group.client)
        statement = replace(unnumbered, number=number, chain_head=head)
        text = statement_json(statement)
        closed_statement = ClosedStatement(
            number, group.client, group.currency, month, text, fingerprint(text), closed_at=now
        )
        lines = [(line.lead_id, line.period) for line in statement.lines]
        records.statements.save(closed_statement, lines)
        data |= document_data(statement, closed_statement.sha256)
    _append_closing(records, data, now)
    return closings_of(records, group)[month]


def read_statement(closed_statement: ClosedStatement) -> Statement:
    """The statement of a closed month."""
    return parse_statement(closed_statement.json)


def has_no_lines(statement: Statement) -> bool:
    """Whether it has no line. A free line counts: it shows what is never billed (rule 9)."""
    return not statement.lines


def build_statement(
    reading: ReadTransaction,
    group: CampaignGroup,
    parties: Parties,
    time: MonthAsOf,
    parts: Sequence[StatementPart],
) -> Statement:
    """The statement of these parts; it has no number and no chain head yet.

    Parts without lines, parked leads and counts are left out.
    """
    return Statement(
        number="",
        client=group.client,
        month=time.month,
        currency=group.currency,
        parts=[part for part in parts if part.lines or part.parked or any(astuple(part.counts))],
        parties=parties,
        issued_on=time.as_of.astimezone(group.zone).date(),
        time_zone=group.zone.key,
        brought_forward=carried_forward(reading, group.client, group.currency, time.last_event),
        closed_at=time.as_of,
        last_event=time.last_event,
        chain_head="",
    )


def statement_part(
    campaign: Campaign,
    lines: Sequence[StatementLine],
    counts: Counts,
    parked: Sequence[ParkedLead],
) -> StatementPart:
    """The campaign's part of a statement."""
    return StatementPart(
        campaign=campaign.slug,
        title=campaign.title,
        model=campaign.price.model.value,
        time_zone=campaign.time_zone,
        lines=lines,
        counts=counts,
        parked=parked,
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
        price=line.price,
        amount=line.amount,
        free_over_cap=line.free_over_cap,
        late=month_of(line.due_at, campaign) < month,
        met=met_criteria(due.verdict),
        entered=line.entered,
        by_silence=line.by_silence,
    )


def closing_data(statement: Statement, titles: Mapping[str, str]) -> dict[str, Any]:
    """The data of an event that closes a month. `titles` are those of the campaigns, by slug."""
    return {
        "client": statement.client,
        "month": statement.month,
        "currency": statement.currency,
        "campaigns": dict(titles),
        "parked": {
            part.campaign: {lead.lead_id: lead.reason for lead in part.parked}
            for part in statement.parts
            if part.parked
        },
        "last_event": statement.last_event,
    }


def document_data(statement: Statement, sha256: str) -> dict[str, Any]:
    """What that event says of the month's document, if it has one. The account rests on it."""
    return {
        "number": statement.number,
        "amount": statement.total,
        "vat": statement.vat,
        "issued_on": statement.issued_on.isoformat(),
        "due_on": statement.due_on.isoformat(),
        "time_zone": statement.time_zone,
        "parties": statement.parties.as_data(),
        "sha256": sha256,
    }


def _closed_already(closing: Closing) -> Refused:
    month, number = closing.month, closing.number
    return Refused(
        f"{month} is closed: its statement is {number}"
        if number
        else f"{month} is closed: it had nothing to bill, so it has no statement",
        Hint.STATEMENT if number else None,
        number=number,
    )


def check_closable(
    group: CampaignGroup, month: str, closed: Collection[str], now: datetime
) -> None:
    """Raises `Refused` if the month cannot be closed yet (rule 25)."""
    for campaign in group.campaigns.values():
        if month_of(now, campaign) <= month:
            raise Refused(f"{month} is not over in {campaign.time_zone}; close it after its end")
        if month_of(now - UNDO, campaign) <= month:  # rule 13: a billed review cannot be undone
            seconds = int(UNDO.total_seconds())
            raise Refused(
                f"{month} ended just now, and a review can be undone for {seconds} seconds; "
                "close it after that"
            )
    months = _month_range(group.first_month, month)
    open_months = [earlier for earlier in months if earlier not in closed]
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


def _draw_statement(
    reading: ReadTransaction,
    group: CampaignGroup,
    parties: Parties,
    time: MonthAsOf,
    closed_months: Set[str],
) -> Statement:
    """The statement of a month: its own lines, and late ones of earlier closed months."""
    parts = []
    for slug, campaign in group.campaigns.items():
        query = LineQuery(
            slug,
            time.month,
            time.as_of,
            last=time.last_event,
            closed=closed_months,
            billed=reading.statements.billed_before(group.client, group.currency, time.month),
        )
        due_lines = select_lines(reading, query)
        lines = [statement_line(due, campaign, time.month) for due in due_lines]
        parked = due_lines.parked
        query = replace(query, parked={lead.lead_id for lead in parked})
        parts.append(statement_part(campaign, lines, count_leads(reading, query), parked))
    return build_statement(reading, group, parties, time, parts)


def _append_closing(records: WriteTransaction, data: dict[str, Any], now: datetime) -> None:
    records.append(
        Event(
            campaign="",  # it is about all campaigns of a client
            lead_id=None,
            kind=EventKind.CLOSED,
            occurred_at=now,
            recorded_at=now,
            actor=Actor.AGENCY,
            data=data,
        )
    )
