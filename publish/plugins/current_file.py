"""Notes which file a build is reading, so that a build that is stopped can name it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from capture.errors import short_path

CURRENT_FILE: Final = "GATEPOST_NOW_READING"
"""The setting with the path of the note; without it nothing is noted."""


@contextmanager
def reading_file(settings: Mapping[str, Any], path: Path) -> Iterator[None]:
    """Writes the path to the note while the block runs, and empties the note afterwards.

    The note is a file, because another process may kill this one at any moment.
    """
    note = settings.get(CURRENT_FILE)
    if not note:
        yield
        return
    Path(note).write_text(short_path(path), encoding="utf-8", errors="replace")
    try:
        yield
    finally:
        Path(note).write_bytes(b"")
