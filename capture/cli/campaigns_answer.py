"""`gatepost campaigns answer`: what the ledger says of campaign files that somebody pushed.

The publishing user cannot read the ledger, so it asks through a socket behind which this command
stands. The answer speaks of files and counts, never of a person.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import click

from capture.backtest import Backtest, backtest
from capture.campaign import Campaign, read_draft
from capture.cli.workplace import Workplace, pass_workplace
from capture.counted import counted
from capture.errors import GatepostError, Refused
from capture.ledger import Reading
from capture.money import show_money
from capture.terms import check_terms

_LARGEST: Final = 16 * 1024 * 1024


@click.command()
@pass_workplace
def answer(workplace: Workplace) -> None:
    """Say what the ledger refuses of pushed files, and whose verdicts they would change.

    Reads {"slug": "text of the file, or null if it is gone"} from standard input and prints
    {"refused": [lines], "told": [lines]}.
    """
    texts = _read()
    with workplace.ledger() as ledger:
        said = ledger.read(lambda reading: _answers(reading, texts))
    click.echo(json.dumps(said))


def _answers(reading: Reading, texts: Mapping[str, str | None]) -> dict[str, list[str]]:
    refused: list[str] = []
    told: list[str] = []
    for slug, text in texts.items():
        if text is None:
            told += _gone(reading, slug)
            continue
        try:
            draft = read_draft(slug, text.encode(errors="surrogatepass"), f"campaigns/{slug}.toml")
            check_terms(reading, draft)
        except GatepostError as error:
            refused += str(error).splitlines()
        else:
            told += _tried(reading, draft)
    return {"refused": refused, "told": told}


def _read() -> dict[str, str | None]:
    raw = sys.stdin.buffer.read(_LARGEST + 1)
    try:
        said: Any = json.loads(raw) if len(raw) <= _LARGEST else None
    except ValueError:
        said = None
    if not isinstance(said, dict) or not all(isinstance(v, str | None) for v in said.values()):
        raise Refused('standard input: not {"slug": "text of a campaign file"}')
    return said


def _gone(reading: Reading, slug: str) -> Iterator[str]:
    count = reading.how_many(slug, None)
    if count:
        yield (
            f"warning: campaigns/{slug}.toml is gone, and {counted(count, 'lead')} came under it: "
            "reviews, bills and exports need the file; put it back and close it by its dates"
        )


def _tried(reading: Reading, draft: Campaign) -> Iterator[str]:
    """The backtest in a line: what today's file would have said of the leads that came."""
    found = backtest(reading, draft, reading.judged(draft.slug, None), datetime.now(UTC), 0)
    if not found.judged:
        return
    line = f"campaigns/{draft.slug}.toml: of {counted(found.judged, 'past lead')}, "
    if not found.changes:
        yield f"{line}none would get another verdict under this file."
        return
    lost, won = _count(found, now=False), _count(found, now=True)
    yield (
        f"{line}{lost:,} that qualified would not under this file, and {won:,} that did not would"
        f"{_cost(found)}. They keep the verdict they have; `gatepost backtest` shows more."
    )


def _count(found: Backtest, *, now: bool) -> int:
    return sum(
        one.leads
        for one in found.verdicts
        if one.qualified_now is now and one.qualified_then is not now
    )


def _cost(found: Backtest) -> str:
    difference = found.bill.total.difference
    if not difference:
        return ""
    money = show_money(abs(difference), found.bill.currency)
    return f"; their bill would be {money} {'higher' if difference > 0 else 'lower'}"
