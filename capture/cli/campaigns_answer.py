"""`gatepost campaigns answer`: what the ledger says of campaign files that somebody pushed.

The publishing user cannot read the ledger, so it asks through a socket behind which this command
stands, run by the service's user: whoever may use the socket learns what rule 40 allows, and no
more, whatever is asked. The answer speaks of files and rounded counts, never of a person.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import click

from capture.backtest import Shift, rounded, shift_of, tens, uncounted
from capture.campaign import Campaign, read_draft
from capture.cli.allowance import Allowance
from capture.cli.workplace import Workplace, pass_workplace
from capture.errors import GatepostError, Refused
from capture.ledger import Reading
from capture.terms import check_terms

_LARGEST: Final = 16 * 1024 * 1024
_FEW: Final = "too few leads to say"


@click.command()
@click.argument("campaign", required=False)
@pass_workplace
def answer(workplace: Workplace, campaign: str | None) -> None:
    """Say what the ledger refuses of pushed files, and about how many verdicts they would change.

    Reads {"slug": "text of the file, or null if it is gone"} from standard input and prints
    {"refused": [lines], "told": [lines]}. With CAMPAIGN reads its file and prints lines.
    """
    raw = sys.stdin.buffer.read(_LARGEST + 1)
    texts = {campaign: raw.decode(errors="replace")} if campaign else _texts(raw)
    with workplace.ledger() as ledger:
        said = ledger.read(lambda reading: _answers(reading, texts, workplace.push_backtests))
    if campaign is None:
        click.echo(json.dumps(said))
        return
    for line in said["told"]:
        click.echo(line)
    if said["refused"]:
        raise Refused("\n".join(said["refused"]))


def _answers(
    reading: Reading, texts: Mapping[str, str | None], allowance: Allowance
) -> dict[str, list[str]]:
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
            told += _tried(reading, draft, allowance)
    return {"refused": refused, "told": told}


def _texts(raw: bytes) -> dict[str, str | None]:
    try:
        said: Any = json.loads(raw) if len(raw) <= _LARGEST else None
    except ValueError:
        said = None
    if not isinstance(said, dict) or not all(isinstance(v, str | None) for v in said.values()):
        raise Refused('standard input: not {"slug": "text of a campaign file"}')
    return said


def _gone(reading: Reading, slug: str) -> Iterator[str]:
    if reading.campaigns.first_version(slug) is not None:
        yield (
            f"warning: campaigns/{slug}.toml is gone, and leads came under it: reviews, bills and "
            "exports need the file; put it back and close it by its dates"
        )


def _tried(reading: Reading, draft: Campaign, allowance: Allowance) -> Iterator[str]:
    """What today's file would have said of the leads that came, as far as it may be told."""
    if not allowance.take(datetime.now(UTC)):
        yield (
            f"campaigns/{draft.slug}.toml: what it would change is told {allowance.times} times a "
            "day, and today's are used up; the agency has `gatepost backtest`"
        )
        return
    yield from told(draft, shift_of(reading, draft, reading.leads.judged(draft.slug, None)))


def told(draft: Campaign, shift: Shift) -> Iterator[str]:
    """The lines that a pusher sees about past leads (rule 40)."""
    where = f"campaigns/{draft.slug}.toml"
    lost, won = rounded(shift.lost, shift.leads), rounded(shift.won, shift.leads)
    if lost is None and won is None:
        yield f"{where}: {_FEW} whose verdict it would change."
    else:
        yield (
            f"{where}: of about {tens(shift.leads):,} past leads, would no longer qualify: "
            f"{_about(lost)}; would qualify now: {_about(won)}. They keep the verdict they have; "
            "`gatepost backtest` counts exactly, for the agency."
        )
    for field in uncounted(draft):
        yield f"{where}: a criterion on {field} is not counted for a push."


def _about(count: int | None) -> str:
    return _FEW if count is None else f"about {count:,}"
