"""Another version of a campaign file as an argument: an old one, a draft, or standard input."""

import sys
from pathlib import Path
from typing import Final

import click

from capture.errors import Refused

OTHER_FILE: Final = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
"""The option's type; `-` is standard input."""


def read_other(path: Path) -> tuple[bytes, str]:
    """The file's bytes, and what errors should call it. Raises `Refused`."""
    if str(path) == "-":
        return sys.stdin.buffer.read(), "standard input"
    try:
        return path.read_bytes(), str(path)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}; name another file") from None
