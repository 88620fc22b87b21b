"""`gatepost payments import FILE`: records the payments in a bank's file."""

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.options import own_name_option
from capture.cli.output import read_content
from capture.cli.show import as_json_option, show_json, show_rows
from capture.closing.bank_files import MAX_BYTES, read_bank_file
from capture.closing.import_payments import (
    EntryAnswer,
    Result,
    import_payments,
    match_payments,
)
from capture.errors import short_path

_COLUMNS: Final = ("place", "date", "amount", "number", "result", "note")
_MAX_TEXT: Final = 60


@click.group()
def payments() -> None:
    """Import the payments in a bank's file.

    \b
    Example:
      gatepost payments import bank.csv --dry-run
    """


@payments.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would be recorded; write nothing.")
@own_name_option
@as_json_option
@pass_context
def import_(context: CommandContext, file: Path, dry_run: bool, by: str, as_json: bool) -> None:
    """Record the payments in FILE that name a document, each once.

    FILE is CSV with the columns date, amount, currency, reference and perhaps id, or CAMT.053
    (XML). An entry that names several documents, or that pays more than is open, is left for you:
    record it with `gatepost paid`. The exit code is then 1.

    \b
    Example:
      gatepost payments import bank.csv --dry-run
      gatepost payments import camt053.xml
    """
    entries = read_bank_file(read_content(file, MAX_BYTES + 1), short_path(file))
    now = datetime.now(UTC)
    with context.ledger() as ledger:
        if dry_run:
            matches = ledger.read(lambda reading: match_payments(reading, entries, now))
            answers = [answer for answer, _ in matches]
        else:
            answers = ledger.transact(lambda records: import_payments(records, entries, now, by))
    if as_json:
        show_json([_facts(answer) for answer in answers])
    else:
        show_rows(_COLUMNS, [_row(answer) for answer in answers], as_json=False)
        click.echo(_summary(answers) + (" Nothing was written." if dry_run else ""))
    if any(answer.result is Result.UNDECIDED for answer in answers):
        sys.exit(1)


def _facts(answer: EntryAnswer) -> dict[str, object]:
    entry = answer.entry
    return {
        "place": entry.place,
        "id": entry.id,
        "date": entry.day,
        "amount": str(entry.amount),
        "currency": entry.currency,
        "payer": entry.payer,
        "texts": entry.texts,
        "number": answer.number,
        "result": str(answer.result),
        "note": answer.note,
    }


def _row(answer: EntryAnswer) -> dict[str, object]:
    entry = answer.entry
    text = " ".join(part for part in (entry.payer, *entry.texts) if part)
    if len(text) > _MAX_TEXT:
        text = text[: _MAX_TEXT - 3] + "..."
    return _facts(answer) | {
        "amount": f"{entry.amount:,} {entry.currency}",
        "note": answer.note or ("" if answer.number else text),
    }


def _summary(answers: Sequence[EntryAnswer]) -> str:
    counts = Counter(answer.result for answer in answers)
    parts = [f"{counts[result]} {result}" for result in Result if counts[result]]
    return f"{', '.join(parts) or 'No entries'}."
