"""Records which file a build is reading, so that a build that is killed can name it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from capture.errors import short_path

CURRENT_FILE: Final = "GATEPOST_CURRENT_FILE"
"""The setting with the path of the record; without it nothing is recorded."""


def record_file(settings: Mapping[str, Any], path: Path | None) -> None:
    """Writes the path to the record; None empties it."""
    if record := settings.get(CURRENT_FILE):
        text = short_path(path) if path else ""
        Path(record).write_text(text, encoding="utf-8", errors="replace")


@contextmanager
def reading_file(settings: Mapping[str, Any], path: Path) -> Iterator[None]:
    """Writes the path to the record while the block runs, and empties the record afterwards.

    The record is a file, because another process may kill this one at any moment.
    """
    record_file(settings, path)
    try:
        yield
    finally:
        record_file(settings, None)
