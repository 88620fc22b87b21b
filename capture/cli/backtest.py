"""`gatepost backtest`: which verdicts a changed campaign file would change, and what that costs."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from capture.backtest import Backtest, MonthBill
from capture.backtest import backtest as run_backtest
from capture.campaign import Campaign, read_draft
from capture.cli.backtest_tables import show_backtest
from capture.cli.other_file import OTHER_FILE, read_other
from capture.cli.output import read_time
from capture.cli.progress import watched
from capture.cli.show import as_json_option, moment, show_json
from capture.cli.workplace import Workplace, pass_workplace
from capture.errors import short_path
from capture.ledger import Reading

NAMED: Final = 20
"""How many changed leads a terminal shows unless said otherwise."""


@click.command()
@click.argument("campaign")
@click.option(
    "--file",
    metavar="DRAFT.toml",
    type=OTHER_FILE,
    help="The file to try, from anywhere; - reads standard input. "
    "By default CAMPAIGN's own file as it stands now.",
)
@click.option("--since", metavar="DATE", help="Only leads received since then.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    help=f"Name so many of the leads that change, the newest; {NAMED} by default, --json all.",
)
@as_json_option
@pass_workplace
def backtest(
    workplace: Workplace,
    campaign: str,
    file: Path | None,
    since: str | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """Try a changed file on CAMPAIGN's past leads: which verdicts would change, and the bill.

    The verdicts that were given stay as they are; nothing is written.
    """
    draft, where = _draft(workplace, campaign, file)
    start = None if since is None else read_time(since, draft, "--since")
    keep = NAMED if limit is None and not as_json else limit

    def look(reading: Reading) -> Backtest:
        leads, total = reading.leads.judged(campaign, start), reading.leads.count(campaign, start)
        with watched(leads, total, "Judging") as seen:
            return run_backtest(reading, draft, seen, datetime.now(UTC), keep)

    with workplace.ledger() as ledger:
        found = ledger.read(look)
    known = bool(found.judged or found.erased or found.left_out)
    if not known:
        workplace.campaign(campaign)  # a mistyped name is told, with what it may have meant
    asked = {"campaign": campaign, "file": where, "version": draft.version, "since": moment(start)}
    if as_json:
        show_json(asked | _as_dict(found))
    elif known:
        show_backtest(asked, found, draft)
    else:
        click.echo(f"No leads of {campaign} here.")


def _draft(workplace: Workplace, slug: str, file: Path | None) -> tuple[Campaign, str]:
    if file is None:
        return workplace.campaign(slug), f"{short_path(workplace.campaigns)}/{slug}.toml"
    raw, where = read_other(file)
    return read_draft(slug, raw, where), where


def _as_dict(found: Backtest) -> dict[str, Any]:
    """Everything, for `--json`; amounts in minor units."""
    said = asdict(found) | {"changes": found.changes}
    for month, facts in zip(found.bill.months, said["bill"]["months"], strict=True):
        facts["difference"] = month.difference
    said["bill"]["total"] = _without_name(found.bill.total)
    said["changed"] = [
        asdict(lead) | {"received_at": moment(lead.received_at)} for lead in found.changed
    ]
    return said


def _without_name(total: MonthBill) -> dict[str, Any]:
    facts = asdict(total) | {"difference": total.difference}
    del facts["month"]
    return facts
