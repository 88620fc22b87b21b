"""Walks the boxes of MP4, QuickTime and AVIF files: a file that is cut off ends inside a box.

A box begins with its length and its kind (ISO/IEC 14496-12, 4.2). Nothing is decoded.
"""

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from publish.file_types.errors import Unreadable

VIDEOS: Final = frozenset({".mp4", ".m4v", ".m4a", ".mov"})
_FIRST_KIND: Final = re.compile(rb"ftyp|moov|mdat|wide|free|skip|pnot")
_INDEX: Final = b"moov"
"""The box without which no player can play the others."""


def open_video(path: Path) -> None:
    """Reads the head of every box. Raises `Unreadable`, or OSError."""
    kind = path.suffix.lower()[1:]
    with path.open("rb") as file:
        if not _FIRST_KIND.fullmatch(file.read(8)[4:]):
            raise Unreadable(f"is not a {kind} file")
        kinds = set(box_kinds(file, path.stat().st_size))
    if _INDEX not in kinds:
        raise Unreadable(f"is a {kind} file without its index, as if it was cut off")


def box_kinds(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The kind of each box; `size` is that of the file, in bytes. Raises `Unreadable`."""
    place = 0
    while place < size:
        file.seek(place)
        head = file.read(16).ljust(16, b"\0")
        length, kind = struct.unpack(">I4s", head[:8])
        if length == 1:  # the length follows, in 8 bytes
            (length,) = struct.unpack(">Q", head[8:])
        elif length == 0:  # the last box
            length = size - place
        if length < 8 or place + length > size:
            raise Unreadable("is cut off")
        place += length
        yield kind
