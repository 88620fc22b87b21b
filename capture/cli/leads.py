"""`gatepost leads`: lists leads with their stages, and imports them from CSV."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.lead import MARKS
from capture.cli.options import DefaultGroup, Month, own_name_option
from capture.cli.output import read_content
from capture.cli.show import as_json_option, moment, show_json, show_rows
from capture.errors import short_path
from capture.intake.gate import check_open
from capture.intake.import_leads import ImportedLead, Origin, import_leads, read_lead_rows
from capture.lead.model import Lead
from capture.lead.moves import STAGES
from capture.lead_search import search_leads
from capture.ledger.dry_run import dry_run_of
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import LeadFilter, PersonalData, email_of
from capture.text import count_noun

COLUMNS = ("lead_id", "received_at", "campaign", "stage", "deadline", "email", "marks")
MATCH_COLUMNS = ("lead_id", "received_at", "campaign", "stage", "matches")
"""The columns of a search."""


@click.group(cls=DefaultGroup, default="list", no_args_is_help=False)
def leads() -> None:
    """List leads, or import them from a file.

    `gatepost leads [CAMPAIGN]` is short for `gatepost leads list [CAMPAIGN]`.

    \b
    Example:
      gatepost leads acme-demo --stage qualified
    """


@leads.command("list")
@click.argument("campaign", required=False)
@click.option("--month", type=Month(), help="Month of receipt, in the campaign's time zone.")
@click.option(
    "--stage",
    type=click.Choice(STAGES),
    metavar="STAGE",
    help=f"Only leads in this stage now: {', '.join(STAGES)}.",
)
@click.option(
    "--search",
    metavar="TEXT",
    help="Only leads with this text in the id or in an answer, such as name, e-mail or company.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, sys.maxsize),
    default=50,
    show_default=True,
    help="Show at most so many.",
)
@own_name_option
@as_json_option
@pass_context
def list_(
    context: CommandContext,
    campaign: str | None,
    month: str | None,
    stage: str | None,
    search: str | None,
    limit: int,
    by: str,
    as_json: bool,
) -> None:
    """List leads, newest first.

    \b
    Example:
      gatepost leads list acme-demo --month 2026-11 --stage qualified
      gatepost leads list --search clinic.example
    """
    now = datetime.now(UTC)
    query = LeadFilter(campaign=campaign, month=month)

    def load_rows(reading: ReadTransaction) -> tuple[list[dict[str, Any]], bool]:
        """At most `limit` rows, and whether there are more."""
        rows = (
            _lead_row(reading, lead, now) | matches
            for lead, matches in _select(reading, query, search, now)
            if stage is None or lead.review_at(now) == stage
        )
        return list(islice(rows, limit)), next(rows, None) is not None

    with context.ledger() as ledger:
        rows, has_more = ledger.read(load_rows)
        context.log_look(ledger, by, "gatepost leads", (row["lead_id"] for row in rows), now)
    if not rows and campaign is not None:
        context.campaign(campaign)  # raises for an unknown name, with near spellings
    if rows or as_json:
        _show(rows, COLUMNS if search is None else MATCH_COLUMNS, as_json=as_json)
    elif search is not None:
        click.echo("No lead matches.")
    else:
        click.echo("No leads yet." if campaign is None else f"No leads of {campaign} here.")
    if has_more:
        click.echo(
            f"More than {count_noun(limit, 'lead')}: raise --limit, or filter the list.", err=True
        )


def _select(
    reading: ReadTransaction, query: LeadFilter, search: str | None, now: datetime
) -> Iterator[tuple[Lead, dict[str, Any]]]:
    """The leads, newest first; with a search also the value of the row's `matches`."""
    if search is None:
        leads = reading.leads.select(query, newest_first=True)
        return ((lead, {}) for lead in leads)
    matches = search_leads(reading, search, query, now)
    return ((match.lead, {"matches": dict(match.answers)}) for match in matches)


