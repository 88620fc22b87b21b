"""`gatepost sla`: the agreement in words, or what differs between two versions of it."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import click

from capture.agreement import (
    Agreement,
    agreement,
    differences,
    to_html,
    to_markdown,
    to_pdf,
)
from capture.campaign import Campaign, parse_campaign
from capture.cli.output import output_option, write_output
from capture.cli.workplace import Workplace, pass_workplace
from capture.errors import Refused

VIEWS: Final[Mapping[str, Callable[[Agreement], bytes]]] = {
    "md": lambda made: to_markdown(made).encode(),
    "html": lambda made: to_html(made).encode(),
    "pdf": to_pdf,
}


@click.command()
@click.argument("campaign")
@click.option("--format", "shape", type=click.Choice(tuple(VIEWS)), help="md by default.")
@click.option(
    "--against",
    metavar="FILE.toml",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="Print what changed since this version of the file instead; - reads standard input.",
)
@output_option
@pass_workplace
def sla(
    workplace: Workplace,
    campaign: str,
    shape: str | None,
    against: Path | None,
    output: Path | None,
) -> None:
    """Print the agreement on CAMPAIGN in words: same file, same bytes."""
    catalogue = workplace.catalogue()
    terms = catalogue.campaign(campaign)
    if against is not None:
        if shape is not None:
            raise click.UsageError("--against prints sentences: leave --format out")
        lines = differences(_other(against, campaign), terms) or ["No term differs."]
        write_output("".join(f"{line}\n" for line in lines).encode(), output)
        return
    if shape == "pdf" and output is None and sys.stdout.isatty():
        raise click.UsageError("a PDF is no text: name a file with -o FILE.pdf")
    made = agreement(terms, catalogue.client(terms.client), workplace.agency)
    write_output(VIEWS[shape or "md"](made), output)


def _other(path: Path, slug: str) -> Campaign:
    """Another version of the file, old or new: its shape is checked and no more."""
    where = "standard input" if str(path) == "-" else str(path)
    try:
        text = (sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()).decode()
    except OSError as error:
        raise Refused(f"{where}: {error.strerror}; name another file") from None
    except UnicodeDecodeError:
        raise Refused(f"{where}: is not UTF-8; save it in that encoding") from None
    return parse_campaign(slug, text, where)
