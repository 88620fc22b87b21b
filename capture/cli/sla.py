"""`gatepost sla`: the agreement in words, or the differences between two versions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import click

from capture.campaign.files import parse_campaign, source_text
from capture.campaign.model import Campaign
from capture.cli.context import CommandContext, pass_context
from capture.cli.options import OTHER_FILE, read_other
from capture.cli.output import (
    all_option,
    campaign_or_folder,
    file_or_folder_option,
    write_files,
    write_output,
)
from capture.documents.agreement.difference import differences
from capture.documents.agreement.document import agreement, to_html, to_markdown, to_pdf
from capture.documents.agreement.model import Agreement

_WRITERS: Final[Mapping[str, Callable[[Agreement], bytes]]] = {
    "md": lambda document: to_markdown(document).encode(),
    "html": lambda document: to_html(document).encode(),
    "pdf": to_pdf,
}


@click.command()
@click.argument("campaign", required=False)
@all_option
@click.option("--format", "shape", type=click.Choice(tuple(_WRITERS)), help="By default md.")
@click.option(
    "--against",
    metavar="FILE.toml",
    type=OTHER_FILE,
    help="Print what changed since this version of the file; - reads standard input.",
)
@file_or_folder_option
@pass_context
def sla(
    context: CommandContext,
    campaign: str | None,
    shape: str | None,
    against: Path | None,
    output: Path | None,
    *,
    is_all: bool,
) -> int:
    """Print CAMPAIGN's agreement in words, or how it differs from another version.

    The same file gives the same bytes.

    \b
    Example:
      gatepost sla acme-demo --format pdf -o agreement.pdf
      gatepost sla acme-demo --against old.toml
      gatepost sla --all --format pdf -o agreements
    """
    target = campaign_or_folder(campaign, output, is_all=is_all)
    catalogue, ending = context.catalogue(), shape or "md"

    def document(terms: Campaign) -> bytes:
        client = catalogue.client(terms.client)
        return _WRITERS[ending](agreement(terms, client, context.agency.party))

    if isinstance(target, Path):
        if against is not None:
            raise click.UsageError("--against compares one campaign; leave out --all")
        return write_files(
            catalogue.campaigns.values(), target, lambda slug: f"{slug}.{ending}", document
        )
    terms = catalogue.campaign(target)
    if against is not None:
        if shape is not None:
            raise click.UsageError("--against prints sentences; leave out --format")
        lines = differences(_other_version(against, target), terms) or ["No term differs."]
        write_output("".join(f"{line}\n" for line in lines).encode(), output)
        return 0
    write_output(document(terms), output, ending)
    return 0


def _other_version(path: Path, slug: str) -> Campaign:
    """Another version of the file. Only its structure is checked, because it may be old."""
    raw, where = read_other(path)
    return parse_campaign(slug, source_text(raw, where), where)
