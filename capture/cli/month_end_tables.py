"""A month's end as tables in the terminal and as JSON."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import click

from capture.cli.month_end_files import MonthDocument, MonthFiles
from capture.cli.show import moment, show_heading, show_rows
from capture.closing.decision_words import DecisionRow, decision_rows, reason_in_words
from capture.closing.decisions import Decisions
from capture.closing.month_end import MonthEnd, State
from capture.local_time import show_moment
from capture.money import from_minor, show_money
from capture.text import count_noun

_SUMS = ("net", "vat", "brought_forward", "to_pay")


# The preview.


def show_preview(ends: Sequence[MonthEnd], month: str) -> None:
    """Prints a table for each client, and what to decide first."""
    for client, group in groupby(ends, attrgetter("client")):
        currencies = list(group)
        show_heading(f"{client}, {month}")
        show_rows(
            ("currency", "state", "document", "lines", "net", "VAT", "credit", "to pay"),
            map(_preview_row, currencies),
            as_json=False,
        )
        for end in currencies:
            if end.reason:
                click.echo(f"{end.currency}: {end.state}: {reason_of_end(end)}.")
        decisions = [
            _decision_row(row) for end in currencies for row in decision_rows(end, _shown_time)
        ]
        if decisions:
            is_closed = all(end.state is State.CLOSED for end in currencies)
            click.echo("Still open:" if is_closed else "Decide first:")
            show_rows(("about", "which", "what"), decisions, as_json=False)
    click.echo(("\n" if ends else "") + _summary(ends, month))


def reason_of_end(end: MonthEnd) -> str:
    """Why the month cannot be closed, with times in the campaign's zone and in UTC."""
    return reason_in_words(end, _shown_in_its_zone)


def _shown_in_its_zone(time: datetime) -> str:
    return show_moment(time, cast("ZoneInfo", time.tzinfo))


def _shown_time(time: datetime) -> str:
    return str(moment(time))


def _preview_row(end: MonthEnd) -> dict[str, Any]:
    row: dict[str, Any] = {
        "currency": end.currency,
        "state": end.state,
        "document": end.number,
    }
    sums = end.sums
    if sums is None:
        return row
    return row | {
        "lines": sums.lines,
        "net": show_money(sums.net, end.currency),
        "VAT": show_money(sums.vat, end.currency),
        "credit": show_money(sums.brought_forward, end.currency) if sums.brought_forward else "",
        "to pay": show_money(sums.to_pay, end.currency),
    }


def _decision_row(row: DecisionRow) -> dict[str, str]:
    what = f"{row.what}: `gatepost quarantine list` shows them" if row.is_group else row.what
    where = f" ({row.campaign})" if row.campaign else ""
    return {"about": row.about, "which": row.which, "what": f"{what}{where}"}


def _summary(ends: Sequence[MonthEnd], month: str) -> str:
    if not ends:
        return "There are no leads yet, so there is nothing to close."
    states = Counter(end.state for end in ends)
    counts = ", ".join(f"{states[state]} {state}" for state in State if states[state])
    closing = f"; add --close to close {month}" if states[State.READY] else ""
    return f"Months by client and currency: {counts}. Nothing was changed{closing}."


# What was written.


def show_files(files: MonthFiles, folder: Path) -> None:
    """Prints the documents with their sums, then the number of files."""
    if files.documents:
        click.echo()
        show_rows(
            ("number", "document", "total", "to pay", "due"),
            map(_document_row, files.documents),
            as_json=False,
        )
        for line in _total_lines(files.documents):
            click.echo(line)
    states = Counter(files.states.values())
    counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    number = count_noun(len(files.states), "file")
    click.echo(f"{number} in {folder}{': ' if counts else ''}{counts}.")


def _document_row(item: MonthDocument) -> dict[str, Any]:
    document = item.document
    kind = str(document.kind)
    return {
        "number": document.number,
        "document": f"{kind} on {document.corrects}" if document.corrects else kind,
        "total": show_money(_signed_total(item), document.currency),
        "to pay": show_money(item.to_pay, document.currency) if item.to_pay else "",
        "due": document.due_on,
    }


