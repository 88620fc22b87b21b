"""`gatepost close`, `statements` and `statement`: the month's bill."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from capture.cli.group import DefaultGroup
from capture.cli.month import Month
from capture.cli.output import as_of_option, opened, output_option, read_time, write_output
from capture.cli.show import as_json_option, moment, show_facts, show_heading, show_rows
from capture.cli.workplace import Workplace, pass_workplace
from capture.closing import close_month, credits_of, preview, read_statement
from capture.errors import NotFound
from capture.export import WRITERS, Cell
from capture.lead import show_time
from capture.ledger import Frozen, Reading
from capture.money import from_minor, show_money
from capture.statement import Statement, StatementLine, fingerprint, to_json

COLUMNS = (
    "number",
    "campaign",
    "month",
    "lead_id",
    "period",
    "campaign_version",
    "received_at",
    "event",
    "event_at",
    "due_at",
    "base",
    "amount",
    "currency",
    "free",
    "late",
    "criteria_met",
)

format_option = click.option(
    "--format",
    "shape",
    type=click.Choice(["table", "json", *sorted(WRITERS)]),
    default="table",
    show_default=True,
    help="json is the canonical text that the hash is of.",
)


@click.command()
@click.argument("campaign")
@click.option("--month", required=True, type=Month(), help="In the campaign's time zone.")
@pass_workplace
def close(workplace: Workplace, campaign: str, month: str) -> None:
    """Close a month: draw its statement, number it, freeze it. Closing twice gives the same one."""
    terms = workplace.campaign(campaign)
    with workplace.ledger() as ledger:
        frozen = ledger.transact(
            lambda records: close_month(records, terms, month, datetime.now(UTC))
        )
    bill = read_statement(frozen)
    click.echo(
        f"{frozen.number}: {campaign}, {month}: {show_money(bill.total, bill.currency)}"
        f" for {_leads(len(bill.lines))}; {bill.counts.in_review} in review, for a later month."
    )
    click.echo(f"SHA-256 {frozen.sha256}")


@click.command()
@click.option("--client", help="Only this client's.")
@as_json_option
@pass_workplace
def statements(workplace: Workplace, client: str | None, as_json: bool) -> None:
    """List the closed statements, in the order of their closing."""
    with workplace.ledger() as ledger:
        found = ledger.read(lambda reading: reading.statements(client))
    rows = [_summary(frozen) for frozen in found]
    if rows or as_json:
        columns = ("number", "campaign", "month", "leads", "total", "closed_at", "sha256")
        show_rows(columns, rows, as_json=as_json)
    else:
        click.echo("No statement was closed yet.")


@click.group(cls=DefaultGroup, default="show")
def statement() -> None:
    """Show a closed statement by its NUMBER, or preview an open month."""


@statement.command("show")
@click.argument("number")
@format_option
@output_option
@pass_workplace
def show(workplace: Workplace, number: str, shape: str, output: Path | None) -> None:
    """Show a closed statement."""
    with workplace.ledger() as ledger:
        frozen = ledger.read(lambda reading: find_statement(reading, number))
    _show(read_statement(frozen), shape, output, lambda: frozen.json)


def find_statement(reading: Reading, number: str) -> Frozen:
    """A closed statement. Raises `NotFound`, also for the number of a credit note."""
    frozen = reading.statement(number)
    if frozen is not None:
        return frozen
    if any(credit.number == number for credit in credits_of(reading)):
        raise NotFound(f"{number} is a credit note, no statement: `gatepost credits` shows it")
    raise NotFound(f"no statement {number!r}: `gatepost statements` lists them")


@statement.command("preview")
@click.argument("campaign")
@click.option("--month", required=True, type=Month(), help="In the campaign's time zone.")
@as_of_option
@format_option
@output_option
@pass_workplace
def preview_(
    workplace: Workplace,
    campaign: str,
    month: str,
    as_of: str | None,
    shape: str,
    output: Path | None,
) -> None:
    """Show what CAMPAIGN's statement would be, without closing the month."""
    terms = workplace.campaign(campaign)
    time = read_time(as_of, terms)
    with workplace.ledger() as ledger:
        bill = ledger.read(lambda reading: preview(reading, terms, month, time))
    _show(bill, shape, output, lambda: to_json(bill))


def _show(bill: Statement, shape: str, output: Path | None, text: Callable[[], str]) -> None:
    if shape == "table" and output is None:
        _show_table(bill, fingerprint(text()))
    elif shape == "table":
        raise click.UsageError("a table is for the terminal: choose another --format for a file")
    elif shape == "json":
        write_output(text().encode(), output)
    else:
        with opened(output, shape) as out:
            WRITERS[shape](out, COLUMNS, (_row(bill, line) for line in bill.lines))


def _show_table(bill: Statement, digest: str) -> None:
    show_facts(
        [
            ("statement", bill.number or "preview, not closed"),
            ("client", bill.client),
            ("campaign", f"{bill.campaign} ({bill.model})"),
            ("month", bill.month),
            ("total", show_money(bill.total, bill.currency)),
            ("in review", f"{bill.counts.in_review}, for a later month"),
            ("over the cap", _over_cap(bill)),
            ("drawn", f"{moment(bill.closed_at)}, from events up to {bill.seen}"),
            ("chain head", bill.head),
            ("SHA-256", digest),
        ]
    )
    if bill.lines:
        show_heading("Lines")
        show_rows(
            ("lead_id", "period", "paid for", "due", "amount", "marks", "criteria met"),
            [
                {
                    "lead_id": line.lead_id,
                    "period": line.period,
                    "paid for": line.event,
                    "due": moment(line.due_at),
                    "amount": show_money(line.amount, bill.currency),
                    "marks": " ".join(name for name in ("free", "late") if getattr(line, name)),
                    "criteria met": "; ".join(met.rule for met in line.met),
                }
                for line in bill.lines
            ],
            as_json=False,
        )


def _over_cap(bill: Statement) -> str:
    return f"{bill.counts.over_cap_refused} refused, {bill.counts.over_cap_free} free"


def _row(bill: Statement, line: StatementLine) -> dict[str, Cell]:
    return {
        "number": bill.number,
        "campaign": bill.campaign,
        "month": bill.month,
        "lead_id": line.lead_id,
        "period": line.period,
        "campaign_version": line.version,
        "received_at": show_time(line.received_at),
        "event": line.event,
        "event_at": show_time(line.event_at),
        "due_at": show_time(line.due_at),
        "base": None if line.base is None else from_minor(line.base, bill.currency),
        "amount": from_minor(line.amount, bill.currency),
        "currency": bill.currency,
        "free": "yes" if line.free else "no",
        "late": "yes" if line.late else "no",
        "criteria_met": "; ".join(met.rule for met in line.met),
    }


def _leads(count: int) -> str:
    return f"{count} lead{'' if count == 1 else 's'}"


def _summary(frozen: Frozen) -> dict[str, object]:
    bill = read_statement(frozen)
    return {
        "number": frozen.number,
        "campaign": frozen.campaign,
        "month": frozen.month,
        "leads": len(bill.lines),
        "total": show_money(bill.total, bill.currency),
        "closed_at": moment(frozen.closed_at),
        "sha256": frozen.sha256,
    }
