"""`gatepost campaigns ...`: list, show, check, pause and resume."""

from datetime import UTC, datetime
from typing import Any

import click

from capture.campaign import Campaign
from capture.cli.campaigns_answer import answer
from capture.cli.show import as_json_option, show_facts, show_json, show_rows
from capture.cli.workplace import Workplace, pass_workplace
from capture.counted import counted
from capture.errors import Refused
from capture.ledger import Reading
from capture.money import show_money, to_minor
from capture.qualification import sentence
from capture.terms import check_terms, open_door, shut_door


@click.group()
def campaigns() -> None:
    """Campaign files: what counts as a lead, and what it costs."""


campaigns.add_command(answer)


@campaigns.command("list")
@as_json_option
@pass_workplace
def list_(workplace: Workplace, as_json: bool) -> None:
    """List the campaigns and whether their doors are open."""
    found = workplace.catalogue().campaigns.values()
    now = datetime.now(UTC)

    def look(reading: Reading) -> list[dict[str, Any]]:
        return [
            {
                "campaign": campaign.slug,
                "client": campaign.client,
                "price": price(campaign),
                "door": door(reading, campaign, now),
                "version": campaign.version[:12],
                "title": campaign.title,
            }
            for campaign in found
        ]

    with workplace.ledger() as ledger:
        rows = ledger.read(look)
    show_rows(("campaign", "client", "price", "door", "version", "title"), rows, as_json=as_json)


@campaigns.command()
@click.argument("campaign")
@as_json_option
@pass_workplace
def show(workplace: Workplace, campaign: str, as_json: bool) -> None:
    """Show one campaign: what makes a lead qualified, and what it costs."""
    found = workplace.campaign(campaign)
    if as_json:
        show_json(found.model_dump(mode="json", exclude={"text"}))
        return
    review = found.review
    show_facts(
        [
            ("campaign", found.slug),
            ("title", found.title),
            ("client", found.client),
            ("version", found.version),
            ("price", price(found)),
            ("review", f"{review.hours} h, silence accepts; notice: {review.notice.value}"),
            ("fields", ", ".join(found.fields)),
            *((f"must meet: {name}", sentence(found, name)) for name in found.criteria),
            *((f"may reject: {code}", text) for code, text in review.reasons.items()),
        ]
    )


@campaigns.command()
@pass_workplace
def check(workplace: Workplace) -> None:
    """Check every campaign and client file, and that no lead's terms change under it."""
    catalogue = workplace.catalogue()
    found = catalogue.campaigns
    workplace.costs(catalogue)
    with workplace.ledger() as ledger:
        ledger.read(lambda reading: _check_all(reading, list(found.values())))
    click.echo(f"{counted(len(found), 'campaign')} {'is' if len(found) == 1 else 'are'} sound.")


def _check_all(reading: Reading, found: list[Campaign]) -> None:
    faults = []
    for campaign in found:
        try:
            check_terms(reading, campaign)
        except Refused as error:
            faults.append(str(error))
    if faults:
        raise Refused("\n".join(faults))


@campaigns.command()
@click.argument("campaign")
@pass_workplace
def pause(workplace: Workplace, campaign: str) -> None:
    """Shut the door: no new leads; review, outcomes and billing go on."""
    found = workplace.campaign(campaign)
    with workplace.ledger() as ledger:
        ledger.transact(lambda records: shut_door(records, found, datetime.now(UTC)))
    click.echo(f"{campaign} is paused: its form takes nothing until `campaigns resume {campaign}`.")


@campaigns.command()
@click.argument("campaign")
@pass_workplace
def resume(workplace: Workplace, campaign: str) -> None:
    """Open the door again."""
    found = workplace.campaign(campaign)
    with workplace.ledger() as ledger:
        ledger.transact(lambda records: open_door(records, found, datetime.now(UTC)))
    click.echo(f"{campaign} takes leads again.")


def door(reading: Reading, campaign: Campaign, now: datetime) -> str:
    """open, closed (by its dates) or paused (by command)."""
    if reading.campaigns.is_paused(campaign.slug):
        return "paused"
    return "open" if campaign.is_open(now) else "closed"


def price(campaign: Campaign) -> str:
    """What pays, and how much, in one phrase."""
    terms = campaign.price
    if terms.rate is not None:
        amount = show_money(to_minor(terms.rate, campaign.currency), campaign.currency)
    else:
        amount = f"{terms.percent} %"
    months = f" for {counted(terms.months, 'month')}" if terms.months else ""
    return f"{amount} per {terms.billable}{months} ({terms.model.value})"
