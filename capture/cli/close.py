"""`gatepost close`: closes a client's month with numbered statements that never change."""

from datetime import UTC, datetime

import click

from capture.billing.statement import ParkedLead, Statement
from capture.cli.context import CommandContext, pass_context
from capture.cli.options import Month, own_name_option
from capture.cli.statement_warnings import warn_of_einvoice, warn_of_parked
from capture.closing.close import check_agency, close_month, read_statement
from capture.closing.documents import find_closed_statement
from capture.closing.months import Closing
from capture.ledger.protocol import WriteTransaction
from capture.ledger.types import ClosedStatement
from capture.money import show_money
from capture.text import count_noun


@click.command()
@click.argument("client")
@click.option(
    "--month", required=True, type=Month(), help="The month, in each campaign's time zone."
)
@click.option(
    "--empty-statement",
    is_flag=True,
    help="Create a numbered statement of 0 if there is nothing to bill.",
)
@own_name_option
@pass_context
def close(context: CommandContext, client: str, month: str, empty_statement: bool, by: str) -> None:
    """Close the month of CLIENT: create its numbered statement over all campaigns.

    It never changes afterwards. Closing the same month again gives the same statement. A month with
    nothing to bill is closed without a statement and without a number. Each currency has a
    statement of its own. A lead whose lines cannot be computed is named and billed later.

    \b
    Example:
      gatepost close acme --month 2026-11
    """
    check_agency(context.agency)
    parties = context.parties(client)

    def close_and_read(records: WriteTransaction) -> list[tuple[Closing, ClosedStatement | None]]:
        now = datetime.now(UTC)
        closings = close_month(
            records, client, parties, month, now, empty_statement=empty_statement, by=by
        )
        return [
            (closing, find_closed_statement(records, closing.number) if closing.number else None)
            for closing in closings
        ]

    with context.ledger() as ledger:
        closed = ledger.transact(close_and_read)
    for closing, closed_statement in closed:
        if closed_statement is None:
            click.echo(
                f"{client}, {month}, {closing.currency}: closed. There was nothing to bill, so no "
                "statement."
            )
        else:
            _show_closed(closed_statement)
            warn_of_einvoice(closed_statement.number, parties, client, closing.currency)
        for campaign, reasons in closing.parked.items():
            warn_of_parked(campaign, (ParkedLead(*item) for item in reasons.items()))


def _show_closed(closed_statement: ClosedStatement) -> None:
    statement = read_statement(closed_statement)
    in_review = sum(part.counts.in_review for part in statement.parts)
    total = show_money(statement.total, statement.currency)
    click.echo(
        f"{statement.number}: {statement.client}, {statement.month}: {total}"
        f" for {count_noun(len(statement.lines), 'line')}"
        f" of {count_noun(len(statement.parts), 'campaign')};"
        f" {in_review} in review, for a later month."
    )
    click.echo(_to_pay(statement))
    click.echo(f"SHA-256 {closed_statement.sha256}")


def _to_pay(statement: Statement) -> str:
    currency = statement.currency
    tax = f" with {statement.parties.vat_rate} % VAT" if statement.vat else ""
    credit = {
        "credit brought forward": statement.gross - statement.to_pay,
        "credit carried forward": statement.credit_left,
    }
    parts = [
        f", {show_money(amount, currency)} {words}" for words, amount in credit.items() if amount
    ]
    to_pay = show_money(statement.to_pay, currency)
    return f"To pay: {to_pay}{tax}{''.join(parts)}, by {statement.due_on}."
