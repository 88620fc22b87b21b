"""`gatepost test-lead`: a form that makes a test lead (rule 5)."""

import click

from capture.cli.context import Workplace, pass_workplace


@click.command("test-lead")
@click.argument("campaign")
@click.option("--open/--no-open", "launch", default=True, help="Open it in the browser.")
@pass_workplace
def test_lead(workplace: Workplace, campaign: str, launch: bool) -> None:
    """Open a form whose lead runs the whole way and touches no cap, figure or bill.

    The link works for a day.
    """
    found = workplace.campaign(campaign)
    token = workplace.tokens().test_lead(found.slug)
    url = f"{workplace.service_url}/f/{found.slug}?test={token}"
    click.echo(url)
    if launch:
        click.launch(url)
