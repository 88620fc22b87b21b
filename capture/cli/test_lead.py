"""`gatepost test-lead`: a form that makes a test lead (rule 5)."""

import click

from capture.cli.context import CommandContext, pass_context


@click.command("test-lead")
@click.argument("campaign")
@click.option("--open/--no-open", "launch", default=True, help="Open it in the browser.")
@pass_context
def test_lead(context: CommandContext, campaign: str, launch: bool) -> None:
    """Open a form whose lead runs the whole way and touches no cap, figure or bill.

    The link works for a day.
    """
    found = context.campaign(campaign)
    token = context.link_signer().test_lead(found.slug)
    url = f"{context.service_url}/f/{found.slug}?test={token}"
    click.echo(url)
    if launch:
        click.launch(url)
