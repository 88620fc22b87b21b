"""`gatepost statement`: a closed statement or one to come, in every form."""

from collections.abc import Callable
from pathlib import Path

import click

from capture.cli.group import DefaultGroup
from capture.cli.month import Month
from capture.cli.output import as_of_option, output_option, read_time, write_output
from capture.cli.show import moment, show_facts, show_heading, show_rows
from capture.cli.workplace import Workplace, pass_workplace
from capture.closing import credits_of, preview, read_statement
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
        frozen = ledger.read(lambda reading: _find(reading, number))
    _show(read_statement(frozen), shape, output, lambda: frozen.json)


def _find(reading: Reading, number: str) -> Frozen:
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
    both = workplace.parties(terms)
    time = read_time(as_of, terms)
    with workplace.ledger() as ledger:
        bill = ledger.read(lambda reading: preview(reading, terms, both, month, time))
    _show(bill, shape, output, lambda: to_json(bill))


def _show(bill: Statement, shape: str, output: Path | None, text: Callable[[], str]) -> None:
    if shape == "table" and output is None:
        _show_table(bill, fingerprint(text()))
    elif shape == "table":
        raise click.UsageError("a table is for the terminal: choose another --format for a file")
    elif shape == "json":
        write_output(text().encode(), output)
    else:
        rows = [_row(bill, line) for line in bill.lines]
        write_output(WRITERS[shape](COLUMNS, rows), output, shape)


def _show_table(bill: Statement, digest: str) -> None:
    show_facts(
        [
            ("statement", bill.number or "preview, not closed"),
            ("client", bill.client),
            ("campaign", f"{bill.campaign} ({bill.model})"),
            ("month", bill.month),
            ("total", show_money(bill.total, bill.currency)),
            *_added(bill),
            ("to pay", f"{show_money(bill.to_pay, bill.currency)} by {bill.due_on}"),
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


def _added(bill: Statement) -> list[tuple[str, str]]:
    """What stands between the lines' total and what is to be paid."""
    rows = [
        (f"VAT {bill.parties.vat_rate} %", bill.vat),
        ("credit before", bill.brought_forward),
    ]
    return [(name, show_money(amount, bill.currency)) for name, amount in rows if amount]


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