def _signed_total(item: MonthDocument) -> int:
    """The total with tax; negative for a credit note, which has no day by which to pay."""
    document = item.document
    return -document.gross if document.due_on is None else document.gross


def _total_lines(documents: Sequence[MonthDocument]) -> Iterator[str]:
    by_currency: dict[str, list[MonthDocument]] = defaultdict(list)
    for item in documents:
        by_currency[item.document.currency].append(item)
    for currency, group in sorted(by_currency.items()):
        total = show_money(sum(map(_signed_total, group)), currency)
        to_pay = show_money(sum(item.to_pay for item in group), currency)
        yield f"{currency}: {total} in {count_noun(len(group), 'document')}, {to_pay} to pay."


# JSON.


def ends_as_data(ends: Sequence[MonthEnd]) -> list[dict[str, Any]]:
    """Everything as JSON values; amounts are decimal text in major units."""
    return [_end_as_data(end) for end in ends]


def _end_as_data(end: MonthEnd) -> dict[str, Any]:
    sums = None
    if end.sums is not None:
        amounts = {name: _amount(getattr(end.sums, name), end.currency) for name in _SUMS}
        sums = {"lines": end.sums.lines, **amounts}
    return {
        "client": end.client,
        "currency": end.currency,
        "month": end.month,
        "campaigns": dict(end.titles),
        "state": end.state,
        "reason": reason_of_end(end),
        "number": end.number,
        "sums": sums,
        "decisions": _decisions_as_data(end.decisions, end.currency),
    }


def _decisions_as_data(decisions: Decisions, currency: str) -> dict[str, Any]:
    return {
        "debits": [
            {
                "id": debit.id,
                "statement": debit.statement,
                "lead_id": debit.lead_id,
                "period": debit.period,
                "amount": _amount(debit.amount, currency),
                "reason": debit.reason,
                "proposed_at": moment(debit.proposed_at),
            }
            for debit in decisions.debits
        ],
        "late_credits": [
            {
                "number": note.number,
                "statement": note.statement,
                "lead_id": note.lead_id,
                "period": note.period,
                "amount": _amount(note.amount, currency),
                "reason": note.reason,
            }
            for note in decisions.late_credits
        ],
        "unpaid_periods": list(map(asdict, decisions.unpaid_periods)),
        "in_review": [
            asdict(lead)
            | {"received_at": moment(lead.received_at), "deadline": moment(lead.deadline)}
            for lead in decisions.in_review
        ],
        "held_back": [
            asdict(lead) | {"received_at": moment(lead.received_at)}
            for lead in decisions.in_quarantine
        ],
        "parked": [
            {
                "campaign": parked.campaign,
                "lead_id": parked.lead.lead_id,
                "reason": parked.lead.reason,
                "detail": parked.lead.detail,
            }
            for parked in decisions.parked
        ],
        "disputes": [
            asdict(dispute) | {"since": moment(dispute.since)} for dispute in decisions.disputes
        ],
        "failed_messages": [
            {
                "id": message.id,
                "kind": message.kind,
                "recipient": message.recipient,
                "campaign": message.campaign,
                "lead_id": message.lead_id,
                "attempts": message.attempts,
                "result": message.result,
            }
            for message in decisions.failed_messages
        ],
    }


def documents_as_data(documents: Sequence[MonthDocument]) -> list[dict[str, Any]]:
    """The documents as JSON values; the total of a credit note is negative."""
    return [
        {
            "number": item.document.number,
            "document": item.document.kind,
            "corrects": item.document.corrects,
            "client": item.document.client,
            "currency": item.document.currency,
            "total": _amount(_signed_total(item), item.document.currency),
            "to_pay": _amount(item.to_pay, item.document.currency),
            "due": item.document.due_on,
        }
        for item in documents
    ]


def _amount(minor: int, currency: str) -> str:
    return str(from_minor(minor, currency))
