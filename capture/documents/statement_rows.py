"""The lines of a statement as rows, for CSV, JSON Lines and XLSX."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from capture.billing.statement import Statement, StatementLine
from capture.documents.lead_export import Cell
from capture.lead.events import show_time
from capture.money import from_minor

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
    "rate",
    "percent",
    "sold",
    "refunded",
    "amount",
    "currency",
    "free_over_cap",
    "late",
    "entered",
    "by_silence",
    "criteria_met",
)

FLAGS: Final = ("free_over_cap", "late", "entered", "by_silence")
"""The columns with `yes` or `no`."""


def statement_rows(statement: Statement) -> Iterator[dict[str, Cell]]:
    """One row per line, with `COLUMNS`."""
    for part in statement.parts:
        for line in part.lines:
            yield _row(statement, part.campaign, line)


def _row(statement: Statement, campaign: str, line: StatementLine) -> dict[str, Cell]:
    price = line.price

    def major(minor: int | None) -> Decimal | None:
        return None if minor is None else from_minor(minor, statement.currency)

    flags: dict[str, Cell] = {flag: "yes" if getattr(line, flag) else "no" for flag in FLAGS}

    return {
        "number": statement.number,
        "campaign": campaign,
        "month": statement.month,
        "lead_id": line.lead_id,
        "period": line.period,
        "campaign_version": line.version,
        "received_at": show_time(line.received_at),
        "event": line.event,
        "event_at": show_time(line.event_at),
        "due_at": show_time(line.due_at),
        "rate": major(price.rate),
        "percent": price.percent,
        "sold": major(price.sold),
        "refunded": major(price.refunded),
        "amount": major(line.amount),
        "currency": statement.currency,
        **flags,
        "criteria_met": "; ".join(criterion.rule for criterion in line.met),
    }
