"""`gatepost debit`: asks the client for more on a closed line, and takes the answer."""

from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal

import click

from capture.cli.amount import Amount
from capture.cli.show import as_json_option, moment, show_rows
from capture.cli.workplace import Workplace, pass_workplace
from capture.closing import (
    Correction,
    Proposal,
    Wish,
    approve_debit,
    billed_line,
    decline_debit,
    proposals_of,
    propose_debit,
)
from capture.ledger import Records
from capture.money import from_minor, show_money

lead_option = click.option(
    "--lead", "lead_id", required=True, metavar="ID", help="Whose line it is."
)
period_option = click.option(
    "--period", default="", metavar="DATE", help="Where the lead has several lines."
)
name_option = click.option("--as", "by", required=True, metavar="NAME", help="Who does it.")


@click.group()
def debit() -> None:
    """Debit notes: what a line should have cost beyond its bill, once the client agrees."""


@debit.command()
@click.argument("number")
@lead_option
@click.option("--amount", required=True, type=Amount(), help="Net of tax, beyond the line.")
@click.option("--reason", required=True, metavar="CODE", help="Why: wrong_rate, missed_period ...")
@period_option
@name_option
@pass_workplace
def propose(
    workplace: Workplace,
    number: str,
    lead_id: str,
    amount: Decimal,
    reason: str,
    period: str,
    by: str,
) -> None:
    """The agency asks for more on a line of the closed statement NUMBER."""

    def work(records: Records) -> Proposal:
        wish = Wish(number, lead_id, reason, period, amount)
        return propose_debit(records, wish, by, datetime.now(UTC))

    with workplace.ledger() as ledger:
        made = ledger.transact(work)
    click.echo(
        f"{show_money(made.amount, made.currency)} proposed on {number}, lead {lead_id}; "
        "it is a document once the client approves."
    )


@debit.command()
@click.argument("number")
@lead_option
@period_option
@name_option
@pass_workplace
def approve(workplace: Workplace, number: str, lead_id: str, period: str, by: str) -> None:
    """The client agrees: the debit note is issued."""

    def work(records: Records) -> Correction:
        line = billed_line(records, number, lead_id, period)
        return approve_debit(records, line, by, datetime.now(UTC))

    with workplace.ledger() as ledger:
        made = ledger.transact(work)
    click.echo(f"{made.number}: {show_money(made.amount, made.currency)} debited on {number}.")


@debit.command()
@click.argument("number")
@lead_option
@period_option
@name_option
@pass_workplace
def decline(workplace: Workplace, number: str, lead_id: str, period: str, by: str) -> None:
    """The client does not agree: nothing changes."""

    def work(records: Records) -> Proposal:
        line = billed_line(records, number, lead_id, period)
        return decline_debit(records, line, by, datetime.now(UTC))

    with workplace.ledger() as ledger:
        made = ledger.transact(work)
    click.echo(f"{show_money(made.amount, made.currency)} on {number} declined.")


@debit.command("list")
@click.option("--client", help="Only this client's.")
@as_json_option
@pass_workplace
def list_(workplace: Workplace, client: str | None, as_json: bool) -> None:
    """List what was proposed, and what the client said."""
    with workplace.ledger() as ledger:
        found = ledger.read(lambda reading: proposals_of(reading, client))
    rows = [
        asdict(one)
        | {
            "amount": str(from_minor(one.amount, one.currency)),
            "proposed_at": moment(one.proposed_at),
        }
        for one in found
    ]
    if rows or as_json:
        columns = ("statement", "lead_id", "period", "amount", "currency", "reason", "answer")
        show_rows((*columns, "proposed_at"), rows, as_json=as_json)
    else:
        click.echo("No debit was proposed yet.")