def _show(rows: list[dict[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    if not as_json:
        for row in rows:
            matches = row.get("matches", {}).items()
            row["matches"] = "; ".join(f"{field}: {value}" for field, value in matches)
    show_rows(columns, rows, as_json=as_json)


def _lead_row(reading: ReadTransaction, lead: Lead, now: datetime) -> dict[str, Any]:
    personal_data = reading.people.personal_data(lead.lead_id)
    due_state = reading.statements.due_state(lead.lead_id)
    return {
        "lead_id": lead.lead_id,
        "received_at": moment(lead.received_at),
        "campaign": lead.campaign,
        "stage": lead.review_at(now),
        "deadline": moment(lead.deadline),
        "due": moment(due_state.due_at),
        "billed": due_state.billed,
        "downloads": sum(each.count for each in reading.downloads.of_lead(lead.lead_id)),
        "email": _email(personal_data),
        "marks": " ".join(name for name in MARKS if getattr(lead, name)),
    }


def _email(personal_data: PersonalData | None) -> str | None:
    """The e-mail address, marked if it was not verified; `erased` if it is gone."""
    if personal_data is None:
        return "erased"
    typed = personal_data.unverified.get("email")
    if typed:
        return f"{typed} (unverified)"
    return email_of(personal_data) or None


@leads.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--campaign", required=True, help="The campaign that judges the leads.")
@click.option("--source", required=True, metavar="CODE", help="Their origin, such as event-2026.")
@click.option(
    "--basis",
    required=True,
    metavar="TEXT",
    help="The legal basis for keeping the data, such as a GDPR article. No personal data.",
)
@own_name_option
@click.option("--dry-run", is_flag=True, help="Show the result of each row; write nothing.")
@as_json_option
@pass_context
def import_(
    context: CommandContext,
    file: Path,
    campaign: str,
    source: str,
    basis: str,
    by: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import leads from FILE.csv. If a row is wrong, nothing is imported.

    The column names are the campaign's field names. Importing a row again changes nothing.

    \b
    Example:
      gatepost leads import fair.csv --campaign acme-demo --source fair-2026 \\
        --basis "consent, signed at the stand"
    """
    terms = context.campaign(campaign)
    origin = Origin(source, basis.strip(), by)
    now = datetime.now(UTC)
    with context.ledger() as ledger:
        ledger.read(lambda reading: check_open(reading, terms, now))
        rows = read_lead_rows(read_content(file), short_path(file), terms)
        run = partial(dry_run_of, ledger) if dry_run else ledger.transact
        imported = run(lambda records: import_leads(records, terms, origin, rows, now))
    if as_json:
        show_json(_imported_rows(imported, dry_run=dry_run))
        return
    if dry_run:
        emails = {row.line: row.answers.get("email") for row in rows}
        table = [{**asdict(lead), "email": emails[lead.line]} for lead in imported]
        show_rows(("line", "email", "stage", "reason"), table, as_json=False)
    click.echo(_import_summary(imported) + (" Nothing was written." if dry_run else ""))


def _imported_rows(imported: Sequence[ImportedLead], *, dry_run: bool) -> list[dict[str, object]]:
    """After a dry run a new lead has no id, because it was not stored."""
    not_stored = {lead.lead_id for lead in imported if not lead.is_known} if dry_run else set()
    return [
        {
            "line": lead.line,
            "lead_id": None if lead.lead_id in not_stored else lead.lead_id,
            "known": lead.is_known,
            "stage": lead.stage,
            "reason": lead.reason,
        }
        for lead in imported
    ]


def _import_summary(imported: Sequence[ImportedLead]) -> str:
    new = Counter(lead.stage for lead in imported if not lead.is_known)
    stages = ", ".join(f"{count} {stage}" for stage, count in new.items())
    known = len(imported) - new.total()
    return f"{new.total()} new{f' ({stages})' if stages else ''}, {known} known already."
