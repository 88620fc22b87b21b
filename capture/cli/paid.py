"""`gatepost paid`: records a payment for a statement or debit note."""

from datetime import UTC, datetime
from decimal import Decimal

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.options import Amount
from capture.closing.documents import PaymentRequest, record_payment
from capture.money import show_money


@click.command()
@click.argument("number")
@click.option(
    "--amount", required=True, type=Amount(), help="With tax; negative if it was returned."
)
@click.option(
    "--date",
    "paid_on",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Day of receipt, such as 2026-12-30.",
)
@click.option(
    "--again", is_flag=True, help="Record it although the same amount was recorded for that day."
)
@pass_context
def paid(
    context: CommandContext, number: str, amount: Decimal, paid_on: datetime, again: bool
) -> None:
    """Record a full or partial payment for the statement or debit note NUMBER.

    \b
    Example:
      gatepost paid acme-0001 --amount 30.00 --date 2026-12-30
    """
    request = PaymentRequest(number, amount, paid_on.date(), again)
    with context.ledger() as ledger:
        entry = ledger.transact(lambda records: record_payment(records, request, datetime.now(UTC)))
    currency = entry.document.currency
    if entry.open:
        click.echo(f"{number}: {show_money(entry.open, currency)} is still to be paid.")
    else:
        click.echo(f"{number}: settled.")
    if entry.offset < 0:
        over = show_money(-entry.offset, currency)
        click.echo(
            f"{over} more was paid than was due: it settles other open documents, or is carried "
            "forward."
        )
