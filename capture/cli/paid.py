"""`gatepost paid`: records payments for one document, or for all open ones of a client."""

from datetime import UTC, date, datetime
from decimal import Decimal

import click

from capture.billing.account import Entry
from capture.cli.context import CommandContext, pass_context
from capture.cli.options import Amount, own_name_option
from capture.cli.show import show_rows
from capture.closing.payments import (
    FullPayment,
    PaymentRequest,
    open_amounts,
    open_entries,
    record_all_as_paid,
    record_payment,
)
from capture.ledger.dry_run import dry_run_of
from capture.ledger.protocol import WriteTransaction
from capture.money import show_money
from capture.text import count_noun

_COLUMNS = ("number", "document", "month", "due", "open")


@click.command()
@click.argument("number", required=False)
@click.option("--amount", type=Amount(), help="With tax; negative if it was returned.")
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
@click.option("--all", "client", metavar="CLIENT", help="All open documents of a client, in full.")
@click.option("--yes", is_flag=True, help="With --all: do not ask for confirmation.")
@own_name_option
@pass_context
def paid(
    context: CommandContext,
    number: str | None,
    amount: Decimal | None,
    paid_on: datetime,
    again: bool,
    client: str | None,
    yes: bool,
    by: str,
) -> None:
    """Record a full or partial payment for the statement or debit note NUMBER.

    With --all, record that everything that is open of a client was paid. `gatepost payments
    import` reads the payments from your bank's file.

    \b
    Example:
      gatepost paid acme-0001 --amount 30.00 --date 2026-12-30
      gatepost paid --all acme --date 2026-12-30
    """
    if client is not None:
        if number is not None or amount is not None or again:
            raise click.UsageError("--all needs no NUMBER, --amount or --again")
        _pay_all(context, client, paid_on.date(), by, yes=yes)
    elif number is None or amount is None:
        raise click.UsageError("give NUMBER and --amount, or --all CLIENT")
    elif yes:
        raise click.UsageError("--yes works only with --all")
    else:
        _pay(context, PaymentRequest(number, amount, paid_on.date(), again), by)


def _pay(context: CommandContext, request: PaymentRequest, by: str) -> None:
    number = request.number
    with context.ledger() as ledger:
        entry = ledger.transact(
            lambda records: record_payment(records, request, datetime.now(UTC), by)
        )
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


def _pay_all(context: CommandContext, client: str, paid_on: date, by: str, *, yes: bool) -> None:
    with context.ledger() as ledger:
        entries = ledger.read(lambda reading: open_entries(reading, client))
        if not entries:
            context.catalogue().client(client)  # raises for an unknown name, with near spellings
            click.echo(f"{client}: nothing is open.")
            return

        def record(records: WriteTransaction) -> None:
            full = FullPayment(client, open_amounts(entries), paid_on, by)
            record_all_as_paid(records, full, datetime.now(UTC))

        dry_run_of(ledger, record)  # refuses a wrong day before it asks
        show_rows(_COLUMNS, [_row(entry) for entry in entries], as_json=False)
        if not yes:
            documents = count_noun(len(entries), "document")
            click.confirm(f"Record {documents} as paid on {paid_on}?", abort=True)
        ledger.transact(record)
    click.echo(f"{client}: {count_noun(len(entries), 'payment')} recorded; nothing is open.")


def _row(entry: Entry) -> dict[str, object]:
    document = entry.document
    return {
        "number": document.number,
        "document": str(document.kind),
        "month": document.month,
        "due": document.due_on,
        "open": show_money(entry.open, document.currency),
    }
