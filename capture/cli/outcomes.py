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
from capture.cli.options import side_option
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
from capture.review import find_lead


@click.group()
def outcomes() -> None:
    """Import the outcomes of many leads from a file.

    \b
    Example:
      gatepost outcomes import outcomes.csv --as Ada --dry-run
    """


@outcomes.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "by", required=True, metavar="NAME", help="Your name, for the record.")
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
        do = partial(dry_run_of, ledger) if dry_run else ledger.transact
        then = datetime.now(UTC)  # matching the rows of a long table takes time
        used = do(lambda records: import_rows(records, rows, then))
        zones = ledger.read(lambda reading: _zones(reading, used))
    if as_json:
        show_json([_row(one, zones[one.lead_id]) for one in used])
        return
    new = [one for one in used if not one.known]
    if dry_run and new:
        columns = ("line", "lead_id", "outcome", "on", "on_local", "at", "at_local")
        rows_shown = [_row(one, zones[one.lead_id]) for one in new]
        show_rows(columns, rows_shown, as_json=False)
    for one in new:
        for line in _clock_change_lines(one, zones[one.lead_id]):
            click.echo(line)
    click.echo(_summary(used) + (" Nothing was written." if dry_run else ""))


def _zones(reading: ReadTransaction, used: Sequence[ImportedOutcome]) -> dict[str, ZoneInfo]:
    """The zone of each lead's campaign."""
    zones: dict[tuple[str, str], ZoneInfo] = {}
    found: dict[str, ZoneInfo] = {}
    for one in used:
        lead = find_lead(reading, one.lead_id)
        terms = lead.campaign, lead.version
        if terms not in zones:
            zones[terms] = saved_campaign(reading, *terms).zone
        found[one.lead_id] = zones[terms]
    return found


def _row(one: ImportedOutcome, zone: ZoneInfo) -> dict[str, Any]:
    """Times in UTC and in the campaign's zone."""
    return {
        "line": one.line,
        "lead_id": one.lead_id,
        "outcome": _kind(one),
        "on": moment(one.occurred_at),
        "on_local": local(one.occurred_at, zone),
        "at": moment(one.meeting_at),
        "at_local": local(one.meeting_at, zone) if one.meeting_at else None,
        "known": one.known,
    }


def _kind(one: ImportedOutcome) -> str:
    return one.kind.value.replace("_", "-")


def _clock_change_lines(one: ImportedOutcome, zone: ZoneInfo) -> Iterator[str]:
    """For a time that occurs twice, when clocks go back: which of the two was taken."""
    for name, time in (("on", one.occurred_at), ("at", one.meeting_at)):
        if time is not None and clock_change_note(time, zone):
            yield f"line {one.line}: {name} is {show_moment(time, zone)}."


def _summary(used: Sequence[ImportedOutcome]) -> str:
    new = Counter(_kind(one) for one in used if not one.known)
    kinds = ", ".join(f"{count} {kind}" for kind, count in new.items())
    known = len(used) - new.total()
    return f"{new.total()} new{f' ({kinds})' if kinds else ''}, {known} known already."
