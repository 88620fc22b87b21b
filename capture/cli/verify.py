"""`gatepost verify`: proves that nothing in the ledger was changed."""

import re
from typing import Final

import click

from capture.billing.statement_text import fingerprint
from capture.cli.context import CommandContext, pass_context
from capture.cli.show import as_json_option, show_json
from capture.closing.checks import WRONG_TOTAL, check_documents
from capture.closing.close import read_statement
from capture.closing.documents import find_closed_statement
from capture.errors import Refused
from capture.ledger.types import ClosedStatement

REBUILD_HINT: Final = "rows, counts and sums that differ are derived again by `gatepost rebuild`"


class Sha256Option(click.ParamType[str]):
    """A SHA-256 as printed: at least 12 hex digits, in groups or not, in any case.

    The value is the digits alone, in lower case.
    """

    name = "HASH"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        digits = re.sub(r"[\s:-]", "", value).lower()
        if not re.fullmatch(r"[0-9a-f]{12,64}", digits):
            self.fail("write the SHA-256 in hex, at least its first 12 digits", param, ctx)
        return digits


@click.command()
@click.option("--against", metavar="NUMBER", help="The number of a printed statement to compare.")
@click.option(
    "--hash",
    "sha256",
    type=Sha256Option(),
    help="The SHA-256 on the printed statement, or at least its first 12 digits.",
)
@as_json_option
@pass_context
def verify(context: CommandContext, against: str | None, sha256: str | None, as_json: bool) -> None:
    """Verify the ledger: event chain, triggers, projections and closed statements.

    With --against and --hash, also compare a printed statement with the ledger.

    \b
    Example:
      gatepost verify
      gatepost verify --against acme-0001 --hash "59CE3A61 0B77"
    """
    if (against is None) != (sha256 is None):
        raise click.UsageError("give both --against NUMBER and --hash HASH, or neither")
    statement: ClosedStatement | None = None
    with context.ledger() as ledger:
        if against is not None:
            statement = ledger.read(lambda reading: find_closed_statement(reading, against))
        verification = ledger.verify()
        # A statement cannot be checked against a broken chain.
        document_problems = [] if verification.problems else ledger.read(check_documents)
    problems = [*verification.problems, *document_problems]
    has_wrong_total = any(problem.endswith(WRONG_TOTAL) for problem in document_problems)
    if verification.can_rebuild and (verification.problems or has_wrong_total):
        problems.append(REBUILD_HINT)
    if statement is not None and not fingerprint(statement.json).startswith(sha256 or ""):
        problems.append(
            f"{statement.number} in this ledger has another SHA-256: {fingerprint(statement.json)}"
        )
    if as_json:
        show_json(verification.as_dict() | {"problems": problems})
    if problems:
        raise Refused("\n".join(problems))
    if not as_json:
        click.echo(f"events {verification.events}, leads {verification.leads}: all is well.")
        click.echo(f"The chain's head is {verification.head}.")
        if statement is not None:
            click.echo(_statement_text(statement))


def _statement_text(closed_statement: ClosedStatement) -> str:
    """What a check without problems proves: hash, chain's head and redrawn bytes match."""
    statement = read_statement(closed_statement)
    return (
        f"{closed_statement.number} has this SHA-256 and was redrawn byte for byte; "
        f"the chain's head that it names, event {statement.last_event}, is in the chain."
    )
