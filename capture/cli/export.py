"""`gatepost export`: the billable leads of a campaign and month, one row each."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.options import Month, own_name_option
from capture.cli.output import (
    as_of_option,
    check_output,
    choose_format,
    excel_option,
    open_output,
    output_option,
    read_time,
)
from capture.cli.statement_warnings import warn_of_parked
from capture.closing.charged_lines import DrawnMonth, LineWithAnswers, draw_month
from capture.documents.lead_export import FORMATS, WRITERS, Cell
from capture.form.touches import TOUCH_KEYS
from capture.lead.events import show_time
from capture.ledger.protocol import ReadTransaction
from capture.money import from_minor

_FIXED_COLUMNS = (
    "lead_id",
    "campaign",
    "campaign_version",
    "received_at",
    "billable_at",
    "amount",
    "currency",
    "consent",
)


@click.command()
@click.argument("campaign")
@click.option(
    "--month", required=True, type=Month(), help="The month, in the campaign's time zone."
)
@click.option("--format", "shape", type=click.Choice(FORMATS), default="csv", show_default=True)
@excel_option
@as_of_option
@output_option
@own_name_option
@pass_context
def export(
    context: CommandContext,
    campaign: str,
    month: str,
    shape: str,
    excel: bool,
    as_of: str | None,
    output: Path | None,
    by: str,
) -> None:
    """Write CAMPAIGN's billable leads of a month to a file or the terminal.

    The same ledger, month and time give the same bytes.

    \b
    Example:
      gatepost export acme-demo --month 2026-11 --format xlsx -o leads.xlsx
    """
    shape = choose_format(shape, excel=excel)
    check_output(output, shape)

    def write_rows(reading: ReadTransaction, time: datetime) -> list[str]:
        drawn_month = draw_month(reading, campaign, month, time)
        lead_ids = dict[str, None]()

        def rows() -> Iterator[dict[str, Cell]]:
            for lead in drawn_month.lines_with_answers(reading):
                lead_ids[lead.due.line.lead_id] = None
                yield _row(lead, drawn_month)

        with open_output(output, shape) as out:
            WRITERS[shape](out, _columns(drawn_month), rows())
        warn_of_parked(campaign, drawn_month.lines.parked)
        return list(lead_ids)

    with context.ledger() as ledger:
        time = read_time(as_of, context.campaign_in(ledger, campaign))
        lead_ids = ledger.read(lambda reading: write_rows(reading, time))
        context.log_look(ledger, by, f"gatepost export as {shape}", lead_ids, datetime.now(UTC))


def _columns(drawn_month: DrawnMonth) -> list[str]:
    """Fixed columns first; a form field with the same name gets the prefix `field_`."""
    touches = [f"{which}_{name}" for which in ("first", "last") for name in TOUCH_KEYS]
    return [
        *_FIXED_COLUMNS,
        *(_column(name) for name in drawn_month.fields),
        "unverified",
        "verdict",
        *touches,
    ]


def _column(field: str) -> str:
    return (
        f"field_{field}" if field in _FIXED_COLUMNS or field in {"unverified", "verdict"} else field
    )


def _row(lead: LineWithAnswers, drawn_month: DrawnMonth) -> dict[str, Cell]:
    line, personal_data = lead.due.line, lead.personal_data
    row: dict[str, Cell] = {
        "lead_id": line.lead_id,
        "campaign": drawn_month.campaign,
        "campaign_version": line.version,
        "received_at": show_time(lead.due.received_at),
        "billable_at": show_time(line.due_at),
        "amount": from_minor(line.amount, line.currency),
        "currency": line.currency,
        "consent": ": ".join(lead.due.consent.in_words()),
        "verdict": _verdict(lead),
    }
    if personal_data is not None:
        for name in drawn_month.fields:
            value = personal_data.answers.get(name)
            row[_column(name)] = "; ".join(value) if isinstance(value, tuple) else value
        unverified = (f"{name}: {text}" for name, text in personal_data.unverified.items())
        row["unverified"] = "; ".join(unverified) or None
        for which, touch in (
            ("first", personal_data.first_touch),
            ("last", personal_data.last_touch),
        ):
            row |= {f"{which}_{name}": touch.get(name) for name in TOUCH_KEYS}
    return row


def _verdict(lead: LineWithAnswers) -> str:
    """Each rule and whether it was met, with the reason while it is kept."""
    reasons = {} if lead.personal_data is None else lead.personal_data.reasons
    parts = []
    for criterion in lead.due.verdict["criteria"]:
        met = "met" if criterion["passed"] else "not met"
        reason = reasons.get(criterion["id"])
        parts.append(f"{criterion['rule']}: {met}" + (f" ({reason})" if reason else ""))
    return "; ".join(parts)
