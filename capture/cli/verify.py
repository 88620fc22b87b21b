"""`gatepost verify`: the proof that nothing in the ledger was changed."""

import click

from capture.cli.show import as_json_option, show_json
from capture.cli.workplace import Workplace, pass_workplace
from capture.closing import check_documents
from capture.errors import Refused


@click.command()
@as_json_option
@pass_workplace
def verify(workplace: Workplace, as_json: bool) -> None:
    """Check the chain, the triggers that guard it, every lead's row and every statement."""
    with workplace.ledger() as ledger:
        found = ledger.verify()
        # A broken chain proves nothing about what was drawn from it.
        unlike = [] if found.faults else ledger.read(check_documents)
    faults = [*found.faults, *unlike]
    if as_json:
        show_json(found.as_dict() | {"faults": faults})
    if faults:
        raise Refused("\n".join(faults))
    if not as_json:
        click.echo(f"events {found.events}, leads {found.leads}: all is well.")
        click.echo(f"The chain's head is {found.head}.")
