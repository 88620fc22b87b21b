"""`gatepost evidence NUMBER`: one SQLite file with all evidence for a statement."""

from datetime import UTC, datetime
from pathlib import Path

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.options import own_name_option
from capture.closing.close import read_statement
from capture.closing.documents import find_closed_statement
from capture.documents.evidence import is_evidence, write_evidence
from capture.errors import Refused
from capture.text import count_noun


@click.command()
@click.argument("number")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.db",
    help="The SQLite file to write.",
)
@click.option("--force", is_flag=True, help="Replace an existing evidence file.")
@own_name_option
@pass_context
def evidence(context: CommandContext, number: str, output: Path, force: bool, by: str) -> None:
    """Write the evidence for statement NUMBER to one SQLite file, with its leads only.

    \b
    Example:
      gatepost evidence acme-0001 -o acme-0001.db
    """
    _check_output(output, force=force)
    with context.ledger() as ledger:
        statement = ledger.read(lambda reading: find_closed_statement(reading, number))
        leads = ledger.read(lambda reading: write_evidence(reading, statement, output))
        lead_ids = {line.lead_id for line in read_statement(statement).lines}
        context.log_look(ledger, by, "gatepost evidence", lead_ids, datetime.now(UTC))
    click.echo(
        f"{output}: the evidence for {number}, {count_noun(leads, 'lead')}. It holds personal data."
    )


def _check_output(output: Path, *, force: bool) -> None:
    if not (output.exists() or output.is_symlink()):
        return
    if not force:
        raise Refused(f"{output} exists already: name another file, or replace it with --force")
    if not output.is_file() or not is_evidence(output):
        raise Refused(
            f"{output} is not an evidence file, and --force replaces only those: name another file"
        )
