"""`gatepost rebuild`: repairs what is derived from the events."""

import click

from capture.cli.context import CommandContext, pass_context
from capture.text import count_noun


@click.command()
@pass_context
def rebuild(context: CommandContext) -> None:
    """Derive all rows and counts of the ledger again from its events.

    Run it if `gatepost verify` reports that a row or a count differs from the events. It changes no
    event, no statement and no personal data. It is one transaction: if it is interrupted, nothing
    is changed. No form can be sent meanwhile, which takes some minutes with very many leads.

    \b
    Example:
      gatepost rebuild
    """
    with context.ledger() as ledger:
        leads = ledger.rebuild()
    click.echo(f"{count_noun(leads, 'lead')}: all rows and counts are derived again.")
    click.echo("Check the result with `gatepost verify`.")
