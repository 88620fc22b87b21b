"""`gatepost credit` and `credits`: credit notes on lines of a closed statement."""

from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.options import Amount, line_options
from capture.cli.show import as_json_option, moment, show_rows
from capture.closing.credit import Correction, CorrectionRequest, credits_of, issue_credit
from capture.ledger.protocol import WriteTransaction
from capture.money import from_minor, show_money


@click.command()
@line_options
@click.option(
    "--reason", required=True, metavar="CODE", help="The reason, such as goodwill or wrong_contact."
)
@click.option(
    "--amount", type=Amount(), help="Net of tax. By default the uncredited rest of the line."
)
@click.option("--again", is_flag=True, help="Issue it although the same credit was issued today.")
@pass_context
def credit(
    context: CommandContext,
    number: str,
    lead_id: str,
    reason: str,
    by: str,
    amount: Decimal | None,
    period: str,
    again: bool,
) -> None:
    """Issue a credit note on a line of the closed statement NUMBER.

    \b
    Example:
      gatepost credit acme-0001 --lead 7ffwzp2npa6a --reason goodwill --amount 20.00 --as Ada
    """

    def issue_note(records: WriteTransaction) -> Correction:
        correction_request = CorrectionRequest(number, lead_id, reason, period, amount, again)
        return issue_credit(records, correction_request, by, datetime.now(UTC))

    with context.ledger() as ledger:
        note = ledger.transact(issue_note)
    click.echo(
        f"{note.number}: {show_money(note.amount, note.currency)} credited on {note.statement}."
    )


@click.command("credits")
@click.option("--client", help="Only this client.")
@as_json_option
@pass_context
def credits_(context: CommandContext, client: str | None, as_json: bool) -> None:
    """List the credit notes, oldest first.

    \b
    Example:
      gatepost credits --client acme
    """
    with context.ledger() as ledger:
        notes = ledger.read(lambda reading: credits_of(reading, client))
    if not notes and client is not None:
        context.catalogue().client(client)  # raises for an unknown name, with near spellings
    rows = [
        asdict(note)
        | {
            "amount": str(from_minor(note.amount, note.currency)),
            "vat": str(from_minor(note.vat, note.currency)),
            "issued_at": moment(note.issued_at),
        }
        for note in notes
    ]
    if rows or as_json:
        columns = ("number", "statement", "lead_id", "period", "amount", "vat", "currency")
        show_rows((*columns, "reason", "issued_at"), rows, as_json=as_json)
    else:
        click.echo("No credit notes yet.")
