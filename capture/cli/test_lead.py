"""`gatepost test-lead`: a link to a form that creates a test lead.

Test leads are rule 5 of docs/rules.md.
"""

import click

from capture.cli.context import CommandContext, pass_context


@click.command("test-lead")
@click.argument("campaign")
@click.option("--open/--no-open", "launch", default=True, help="Open the form in the browser.")
@pass_context
def test_lead(context: CommandContext, campaign: str, launch: bool) -> None:
    """Open CAMPAIGN's form for a test lead.

    A test lead passes every step and changes no cap, figure or statement. The link works for a day.

    \b
    Example:
      gatepost test-lead acme-demo --no-open
    """
    terms = context.campaign(campaign)
    token = context.link_signer().test_lead(terms.slug)
    url = f"{context.service_url}/f/{terms.slug}?test={token}"
    click.echo(url)
    if launch:
        click.launch(url)
