"""Where a command's document goes: to a file that was named, else to standard output."""

import sys
from pathlib import Path

import click

from capture.errors import Refused

output_option = click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file."
)


def write_output(content: bytes, output: Path | None) -> None:
    """Writes every byte as it is. Raises `Refused` if the file cannot be written."""
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise Refused(f"{output}: {error.strerror}; name another file with -o") from None
