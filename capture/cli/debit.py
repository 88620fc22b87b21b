"""`gatepost debit`: asks the client for more on a closed line.

The client alone answers, by its own token (rule 41).
"""

from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.options import Amount, line_options
from capture.cli.show import as_json_option, moment, show_rows
from capture.closing.credit import CorrectionRequest
from capture.closing.debit import Proposal, proposals_of, propose_debit
from capture.ledger.protocol import Records
from capture.money import from_minor, show_money


@click.group()
def debit() -> None:
    """Debit notes: what a line should have cost beyond its bill, once the client agrees."""


@debit.command()
@line_options
@click.option("--amount", required=True, type=Amount(), help="Net of tax, beyond the line.")
@click.option("--reason", required=True, metavar="CODE", help="Why: wrong_rate, missed_period ...")
@pass_context
def propose(
    context: CommandContext,
    number: str,
    lead_id: str,
    amount: Decimal,
    reason: str,
    period: str,
    by: str,
) -> None:
    """The agency asks for more on a line of the closed statement NUMBER."""

    def work(records: Records) -> Proposal:
        correction_request = CorrectionRequest(number, lead_id, reason, period, amount)
        return propose_debit(records, correction_request, by, datetime.now(UTC))

    with context.ledger() as ledger:
        created = ledger.transact(work)
    click.echo(
        f"{created.id}: {show_money(created.amount, created.currency)} proposed on {number}, lead "
        f"{lead_id}; it is a document once the client approves it by its API token."
    )


@debit.command("list")
@click.option("--client", help="Only this client's.")
@as_json_option
@pass_context
def list_(context: CommandContext, client: str | None, as_json: bool) -> None:
    """List what was proposed, and what the client said."""
    with context.ledger() as ledger:
        found = ledger.read(lambda reading: proposals_of(reading, client))
    if not found and client is not None:
        context.catalogue().client(client)  # a mistyped name is refused, with what is near
    rows = [
        asdict(one)
        | {
            "amount": str(from_minor(one.amount, one.currency)),
            "vat": str(from_minor(one.vat, one.currency)),
            "proposed_at": moment(one.proposed_at),
        }
        for one in found
    ]
    if rows or as_json:
        columns = ("id", "statement", "lead_id", "period", "amount", "currency", "reason", "answer")
        show_rows((*columns, "proposed_at"), rows, as_json=as_json)
    else:
        click.echo("No debit was proposed yet.")
