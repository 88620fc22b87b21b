"""`gatepost statement`: a closed statement, a note, or a preview, in every format."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from capture.billing.statement import Statement, StatementLine
from capture.billing.statement_text import fingerprint, statement_json
from capture.cli.context import CommandContext, pass_context
from capture.cli.options import DefaultGroup, Month
from capture.cli.output import (
    as_of_option,
    choose_format,
    excel_option,
    open_output,
    output_option,
    read_time,
    write_output,
)
from capture.cli.show import moment, show_facts, show_heading, show_rows
from capture.closing.close import preview_statement, read_statement
from capture.closing.credit import Correction, corrections_of
from capture.closing.documents import accounts_of, find_closed_statement, find_document
from capture.documents.lead_export import FORMATS, WRITERS, Cell
from capture.documents.statement_sheet import Sheet, note_sheet, statement_sheet, to_html, to_pdf
from capture.errors import Refused
from capture.lead.events import show_time
from capture.ledger.protocol import ReadTransaction
from capture.money import from_minor, show_money

_format_option = click.option(
    "--format",
    "shape",
    type=click.Choice(["table", "json", "html", "pdf", *FORMATS]),
    default="table",
    show_default=True,
    help="json is the canonical text whose SHA-256 is printed.",
)


@click.group(cls=DefaultGroup, default="show")
def statement() -> None:
    """Show a closed statement or note, or preview an open month.

    `gatepost statement NUMBER` is short for `gatepost statement show NUMBER`.

    \b
    Example:
      gatepost statement acme-0001
    """


@statement.command("show")
@click.argument("number")
@_format_option
@excel_option
@output_option
@pass_context
def show(
    context: CommandContext, number: str, shape: str, excel: bool, output: Path | None
) -> None:
    """Show a closed statement, a credit note or a debit note.

    \b
    Example:
      gatepost statement show acme-0001 --format pdf -o acme-0001.pdf
    """
    shape = _check_format(shape, output, excel=excel)
    with context.ledger() as ledger:
        write_in_format = ledger.read(lambda reading: _find_document(reading, number))
    write_in_format(shape, output)


@statement.command("preview")
@click.argument("campaign")
@click.option(
    "--month", required=True, type=Month(), help="The month, in the campaign's time zone."
)
@as_of_option
@_format_option
@excel_option
@output_option
@pass_context
def preview_(
    context: CommandContext,
    campaign: str,
    month: str,
    as_of: str | None,
    shape: str,
    excel: bool,
    output: Path | None,
) -> None:
    """Preview CAMPAIGN's statement without closing the month.

    \b
    Example:
      gatepost statement preview acme-demo --month 2026-11 --as-of 2026-12-01
    """
    shape = _check_format(shape, output, excel=excel)
    with context.ledger() as ledger:
        terms = context.campaign_in(ledger, campaign)
        parties = context.parties(terms)
        time = read_time(as_of, terms)
        statement = ledger.read(
            lambda reading: preview_statement(reading, terms, parties, month, time)
        )
    text = statement_json(statement)
    sheet = statement_sheet(statement, fingerprint(text), None, [])
    _show(statement, text, sheet, shape, output)


def _check_format(shape: str, output: Path | None, *, excel: bool) -> str:
    """The format to write. Raises `UsageError` for options that do not fit together."""
    if shape == "table" and output is not None:
        raise click.UsageError(
            "a table is for the terminal: choose another --format to write a file"
        )
    return choose_format(shape, excel=excel)


def _find_document(reading: ReadTransaction, number: str) -> Callable[[str, Path | None], None]:
    """A function that writes the document in a format to a file or the terminal."""
    document = find_document(reading, number)
    notes = corrections_of(reading, document.client)
    if document.corrects:
        note = next(note for note in notes if note.number == number)
        sheet = note_sheet(note, document, _read_statement(reading, document.corrects)[0])
        return partial(_show_note, note, sheet)
    statement, text = _read_statement(reading, number)
    entries = [
        entry for account in accounts_of(reading, document.client) for entry in account.entries
    ]
    sheet = statement_sheet(
        statement,
        fingerprint(text),
        next(entry for entry in entries if entry.document.number == number),
        [note for note in notes if note.statement == number],
    )
    return partial(_show, statement, text, sheet)


def _read_statement(reading: ReadTransaction, number: str) -> tuple[Statement, str]:
    closed_statement = find_closed_statement(reading, number)
    return read_statement(closed_statement), closed_statement.json


def _show(statement: Statement, text: str, sheet: Sheet, shape: str, output: Path | None) -> None:
    if shape == "table":
        _show_table(statement, fingerprint(text))
    elif shape == "json":
        write_output(text.encode(), output)
    elif shape in {"html", "pdf"}:
        _write_sheet(sheet, shape, output)
    else:
        with open_output(output, shape) as out:
            WRITERS[shape](out, _COLUMNS, _rows(statement))


def _show_note(note: Correction, sheet: Sheet, shape: str, output: Path | None) -> None:
    if shape == "table":
        data = asdict(note) | {
            "amount": show_money(note.amount, note.currency),
            "vat": show_money(note.vat, note.currency),
            "issued_at": moment(note.issued_at),
        }
        show_facts((name.replace("_", " "), value) for name, value in data.items() if value)
    elif shape == "json":
        write_output(json.dumps(asdict(note), indent=2, default=str).encode() + b"\n", output)
    elif shape in {"html", "pdf"}:
        _write_sheet(sheet, shape, output)
    else:
        raise Refused(f"{note.number} is a {note.kind}: use --format table, json, html or pdf")


def _write_sheet(sheet: Sheet, shape: str, output: Path | None) -> None:
    content = to_html(sheet).encode() if shape == "html" else to_pdf(sheet)
    write_output(content, output, shape)


# The statement as rows for CSV, JSON Lines and XLSX, and as tables in the terminal.

_COLUMNS = (
    "number",
    "campaign",
    "month",
    "lead_id",
    "period",
    "campaign_version",
    "received_at",
    "event",
    "event_at",
    "due_at",
    "base",
    "amount",
    "currency",
    "free_over_cap",
    "late",
    "entered",
    "criteria_met",
)


def _rows(statement: Statement) -> Iterator[dict[str, Cell]]:
    """One row per bill line, with `_COLUMNS`."""
    for line in statement.lines:
        yield _row(statement, line)


def _row(statement: Statement, line: StatementLine) -> dict[str, Cell]:
    return {
        "number": statement.number,
        "campaign": statement.campaign,
        "month": statement.month,
        "lead_id": line.lead_id,
        "period": line.period,
        "campaign_version": line.version,
        "received_at": show_time(line.received_at),
        "event": line.event,
        "event_at": show_time(line.event_at),
        "due_at": show_time(line.due_at),
        "base": None if line.base is None else from_minor(line.base, statement.currency),
        "amount": from_minor(line.amount, statement.currency),
        "currency": statement.currency,
        "free_over_cap": "yes" if line.free_over_cap else "no",
        "late": "yes" if line.late else "no",
        "entered": "yes" if line.entered else "no",
        "criteria_met": "; ".join(met.rule for met in line.met),
    }


_MARKS = ("free_over_cap", "late", "entered")


def _show_table(statement: Statement, digest: str) -> None:
    """Prints the statement as tables. `digest`: its SHA-256."""
    show_facts(
        [
            ("statement", statement.number or "preview, not closed"),
            ("client", statement.client),
            ("campaign", f"{statement.campaign} ({statement.model})"),
            ("month", statement.month),
            ("total", show_money(statement.total, statement.currency)),
            *_tax_and_credit(statement),
            ("to pay", f"{show_money(statement.to_pay, statement.currency)} by {statement.due_on}"),
            ("in review", f"{statement.counts.in_review}, for a later month"),
            ("over the cap", _over_cap(statement)),
            ("drawn", f"{moment(statement.closed_at)}, from events up to {statement.last_event}"),
            ("chain head", statement.chain_head),
            ("SHA-256", digest),
        ]
    )
    if statement.lines:
        show_heading("Lines")
        show_rows(
            ("lead_id", "period", "paid for", "due", "amount", "marks", "criteria met"),
            [
                {
                    "lead_id": line.lead_id,
                    "period": line.period,
                    "paid for": line.event,
                    "due": moment(line.due_at),
                    "amount": show_money(line.amount, statement.currency),
                    "marks": " ".join(name for name in _MARKS if getattr(line, name)),
                    "criteria met": "; ".join(met.rule for met in line.met),
                }
                for line in statement.lines
            ],
            as_json=False,
        )


def _tax_and_credit(statement: Statement) -> list[tuple[str, str]]:
    """The amounts between the lines' total and the amount to pay."""
    rows = [
        (f"VAT {statement.parties.vat_rate} %", statement.vat),
        ("credit before", statement.brought_forward),
        ("credit left", statement.credit_left),
    ]
    return [(name, show_money(amount, statement.currency)) for name, amount in rows if amount]


def _over_cap(statement: Statement) -> str:
    return f"{statement.counts.over_cap_refused} refused, {statement.counts.over_cap_free} free"
