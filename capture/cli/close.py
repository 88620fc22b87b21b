"""`gatepost close`: closes a month and creates its numbered statement."""

from datetime import UTC, datetime

import click

from capture.billing.statement import Statement
from capture.cli.context import CommandContext, pass_context
from capture.cli.options import Month
from capture.closing.close import close_month, read_statement
from capture.errors import Refused
from capture.ledger.protocol import Ledger
from capture.ledger.types import ClosedStatement
from capture.money import show_money
from capture.text import count_noun


@click.command()
@click.argument("campaign")
@click.option(
    "--month", required=True, type=Month(), help="The month, in the campaign's time zone."
)
@click.option(
    "--empty-statement",
    is_flag=True,
    help="Create a numbered statement of 0 if there is nothing to bill.",
)
@pass_context
def close(context: CommandContext, campaign: str, month: str, empty_statement: bool) -> None:
    """Close a month: create its numbered statement, which never changes afterwards.

    Closing the same month again gives the same statement. A month with nothing to bill is closed
    without a statement and without a number.

    \b
    Example:
      gatepost close acme-demo --month 2026-11
    """
    with context.ledger() as ledger:
        closed_statement = _close(context, ledger, campaign, month, empty_statement=empty_statement)
    if closed_statement is None:
        click.echo(f"{campaign}, {month}: closed. There was nothing to bill, so no statement.")
        return
    statement = read_statement(closed_statement)
    click.echo(
        f"{closed_statement.number}: {campaign}, {month}: "
        f"{show_money(statement.total, statement.currency)}"
        f" for {count_noun(len(statement.lines), 'lead')};"
        f" {statement.counts.in_review} in review, for a later month."
    )
    click.echo(_to_pay(statement))
    click.echo(f"SHA-256 {closed_statement.sha256}")


def _close(
    context: CommandContext, ledger: Ledger, campaign: str, month: str, *, empty_statement: bool
) -> ClosedStatement | None:
    terms = context.campaign_in(ledger, campaign)
    parties = context.parties(terms)
    if not parties.supplier.address:
        raise Refused(
            "AGENCY_ADDRESS is not set, and a statement must name the agency; "
            'set GATEPOST_AGENCY_ADDRESS="1 Main Street; New York" in .env'
        )
    return ledger.transact(
        lambda records: close_month(
            records, terms, parties, month, datetime.now(UTC), empty_statement=empty_statement
        )
    )


def _to_pay(statement: Statement) -> str:
    tax = f" with {statement.parties.vat_rate} % VAT" if statement.vat else ""
    credit = {
        "of earlier credit used": statement.gross - statement.to_pay,
        "of credit left": statement.credit_left,
    }
    parts = [
        f", {show_money(sum_, statement.currency)} {words}"
        for words, sum_ in credit.items()
        if sum_
    ]
    amount = show_money(statement.to_pay, statement.currency)
    return f"To pay: {amount}{tax}{''.join(parts)}, by {statement.due_on}."
