"""A month of all clients as the desk shows it before the close."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from capture.billing.statement import Statement
from capture.billing.statement_text import statement_json
from capture.closing.close import check_agency, preview_statement
from capture.closing.decision_words import DecisionRow, decision_rows, reason_in_words
from capture.closing.month_end import MonthEnd, State
from capture.closing.month_of_clients import MonthOfClients, sums_seen
from capture.closing.months import campaign_groups
from capture.documents.closed_document import sheet_of_statement
from capture.documents.sheet import Sheet
from capture.errors import Refused
from capture.ledger.protocol import Ledger, ReadTransaction
from capture.web.desk.line_pages import DocumentPart
from capture.web.desk.statement_view import statement_parts
from capture.web.desk.times import short_time


@dataclass(frozen=True, slots=True)
class ClientMonth:
    """The month of one client, in each of its currencies."""

    client: str
    ends: Sequence[MonthEnd]
    seen: str
    """The sums that a close confirms; empty if nothing is ready."""

    @property
    def is_ready(self) -> bool:
        """Whether it can be closed now."""
        return any(end.state is State.READY for end in self.ends)


@dataclass(frozen=True, slots=True)
class MonthTable:
    """The month of each client."""

    clients: Sequence[ClientMonth]
    left_out: Sequence[str]
    """The clients whose sums were not computed, because the time was over."""
    problems: Sequence[str]
    """Why months cannot be closed: missing settings, and mistakes in files."""

    @property
    def shows_times(self) -> bool:
        """Whether a reason contains a time, so that the page names the zone."""
        return any(end.over_at for month in self.clients for end in month.ends)

    @property
    def ready(self) -> list[ClientMonth]:
        """The clients whose month can be closed now."""
        return [month for month in self.clients if month.is_ready]


def month_table(
    ledger: Ledger, of_clients: MonthOfClients, now: datetime, seconds: float
) -> MonthTable:
    """The month of each client, of as many as are computed in some seconds, but of one at least."""
    groups = ledger.read(lambda reading: campaign_groups(reading, now, of_clients.client))
    clients = [client for client, _ in groupby(groups, attrgetter("client"))]
    end_time, months = time.monotonic() + seconds, list[ClientMonth]()
    for client in clients:
        of_client = replace(of_clients, client=client)
        ends = ledger.read(lambda reading, of_client=of_client: of_client.ends(reading, now))  # type: ignore[misc]
        months.append(ClientMonth(client, ends, sums_seen(ends)))
        if time.monotonic() >= end_time:
            break
    ends = [end for month in months for end in month.ends]
    return MonthTable(months, clients[len(months) :], _problems(of_clients, ends))


def month_list(
    ledger: Ledger, of_clients: MonthOfClients, now: datetime, most_lines: int
) -> MonthTable:
    """The month of each client. Sums are computed for so many lines; see `month_ends`."""
    ends = ledger.read(lambda reading: of_clients.ends(reading, now, most_lines))
    months = [
        ClientMonth(client, group := list(of_client), sums_seen(group))
        for client, of_client in groupby(ends, attrgetter("client"))
    ]
    return MonthTable(months, (), _problems(of_clients, ends))


def _problems(of_clients: MonthOfClients, ends: Sequence[MonthEnd]) -> list[str]:
    problems = [str(problem) for problem in of_clients.problems(ends)]
    try:
        check_agency(of_clients.agency)
    except Refused as refused:
        problems.insert(0, str(refused))
    return problems


def reason_of_end(end: MonthEnd) -> str:
    """Why the month cannot be closed, with times in the reader's zone."""
    return reason_in_words(end, short_time)


@dataclass(frozen=True, slots=True)
class Preview:
    """One currency of a client's month: its state, what to decide, and its document as of now."""

    end: MonthEnd
    decisions: Sequence[DecisionRow]
    sheet: Sheet | None
    """None if the month is closed, or if there is nothing to preview."""
    parts: Sequence[DocumentPart] = ()

    @property
    def shows_times(self) -> bool:
        """Whether the reason or what to decide may contain a time."""
        return bool(self.decisions) or self.end.over_at is not None

    @property
    def lead_ids(self) -> list[str]:
        """The leads on it."""
        return [line.lead_id for part in self.parts for line in part.lines]


def previews(reading: ReadTransaction, of_client: MonthOfClients, now: datetime) -> list[Preview]:
    """The month of one client, currency by currency."""
    groups = {group.currency: group for group in campaign_groups(reading, now, of_client.client)}
    shown = []
    for end in of_client.ends(reading, now):
        decisions = list(decision_rows(end, short_time))
        if end.state is State.CLOSED or end.sums is None:
            shown.append(Preview(end, decisions, None))
            continue
        parties = of_client.parties[end.client]
        group = groups[end.currency]
        statement = preview_statement(reading, group, parties, end.month, now)
        sheet = _sheet(reading, statement)
        shown.append(Preview(end, decisions, sheet, statement_parts(statement, sheet.parts)))
    return shown


def _sheet(reading: ReadTransaction, statement: Statement) -> Sheet:
    return sheet_of_statement(reading, statement, statement_json(statement))
