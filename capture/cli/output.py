"""Files and times as arguments: where a command writes, and as of when it looks."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from capture.campaign import Campaign
from capture.errors import Refused
from capture.window import read_moment

_NO_TEXT: Final = frozenset({"pdf", "xlsx"})

as_of_option = click.option(
    "--as-of",
    metavar="TIME",
    help="Seen as of a date (its first moment in the campaign's zone) or an ISO 8601 time; "
    "now by default. A time to come shows what silence will have accepted by then.",
)
output_option = click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file, in place of the terminal.",
)


def read_time(text: str | None, campaign: Campaign, option: str = "--as-of") -> datetime:
    """What an option says, aware; now if it says nothing."""
    if text is None:
        return datetime.now(UTC)
    try:
        return read_moment(text, campaign)
    except (ValueError, OverflowError):  # the last hours of the year 9999 have no time in UTC
        raise click.BadParameter(
            "write a date (2026-12-01) or a time (2026-12-01T09:30Z)", param_hint=option
        ) from None


def read_content(path: Path) -> bytes:
    """All of a file. Raises `Refused` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None


def write_output(content: bytes, output: Path | None, shape: str = "") -> None:
    """To the file, or to standard output. Raises `Refused` if the file cannot be written."""
    if output is None:
        if shape in _NO_TEXT and sys.stdout.isatty():
            raise click.UsageError(f"{shape.upper()} is no text: name a file with -o FILE.{shape}")
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise Refused(f"{output}: {error.strerror}; name another file with -o") from None
