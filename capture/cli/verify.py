"""`gatepost verify`: the proof that nothing in the ledger was changed."""

import click

from capture.cli.show import as_json_option, show_json
from capture.cli.workplace import Workplace, pass_workplace
from capture.errors import Refused


@click.command()
@as_json_option
@pass_workplace
def verify(workplace: Workplace, as_json: bool) -> None:
    """Check the chain of events, the triggers that guard it, and every lead's row."""
    with workplace.ledger() as ledger:
        found = ledger.verify()
    if as_json:
        show_json(found.as_dict())
    if found.faults:
        raise Refused("\n".join(found.faults))
    if not as_json:
        click.echo(f"events {found.events}, leads {found.leads}: all is well.")
        click.echo(f"The chain's head is {found.head}.")
