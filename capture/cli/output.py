"""Options for output files, formats and times; writing output; the progress bar."""

import errno
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

import click

from capture.campaign.model import Campaign
from capture.cli.hints import in_words
from capture.documents.lead_export import EXCEL
from capture.errors import GatepostError, Refused
from capture.files import atomic_write
from capture.local_time import read_moment, show_moment

_BINARY: Final = frozenset({"pdf", "xlsx"})

as_of_option = click.option(
    "--as-of",
    metavar="TIME",
    help="State as of a date (its start in the campaign's time zone) or an ISO 8601 time; "
    "by default now. A future time includes what silence will accept by then.",
)
output_option = click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of the terminal.",
)


excel_option = click.option(
    "--excel",
    is_flag=True,
    help="With csv: add a byte order mark and group phone numbers, for Excel.",
)


def choose_format(shape: str, *, excel: bool) -> str:
    """The format with `--excel` applied. Raises `UsageError` if that is not CSV."""
    if excel and shape != "csv":
        raise click.UsageError("--excel works only with --format csv; Excel reads xlsx directly")
    return EXCEL if excel else shape


def read_time(text: str | None, campaign: Campaign, option: str = "--as-of") -> datetime:
    """The time of an option in UTC or its own offset; by default now.

    A given time is echoed to standard error, in the campaign's zone and in UTC.
    """
    if text is None:
        return datetime.now(UTC)
    moment = parse_time(text, campaign, option)
    click.echo(f"{option}: {show_moment(moment, campaign.zone)}.", err=True)
    return moment


def parse_time(text: str, campaign: Campaign, option: str) -> datetime:
    """The time of an option, with its zone. Raises `BadParameter` if it is not a valid time."""
    try:
        moment = read_moment(text, campaign.zone)
        moment.astimezone(campaign.zone)
    except Refused as refused:
        raise click.BadParameter(str(refused), param_hint=option) from None
    except (ValueError, OverflowError):  # outside the years that datetime holds
        raise click.BadParameter(
            "write a date (2026-12-01) or a time (2026-12-01T09:30Z)", param_hint=option
        ) from None
    return moment


def read_content(path: Path, most: int = -1) -> bytes:
    """The bytes of a file, or its first `most` bytes. Raises `Refused` if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None


def check_output(output: Path | None, shape: str = "") -> None:
    """Refuses an output that cannot work, before the command starts its work."""
    if output is None:
        if shape in _BINARY and sys.stdout.isatty():
            raise click.UsageError(
                f"{shape.upper()} is binary: write it to a file with -o FILE.{shape}"
            )
    elif not output.parent.is_dir():
        raise Refused(f"{output}: {os.strerror(errno.ENOENT)}; name another file with -o")


@contextmanager
def open_output(output: Path | None, shape: str = "") -> Iterator[BinaryIO]:
    """The file, or standard output. A file appears only when the block has succeeded.

    Raises `Refused` if it cannot be written.
    """
    check_output(output, shape)
    try:
        if output is None:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        elif output.exists() and not output.is_file():  # a device or pipe must not be replaced
            with output.open("wb") as out:
                yield out
        else:
            with atomic_write(output) as draft, draft.open("wb") as out:
                yield out
    except OSError as error:
        if output is None and isinstance(error, BrokenPipeError):
            raise  # the reader, such as `head`, has closed the pipe
        where = output or "standard output"
        raise Refused(f"{where}: {error.strerror}; name another file with -o") from None


def write_output(content: bytes, output: Path | None, shape: str = "") -> None:
    """Writes to the file or to standard output. Raises `Refused` if that fails."""
    with open_output(output, shape) as out:
        out.write(content)


# One file for each campaign, for the commands with `--all`.


all_option = click.option(
    "--all", "is_all", is_flag=True, help="Every campaign: one file each, in the folder of -o."
)
file_or_folder_option = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write to this file instead of the terminal; with --all, to this folder.",
)


def campaign_or_folder(campaign: str | None, output: Path | None, *, is_all: bool) -> str | Path:
    """The slug of the named campaign; with `--all` the folder for the files of all campaigns.

    Raises `UsageError` for neither or both, or if the output does not fit.
    """
    if is_all == (campaign is not None):
        raise click.UsageError("name one campaign, or give --all for every campaign")
    if campaign is not None:
        if output is not None and output.is_dir():
            raise click.UsageError(f"{output} is a folder; name a file with -o")
        return campaign
    if output is None:
        raise click.UsageError("--all writes one file for each campaign; name a folder with -o")
    return output


def write_files(
    campaigns: Iterable[Campaign],
    folder: Path,
    file_name: Callable[[str], str],
    content: Callable[[Campaign], bytes],
) -> int:
    """Writes the content for each campaign to a file in the folder, and prints each path.

    `file_name` gives the name for a slug.

    A campaign that is refused does not stop the others: it gets one line on standard error. Returns
    the exit code: 1 if any was refused.
    """
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise Refused(f"{folder}: {error.strerror}; name another folder with -o") from None
    code = 0
    for campaign in campaigns:
        file = folder / file_name(campaign.slug)
        try:
            write_output(content(campaign), file)
        except GatepostError as error:
            click.echo(f"{campaign.slug}: {in_words(error)}", err=True)
            code = 1
        else:
            click.echo(file)
    return code


# Progress bar.


Item = TypeVar("Item")


@contextmanager
def with_progress(items: Iterable[Item], total: int, what: str) -> Iterator[Iterable[Item]]:
    """The items; iterating over them moves a bar on standard error, which disappears at the end.

    There is no bar if standard error is not a terminal.
    """
    from rich.console import Console  # noqa: PLC0415

    console = Console(stderr=True)
    if not console.is_terminal:
        yield items
        return
    from rich import progress  # noqa: PLC0415

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console, transient=True) as bar:
        yield bar.track(items, total=total, description=what)
