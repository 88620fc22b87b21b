"""`gatepost outcomes import FILE.csv`: records the outcomes that a CRM exports."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.options import by_option, side_option
from capture.cli.output import read_content
from capture.cli.show import as_json_option, moment, show_json, show_rows
from capture.errors import short_path
from capture.lead.events import Actor
from capture.ledger.dry_run import dry_run_of
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.local_time import clock_change_note, local, show_moment
from capture.outcomes.import_outcomes import ImportedOutcome, import_rows, read_outcomes, sort_rows
from capture.outcomes.rows import RowDefaults
from capture.review.acts import find_lead


@click.group()
def outcomes() -> None:
    """Import the outcomes of many leads from a file.

    \b
    Example:
      gatepost outcomes import outcomes.csv --as Ada --dry-run
    """


@outcomes.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@by_option
@side_option
@click.option("--campaign", default="", help="The campaign of rows that name none.")
@click.option("--dry-run", is_flag=True, help="Show what would be recorded; write nothing.")
@as_json_option
@pass_context
def import_(
    context: CommandContext,
    file: Path,
    by: str,
    side: str,
    campaign: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Record the outcomes in FILE.csv. If a row is wrong, nothing is recorded.

    The columns are the options of `gatepost outcome`, and lead_id, or email and campaign. Rows
    that are recorded already change nothing, so you can import a newer export of the same list.

    \b
    Example:
      gatepost outcomes import outcomes.csv --as Ada --from client --campaign acme-demo
    """
    defaults = RowDefaults(by, Actor(side), campaign)
    table = read_outcomes(read_content(file), short_path(file))
    with context.ledger() as ledger:
        now = datetime.now(UTC)
        rows = ledger.read(lambda reading: sort_rows(reading, table, defaults, now))
        run = partial(dry_run_of, ledger) if dry_run else ledger.transact
        recorded_at = datetime.now(UTC)  # matching the rows of a long table takes time
        imported = run(lambda records: import_rows(records, rows, recorded_at))
        zones = ledger.read(lambda reading: _zones(reading, imported))
    if as_json:
        show_json([_row(outcome, zones[outcome.lead_id]) for outcome in imported])
        return
    new = [outcome for outcome in imported if not outcome.known]
    if dry_run and new:
        columns = ("line", "lead_id", "outcome", "on", "on_local", "at", "at_local")
        rows_shown = [_row(outcome, zones[outcome.lead_id]) for outcome in new]
        show_rows(columns, rows_shown, as_json=False)
    for outcome in new:
        for line in _clock_change_lines(outcome, zones[outcome.lead_id]):
            click.echo(line)
    click.echo(_summary(imported) + (" Nothing was written." if dry_run else ""))


def _zones(reading: ReadTransaction, imported: Sequence[ImportedOutcome]) -> dict[str, ZoneInfo]:
    """The zone of each lead's campaign."""
    zones: dict[tuple[str, str], ZoneInfo] = {}
    zone_of_lead: dict[str, ZoneInfo] = {}
    for outcome in imported:
        lead = find_lead(reading, outcome.lead_id)
        terms = lead.campaign, lead.version
        if terms not in zones:
            zones[terms] = saved_campaign(reading, *terms).zone
        zone_of_lead[outcome.lead_id] = zones[terms]
    return zone_of_lead


def _row(outcome: ImportedOutcome, zone: ZoneInfo) -> dict[str, Any]:
    """Times in UTC and in the campaign's zone."""
    return {
        "line": outcome.line,
        "lead_id": outcome.lead_id,
        "outcome": _kind(outcome),
        "on": moment(outcome.occurred_at),
        "on_local": local(outcome.occurred_at, zone),
        "at": moment(outcome.meeting_at),
        "at_local": local(outcome.meeting_at, zone) if outcome.meeting_at else None,
        "known": outcome.known,
    }


def _kind(outcome: ImportedOutcome) -> str:
    return outcome.kind.value.replace("_", "-")


def _clock_change_lines(outcome: ImportedOutcome, zone: ZoneInfo) -> Iterator[str]:
    """For a time that occurs twice, when clocks go back: which of the two is meant."""
    for name, time in (("on", outcome.occurred_at), ("at", outcome.meeting_at)):
        if time is not None and clock_change_note(time, zone):
            yield f"line {outcome.line}: {name} is {show_moment(time, zone)}."


def _summary(imported: Sequence[ImportedOutcome]) -> str:
    new = Counter(_kind(outcome) for outcome in imported if not outcome.known)
    kinds = ", ".join(f"{count} {kind}" for kind, count in new.items())
    known = len(imported) - new.total()
    return f"{new.total()} new{f' ({kinds})' if kinds else ''}, {known} known already."
