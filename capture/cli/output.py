"""Files and times as arguments: where a command writes, and as of when it looks."""

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from capture.campaign.model import Campaign
from capture.documents.lead_export import EXCEL
from capture.errors import Refused
from capture.files import atomic_write
from capture.local_time import read_moment, show_moment

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


excel_option = click.option(
    "--excel",
    is_flag=True,
    help="csv: for Excel, with a byte order mark and grouped phone numbers.",
)


def choose_format(shape: str, *, excel: bool) -> str:
    """The format with what `--excel` makes of it. Refuses that for any but CSV as wrong use."""
    if excel and shape != "csv":
        raise click.UsageError("--excel goes with --format csv; Excel reads xlsx as it is")
    return EXCEL if excel else shape


def read_time(text: str | None, campaign: Campaign, option: str = "--as-of") -> datetime:
    """What an option says, aware; now if it says nothing.

    The answer, in the campaign's zone and in UTC, goes to standard error.
    """
    if text is None:
        return datetime.now(UTC)
    moment = parse_time(text, campaign, option)
    click.echo(f"{option}: {show_moment(moment, campaign.zone)}.", err=True)
    return moment


def parse_time(text: str, campaign: Campaign, option: str) -> datetime:
    """What an option says, aware. Refuses as wrong use what is no time, or none in that zone."""
    try:
        moment = read_moment(text, campaign.zone)
        moment.astimezone(campaign.zone)
    except Refused as refused:
        raise click.BadParameter(str(refused), param_hint=option) from None
    except (ValueError, OverflowError):  # the first and last hours of the calendar
        raise click.BadParameter(
            "write a date (2026-12-01) or a time (2026-12-01T09:30Z)", param_hint=option
        ) from None
    return moment


def read_content(path: Path) -> bytes:
    """All of a file. Raises `Refused` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None


def check_output(output: Path | None, shape: str = "") -> None:
    """Tells at once, before any work, what `opened` would refuse in the end."""
    if output is None:
        if shape in _NO_TEXT and sys.stdout.isatty():
            raise click.UsageError(f"{shape.upper()} is no text: name a file with -o FILE.{shape}")
    elif not output.parent.is_dir():
        raise Refused(f"{output}: {os.strerror(errno.ENOENT)}; name another file with -o")


@contextmanager
def open_output(output: Path | None, shape: str = "") -> Iterator[BinaryIO]:
    """The file, which is there whole or not at all when the block ends; or standard output.

    Raises `Refused` if it cannot be written.
    """
    check_output(output, shape)
    try:
        if output is None:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        elif output.exists() and not output.is_file():  # a device or a pipe, which must stay one
            with output.open("wb") as out:
                yield out
        else:
            with atomic_write(output) as draft, draft.open("wb") as out:
                yield out
    except OSError as error:
        if output is None and isinstance(error, BrokenPipeError):
            raise  # the reader, `head` say, has seen enough
        where = output or "standard output"
        raise Refused(f"{where}: {error.strerror}; name another file with -o") from None


def write_output(content: bytes, output: Path | None, shape: str = "") -> None:
    """To the file, or to standard output. Raises `Refused` if the file cannot be written."""
    with open_output(output, shape) as out:
        out.write(content)


# A progress bar on stderr, only where a person sits before a terminal.


Item = TypeVar("Item")


@contextmanager
def with_progress(items: Iterable[Item], total: int, what: str) -> Iterator[Iterable[Item]]:
    """The same items, with a bar that shows how many of the total were taken; it goes at the end.

    Without a terminal the items come as they are, at no cost.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield items
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        yield progress.track(items, total=total, description=what)
