"""`gatepost statement`: a closed statement, a note, or a preview, in every format."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from capture.billing.statement import Statement
from capture.billing.statement_text import fingerprint, statement_json
from capture.cli.context import CommandContext, pass_context
from capture.cli.options import DefaultGroup, Month, own_name_option
from capture.cli.output import (
    as_of_option,
    choose_format,
    excel_option,
    open_output,
    output_option,
    read_time,
)
from capture.cli.show import moment, show_facts
from capture.cli.statement_table import show_statement
from capture.cli.statement_warnings import warn_of_einvoice, warn_of_parked
from capture.closing.close import preview_statements
from capture.closing.credit import Correction
from capture.closing.months import campaign_groups
from capture.documents.closed_document import (
    ClosedDocument,
    load_closed_document,
    named_leads,
    sheet_of_statement,
)
from capture.documents.document_files import FACTURX, write_closed, write_document
from capture.documents.en16931 import Syntax
from capture.documents.lead_export import FORMATS
from capture.documents.sheet import Sheet
from capture.errors import NotFound, Refused
from capture.ledger.protocol import ReadTransaction
from capture.money import show_money


def _format_option(*more: str) -> Callable[[Any], Any]:
    return click.option(
        "--format",
        "shape",
        type=click.Choice(["table", "json", "html", "pdf", *FORMATS, *more]),
        default="table",
        show_default=True,
        help="json is the canonical text whose SHA-256 is printed"
        + ("; xml and facturx are e-invoices (EN 16931)." if more else "."),
    )


syntax_option = click.option(
    "--syntax",
    type=click.Choice(["cii", "ubl"]),
    help="With xml: the format inside; by default cii, which Factur-X and ZUGFeRD use.",
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
@_format_option("xml", "facturx")
@syntax_option
@excel_option
@output_option
@own_name_option
@pass_context
def show(
    context: CommandContext,
    number: str,
    shape: str,
    syntax: Syntax | None,
    excel: bool,
    output: Path | None,
    by: str,
) -> None:
    """Show a closed statement, a credit note or a debit note.

    \b
    Example:
      gatepost statement show acme-0001 --format pdf -o acme-0001.pdf
      gatepost statement show acme-0001 --format facturx -o acme-0001.pdf
      gatepost statement show acme-0001 --format xml --syntax ubl -o acme-0001.xml
    """
    shape = _check_format(shape, output, excel=excel)
    if syntax is not None and shape != "xml":
        raise click.UsageError("--syntax works only with --format xml")
    if shape == "xml":
        shape = syntax or "cii"
    with context.ledger() as ledger:
        closed = ledger.read(lambda reading: load_closed_document(reading, number))
        now = datetime.now(UTC)
        context.log_look(ledger, by, "gatepost statement show", named_leads(closed.content), now)
    _show_closed(closed, shape, output)


@statement.command("preview")
@click.argument("client")
@click.option(
    "--month", required=True, type=Month(), help="The month, in each campaign's time zone."
)
@click.option("--currency", help="Only this currency; for a file of a client with several.")
@as_of_option
@_format_option()
@excel_option
@output_option
@own_name_option
@pass_context
def preview_(
    context: CommandContext,
    client: str,
    month: str,
    currency: str | None,
    as_of: str | None,
    shape: str,
    excel: bool,
    output: Path | None,
    by: str,
) -> None:
    """Preview CLIENT's statement without closing the month.

    \b
    Example:
      gatepost statement preview acme --month 2026-11 --as-of 2026-12-01
    """
    shape = _check_format(shape, output, excel=excel)
    parties = context.parties(client)
    with context.ledger() as ledger:
        groups = ledger.read(lambda reading: campaign_groups(reading, datetime.now(UTC), client))
        if not groups:
            raise NotFound(f"{client} has no lead yet: there is no statement")
        time = read_time(as_of, next(iter(groups[0].campaigns.values())))
        previews = ledger.read(
            lambda reading: [
                (statement, _shown_preview(reading, statement))
                for statement in preview_statements(reading, client, parties, month, time)
                if currency in {None, statement.currency}
            ]
        )
        named = [lead_id for statement, _ in previews for lead_id in named_leads(statement)]
        now = datetime.now(UTC)
        context.log_look(ledger, by, "gatepost statement preview", named, now)
    currencies = ", ".join(group.currency for group in groups)
    if not previews:
        raise Refused(f"{client} has no lead in {currency}; it has leads in {currencies}")
    if len(previews) > 1 and shape != "table":
        raise click.UsageError(
            f"{client} has several currencies: choose one of {currencies} with --currency"
        )
    for number, (statement, show_in) in enumerate(previews):
        if number:
            click.echo()
        show_in(shape, output)
        if shape != "table":  # the table says it
            name = f"the invoice of {client} for {month}"
            warn_of_einvoice(name, parties, client, statement.currency)
        for part in statement.parts:
            warn_of_parked(part.campaign, part.parked)


def _check_format(shape: str, output: Path | None, *, excel: bool) -> str:
    """The format to write. Raises `UsageError` for options that do not fit together."""
    if shape == "table" and output is not None:
        raise click.UsageError(
            "a table is for the terminal: choose another --format to write a file"
        )
    return choose_format(shape, excel=excel)


Shower = Callable[[str, Path | None], None]
"""A function that writes a document in a format to a file or the terminal."""


def _show_closed(closed: ClosedDocument, shape: str, output: Path | None) -> None:
    if shape == "table":
        _show_table(closed.content, closed.text)
        return
    with open_output(output, "pdf" if shape == FACTURX else shape) as out:
        write_closed(closed, shape, out)


def _shown_preview(reading: ReadTransaction, statement: Statement) -> Shower:
    text = statement_json(statement)
    return partial(_show_preview, statement, text, sheet_of_statement(reading, statement, text))


def _show_preview(
    statement: Statement, text: str, sheet: Sheet, shape: str, output: Path | None
) -> None:
    if shape == "table":
        _show_table(statement, text)
        return
    with open_output(output, shape) as out:
        write_document(statement, text, sheet, shape, out)


def _show_table(content: Statement | Correction, text: str) -> None:
    if isinstance(content, Statement):
        show_statement(content, fingerprint(text))
        return
    data = asdict(content) | {
        "amount": show_money(content.amount, content.currency),
        "vat": show_money(content.vat, content.currency),
        "issued_at": moment(content.issued_at),
    }
    show_facts((name.replace("_", " "), value) for name, value in data.items() if value)
