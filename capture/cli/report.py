"""`gatepost report`: the monthly report for the client."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from capture.campaign.client import Client
from capture.campaign.model import Campaign
from capture.cli.context import CommandContext, pass_context
from capture.cli.kpi import TITLES_MISSING
from capture.cli.options import Month
from capture.cli.output import (
    all_option,
    campaign_or_folder,
    file_or_folder_option,
    write_files,
    write_output,
)
from capture.documents.report import gather_report, make_report, report_file_name, to_html
from capture.ledger.protocol import Ledger


@click.command()
@click.argument("campaign", required=False)
@all_option
@click.option(
    "--month", required=True, type=Month(), help="The month, in the campaign's time zone."
)
@file_or_folder_option
@pass_context
def report(
    context: CommandContext, campaign: str | None, month: str, output: Path | None, *, is_all: bool
) -> int:
    """Write CAMPAIGN's monthly report for the client: one HTML page that loads nothing else.

    It shows figures, charts, rejections, articles and changes. It contains neither the agency's
    own costs nor personal data.

    \b
    Example:
      gatepost report acme-demo --month 2026-11 -o november.html
      gatepost report --all --month 2026-11 -o november
    """
    target = campaign_or_folder(campaign, output, is_all=is_all)
    now = datetime.now(UTC)
    if not context.titles():
        click.echo(TITLES_MISSING, err=True)
    with context.ledger() as ledger:

        def page(terms: Campaign) -> bytes:
            client = context.catalogue().client(terms.client)
            return monthly_report(context, ledger, terms, client, month, now)

        if isinstance(target, Path):
            campaigns = context.all_campaigns(ledger)
            return write_files(campaigns, target, partial(report_file_name, month=month), page)
        write_output(page(context.campaign_in(ledger, target)), output, "html")
        return 0


def monthly_report(
    context: CommandContext,
    ledger: Ledger,
    terms: Campaign,
    client: Client,
    month: str,
    now: datetime,
) -> bytes:
    """The campaign's report as HTML."""
    titles = context.titles()
    data = ledger.read(lambda reading: gather_report(reading, terms, month, titles, now))
    return to_html(make_report(terms, client, context.agency.party.name, data, now)).encode()
