"""`gatepost letters`: every letter that Gatepost sends, with sample data."""

from pathlib import Path

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.output import output_option, write_output
from capture.cli.show import as_json_option, show_rows
from capture.letters.render import Letterhead
from capture.letters.samples import SAMPLES


@click.group()
def letters() -> None:
    """List the letters that Gatepost sends, or preview one with sample data.

    \b
    Example:
      gatepost letters preview lead_to_review
    """


@letters.command("list")
@as_json_option
@pass_context
def list_(context: CommandContext, as_json: bool) -> None:
    """List the letters: name, recipient and sample subject.

    \b
    Example:
      gatepost letters list
    """
    letterhead = Letterhead(context.agency.party, context.templates)
    rows = [
        {"name": name, "to": sample.recipient, "subject": sample.letter(letterhead).subject}
        for name, sample in SAMPLES.items()
    ]
    show_rows(("name", "to", "subject"), rows, as_json=as_json)


@letters.command("preview")
@click.argument("name", type=click.Choice(list(SAMPLES)), metavar="NAME")
@click.option(
    "--text/--html", "is_text", default=True, help="The text, or the HTML, of the letter."
)
@output_option
@pass_context
def preview(context: CommandContext, name: str, *, is_text: bool, output: Path | None) -> None:
    """Show the letter NAME with sample data; nothing is sent.

    \b
    Example:
      gatepost letters preview lead_to_review
      gatepost letters preview lead_to_review --html -o letter.html
    """
    letter = SAMPLES[name].letter(Letterhead(context.agency.party, context.templates))
    text = f"Subject: {letter.subject}\n\n{letter.text}" if is_text else letter.html
    write_output(text.encode(), output)
