"""`gatepost verify`: the proof that nothing in the ledger was changed."""

import re

import click

from capture.billing.statement_text import fingerprint
from capture.cli.context import CommandContext, pass_context
from capture.cli.show import as_json_option, show_json
from capture.closing.close import read_statement
from capture.closing.documents import find_closed_statement
from capture.closing.redrawing import check_documents
from capture.errors import Refused
from capture.ledger.facts import ClosedStatement


class Digest(click.ParamType[str]):
    """A SHA-256 as it is printed: whole or in groups, in any case; 12 digits of it or more."""

    name = "HASH"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        digits = re.sub(r"[\s:-]", "", value).lower()
        if not re.fullmatch(r"[0-9a-f]{12,64}", digits):
            self.fail("write the SHA-256 in hex, its first 12 digits at least", param, ctx)
        return digits


@click.command()
@click.option("--against", metavar="NUMBER", help="Hold the ledger against a printed statement.")
@click.option(
    "--hash", "digest", type=Digest(), help="The SHA-256 printed on it, or its first 12 digits."
)
@as_json_option
@pass_context
def verify(context: CommandContext, against: str | None, digest: str | None, as_json: bool) -> None:
    """Check the chain, the triggers that guard it, every lead's row and every statement."""
    if (against is None) != (digest is None):
        raise click.UsageError("--against NUMBER and --hash HASH go together")
    held: ClosedStatement | None = None
    with context.ledger() as ledger:
        if against is not None:
            held = ledger.read(lambda reading: find_closed_statement(reading, against))
        found = ledger.verify()
        # A broken chain proves nothing about what was drawn from it.
        unlike = [] if found.problems else ledger.read(check_documents)
    problems = [*found.problems, *unlike]
    if held is not None and not fingerprint(held.json).startswith(digest or ""):
        problems.append(
            f"{held.number} in this ledger has another SHA-256: {fingerprint(held.json)}"
        )
    if as_json:
        show_json(found.as_dict() | {"faults": problems})
    if problems:
        raise Refused("\n".join(problems))
    if not as_json:
        click.echo(f"events {found.events}, leads {found.leads}: all is well.")
        click.echo(f"The chain's head is {found.head}.")
        if held is not None:
            click.echo(_statement_text(held))


def _statement_text(closed_statement: ClosedStatement) -> str:
    """What is proven once nothing was found: its bytes hold event and head, and were redrawn."""
    bill = read_statement(closed_statement)
    return (
        f"{closed_statement.number} has this SHA-256 and was redrawn byte for byte; "
        f"event {bill.last_event}, the chain's head that it names, stands in the chain."
    )
