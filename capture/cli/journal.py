"""`gatepost journal`: a month of documents and payments for the agency's accounting."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from capture.billing.journal import JournalLine, build_journal
from capture.cli.context import CommandContext, pass_context
from capture.cli.options import Month
from capture.cli.output import check_output, open_output, output_option
from capture.closing.documents import documents_of, payments_of
from capture.documents.journal_export import journal_to_csv, journal_to_datev
from capture.ledger.protocol import ReadTransaction


@click.command()
@click.option("--month", required=True, type=Month(), help="Of issue and of receipt.")
@click.option("--client", help="Only this client.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["csv", "datev"]),
    default="csv",
    show_default=True,
    help="Plain CSV, or a posting batch for DATEV, in EUR.",
)
@output_option
@pass_context
def journal(
    context: CommandContext, month: str, client: str | None, shape: str, output: Path | None
) -> None:
    """Write the documents issued and the payments received in a month as journal lines.

    Account codes are settings (REVENUE_ACCOUNT, BANK_ACCOUNT, RECEIVABLES_ACCOUNT, TAX_CODES); a
    client's file may have a debtor_account of its own.

    \b
    Example:
      gatepost journal --month 2026-12 -o journal.csv
      gatepost journal --month 2026-12 --format datev -o EXTF_2026-12.csv
    """
    check_output(output, shape)
    clients = context.catalogue().clients
    debtors = {slug: each.debtor_account for slug, each in clients.items()}
    codes = replace(context.accounts, debtors=debtors)

    def read(reading: ReadTransaction) -> list[JournalLine]:
        documents, payments = documents_of(reading, client), payments_of(reading, client)
        if client is not None and not documents:
            context.catalogue().client(client)  # raises for an unknown name, with near spellings
        return build_journal(documents, payments, codes, month)

    with context.ledger() as ledger:
        lines = ledger.read(read)
    if shape == "datev":
        content = journal_to_datev(lines, context.datev, month, datetime.now(UTC))
    with open_output(output, shape) as out:
        if shape == "datev":
            out.write(content)
        else:
            journal_to_csv(out, lines)
