"""`gatepost leads import FILE.csv`: leads that were won elsewhere, through the same door."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from capture.cli.output import read_content
from capture.cli.show import as_json_option, show_json, show_rows
from capture.cli.workplace import Workplace, pass_workplace
from capture.errors import short_path
from capture.intake import Brought, Origin, bring_in, check_open, read_sheet
from capture.ledger import rehearse


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--campaign", required=True, help="Whose terms judge them.")
@click.option("--source", required=True, metavar="CODE", help="Where they come from: event-2026.")
@click.option(
    "--basis",
    required=True,
    metavar="TEXT",
    help="Why their data may be kept, such as the article of the GDPR; it names nobody.",
)
@click.option("--dry-run", is_flag=True, help="Say what would become of each row; write nothing.")
@as_json_option
@pass_workplace
def import_(
    workplace: Workplace,
    file: Path,
    campaign: str,
    source: str,
    basis: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Take the leads of FILE.csv: all of them or, if a row is faulty, none.

    The heading names the campaign's fields. The same row again is the same lead.
    """
    terms = workplace.campaign(campaign)
    origin = Origin(source, basis.strip())
    now = datetime.now(UTC)
    with workplace.ledger() as ledger:
        ledger.read(lambda reading: check_open(reading, terms, now))
        rows = read_sheet(read_content(file), short_path(file), terms)
        do = partial(rehearse, ledger) if dry_run else ledger.transact
        brought = do(lambda records: bring_in(records, terms, origin, rows, now))
    if as_json:
        show_json(_rows(brought, dry_run=dry_run))
        return
    if dry_run:
        emails = {row.line: row.answers.get("email") for row in rows}
        table = [{**asdict(one), "email": emails[one.line]} for one in brought]
        show_rows(("line", "email", "stage", "why"), table, as_json=False)
    click.echo(_summary(brought) + (" Nothing was written." if dry_run else ""))


def _rows(brought: Sequence[Brought], *, dry_run: bool) -> list[dict[str, object]]:
    """A rehearsed lead has no id that anybody could ask for."""
    passing = {one.lead_id for one in brought if not one.known} if dry_run else set()
    return [
        asdict(one) | {"lead_id": None if one.lead_id in passing else one.lead_id}
        for one in brought
    ]


def _summary(brought: Sequence[Brought]) -> str:
    new = Counter(one.stage for one in brought if not one.known)
    stages = ", ".join(f"{count} {stage}" for stage, count in new.items())
    known = len(brought) - new.total()
    return f"{new.total()} new{f' ({stages})' if stages else ''}, {known} known already."
