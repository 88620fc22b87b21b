"""`gatepost leads`: who came, and where each stands now; and `leads import`."""

from datetime import UTC, datetime
from typing import Any

import click

from capture.cli.group import DefaultGroup
from capture.cli.leads_import import import_
from capture.cli.month import Month
from capture.cli.show import as_json_option, moment, show_rows
from capture.cli.workplace import Workplace, pass_workplace
from capture.lead import STAGES, Lead
from capture.ledger import Dossier, LeadFilter, Reading

COLUMNS = ("lead_id", "received_at", "campaign", "stage", "deadline", "email", "marks")


@click.group(cls=DefaultGroup, default="list", no_args_is_help=False)
def leads() -> None:
    """List leads: `leads [CAMPAIGN]` is short for `leads list`; or import them from a file."""


leads.add_command(import_)


@leads.command("list")
@click.argument("campaign", required=False)
@click.option("--month", type=Month(), help="Month of receipt in the campaign's zone.")
@click.option("--stage", type=click.Choice(STAGES), help="Only leads that stand there now.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="The newest.")
@as_json_option
@pass_workplace
def list_(
    workplace: Workplace,
    campaign: str | None,
    month: str | None,
    stage: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List leads, the newest first."""
    now = datetime.now(UTC)

    def look(reading: Reading) -> list[dict[str, Any]]:
        rows = []
        for lead in reading.leads.select(
            LeadFilter(campaign=campaign, month=month), newest_first=True
        ):
            if stage is None or lead.review_at(now) == stage:
                rows.append(_row(reading, lead, now))
            if len(rows) == limit:
                break
        return rows

    with workplace.ledger() as ledger:
        rows = ledger.read(look)
    if not rows and campaign is not None:
        workplace.campaign(campaign)  # a mistyped name is told, with what it may have meant
    if rows or as_json:
        show_rows(COLUMNS, rows, as_json=as_json)
    else:
        click.echo("No leads yet." if campaign is None else f"No leads of {campaign} here.")


def _row(reading: Reading, lead: Lead, now: datetime) -> dict[str, Any]:
    dossier, owed = reading.people.dossier(lead.lead_id), reading.statements.due_state(lead.lead_id)
    names = ("test", "free", "explicit", "entered")
    return {
        "lead_id": lead.lead_id,
        "received_at": moment(lead.received_at),
        "campaign": lead.campaign,
        "stage": lead.review_at(now),
        "deadline": moment(lead.deadline),
        "due": moment(owed.due_at),
        "billed": owed.billed,
        "email": _email(dossier),
        "marks": " ".join(name for name in names if getattr(lead, name)),
    }


def _email(dossier: Dossier | None) -> str | None:
    """The address; one that could not be verified is marked."""
    if dossier is None:
        return "erased"
    typed = dossier.unverified.get("email")
    return f"{typed} (unverified)" if typed else str(dossier.answers.get("email") or "") or None
