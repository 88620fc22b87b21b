"""`gatepost suppress CLIENT FILE.csv`: extends a client's suppression list.

This is rule 4 of docs/rules.md.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.options import own_name_option
from capture.cli.output import read_content
from capture.cli.show import as_json_option, show_json, show_rows
from capture.errors import short_path
from capture.intake.suppression import Match, match_suppressions, read_suppressions
from capture.intake.suppression import suppress as add_suppressions
from capture.text import count_noun

_MAX_LEAD_IDS: Final = 5


@click.command()
@click.argument("client")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show which leads each line matches; write nothing.")
@own_name_option
@as_json_option
@pass_context
def suppress(
    context: CommandContext, client: str, file: Path, dry_run: bool, by: str, as_json: bool
) -> None:
    """Add e-mail addresses and company domains from FILE.csv to CLIENT's suppression list.

    FILE.csv has the columns email and domain, or one column without a heading. If a line is wrong,
    nothing is added, and each wrong line is reported. Existing leads do not change.

    \b
    Example:
      gatepost suppress acme customers.csv --dry-run
    """
    context.catalogue().client(client)
    entries = read_suppressions(read_content(file), short_path(file))
    now = datetime.now(UTC)
    with context.ledger() as ledger:
        if dry_run:
            matches = ledger.read(lambda reading: match_suppressions(reading, client, entries))
            new = sum(not match.is_known for match in matches)
        else:
            matches = []
            new = ledger.transact(
                lambda records: add_suppressions(records, client, entries, now, by)
            )
    if as_json:
        show_json(
            {"new": new, "known": len(entries) - new}
            | ({"entries": [_row(match) for match in matches]} if dry_run else {})
        )
        return
    if matches:
        _show_matches(matches)
    nothing = " Nothing was written." if dry_run else ""
    click.echo(f"{new} new, {len(entries) - new} known already: {client}'s list.{nothing}")


def _show_matches(matches: Sequence[Match]) -> None:
    rows = [_row(match) for match in matches]
    for row in rows:
        shown, more = row["lead_ids"][:_MAX_LEAD_IDS], len(row["lead_ids"]) - _MAX_LEAD_IDS
        row["lead_ids"] = " ".join(shown) + (f" and {more} more" if more > 0 else "")
    show_rows(("line", "entry", "known", "leads", "lead_ids"), rows, as_json=False)
    leads = {lead.lead_id for match in matches for lead in match.leads}
    click.echo(
        f"{count_noun(len(leads), 'lead')} received before would match; they stay as they are."
    )


def _row(match: Match) -> dict[str, Any]:
    return {
        "line": match.entry.line,
        "entry": match.entry.text,
        "known": match.is_known,
        "leads": len(match.leads),
        "lead_ids": [lead.lead_id for lead in match.leads],
    }
