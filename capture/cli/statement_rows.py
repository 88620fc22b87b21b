"""A statement in the terminal, and as rows for CSV, JSON Lines and XLSX."""

from collections.abc import Iterator

from capture.cli.show import moment, show_facts, show_heading, show_rows
from capture.export import Cell
from capture.lead import show_time
from capture.money import from_minor, show_money
from capture.statement import Statement, StatementLine

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
    "entered",
    "criteria_met",
)

_MARKS = ("free", "late", "entered")


def show_statement(bill: Statement, digest: str) -> None:
    """For people, in the terminal."""
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
                    "marks": " ".join(name for name in _MARKS if getattr(line, name)),
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
        ("credit left", bill.credit_left),
    ]
    return [(name, show_money(amount, bill.currency)) for name, amount in rows if amount]


def _over_cap(bill: Statement) -> str:
    return f"{bill.counts.over_cap_refused} refused, {bill.counts.over_cap_free} free"


def statement_rows(bill: Statement) -> Iterator[dict[str, Cell]]:
    """A row a line, with `COLUMNS`."""
    for line in bill.lines:
        yield _row(bill, line)


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
        "entered": "yes" if line.entered else "no",
        "criteria_met": "; ".join(met.rule for met in line.met),
    }
