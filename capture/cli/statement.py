"""`gatepost statement`: a closed statement, a note on one, or a month to come, in every form."""

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from capture.cli.group import DefaultGroup
from capture.cli.month import Month
from capture.cli.output import (
    as_of_option,
    chosen_format,
    excel_option,
    opened,
    output_option,
    read_time,
    write_output,
)
from capture.cli.show import moment, show_facts
from capture.cli.statement_rows import COLUMNS, show_statement, statement_rows
from capture.cli.workplace import Workplace, pass_workplace
from capture.closing import (
    Correction,
    accounts_of,
    closed_statement,
    corrections_of,
    document,
    preview,
    read_statement,
)
from capture.errors import Refused
from capture.export import FORMATS, WRITERS
from capture.ledger import Reading
from capture.money import show_money
from capture.paper import Sheet, note_sheet, statement_sheet, to_html, to_pdf
from capture.statement import Statement, fingerprint, to_json

format_option = click.option(
    "--format",
    "shape",
    type=click.Choice(["table", "json", "html", "pdf", *FORMATS]),
    default="table",
    show_default=True,
    help="json is the canonical text that the hash is of.",
)


@click.group(cls=DefaultGroup, default="show")
def statement() -> None:
    """Show a closed statement or note by its NUMBER, or preview an open month."""


@statement.command("show")
@click.argument("number")
@format_option
@excel_option
@output_option
@pass_workplace
def show(workplace: Workplace, number: str, shape: str, excel: bool, output: Path | None) -> None:
    """Show a closed statement, or a credit or debit note."""
    shape = _checked(shape, output, excel=excel)
    with workplace.ledger() as ledger:
        show_in = ledger.read(lambda reading: _find_document(reading, number))
    show_in(shape, output)


@statement.command("preview")
@click.argument("campaign")
@click.option("--month", required=True, type=Month(), help="In the campaign's time zone.")
@as_of_option
@format_option
@excel_option
@output_option
@pass_workplace
def preview_(
    workplace: Workplace,
    campaign: str,
    month: str,
    as_of: str | None,
    shape: str,
    excel: bool,
    output: Path | None,
) -> None:
    """Show what CAMPAIGN's statement would be, without closing the month."""
    shape = _checked(shape, output, excel=excel)
    with workplace.ledger() as ledger:
        terms = workplace.campaign_in(ledger, campaign)
        both = workplace.parties(terms)
        time = read_time(as_of, terms)
        bill = ledger.read(lambda reading: preview(reading, terms, both, month, time))
    text = to_json(bill)
    sheet = statement_sheet(bill, fingerprint(text), None, [])
    _show(bill, text, sheet, shape, output)


def _checked(shape: str, output: Path | None, *, excel: bool) -> str:
    """The format that is meant."""
    if shape == "table" and output is not None:
        raise click.UsageError("a table is for the terminal: choose another --format for a file")
    return chosen_format(shape, excel=excel)


def _find_document(reading: Reading, number: str) -> Callable[[str, Path | None], None]:
    """What shows the document in a format, on the terminal or in a file."""
    paper = document(reading, number)
    made = corrections_of(reading, paper.client)
    if paper.corrects:
        note = next(one for one in made if one.number == number)
        sheet = note_sheet(note, paper, _bill(reading, paper.corrects)[0])
        return partial(_show_note, note, sheet)
    bill, text = _bill(reading, number)
    entries = [entry for one in accounts_of(reading, paper.client) for entry in one.entries]
    sheet = statement_sheet(
        bill,
        fingerprint(text),
        next(entry for entry in entries if entry.document.number == number),
        [one for one in made if one.statement == number],
    )
    return partial(_show, bill, text, sheet)


def _bill(reading: Reading, number: str) -> tuple[Statement, str]:
    frozen = closed_statement(reading, number)
    return read_statement(frozen), frozen.json


def _show(bill: Statement, text: str, sheet: Sheet, shape: str, output: Path | None) -> None:
    if shape == "table":
        show_statement(bill, fingerprint(text))
    elif shape == "json":
        write_output(text.encode(), output)
    elif shape in {"html", "pdf"}:
        _write_sheet(sheet, shape, output)
    else:
        with opened(output, shape) as out:
            WRITERS[shape](out, COLUMNS, statement_rows(bill))


def _show_note(note: Correction, sheet: Sheet, shape: str, output: Path | None) -> None:
    if shape == "table":
        said = asdict(note) | {
            "amount": show_money(note.amount, note.currency),
            "vat": show_money(note.vat, note.currency),
            "issued_at": moment(note.issued_at),
        }
        show_facts((name.replace("_", " "), value) for name, value in said.items() if value)
    elif shape == "json":
        write_output(json.dumps(asdict(note), indent=2, default=str).encode() + b"\n", output)
    elif shape in {"html", "pdf"}:
        _write_sheet(sheet, shape, output)
    else:
        raise Refused(f"{note.number} is a {note.kind}: take --format table, json, html or pdf")


def _write_sheet(sheet: Sheet, shape: str, output: Path | None) -> None:
    content = to_html(sheet).encode() if shape == "html" else to_pdf(sheet)
    write_output(content, output, shape)
