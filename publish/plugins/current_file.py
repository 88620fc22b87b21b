"""Which file a build is reading, for whoever has to end a build that takes too long."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from capture.errors import short_path

CURRENT_FILE: Final = "GATEPOST_NOW_READING"
"""The setting that names a file for it; without it nothing is noted."""


@contextmanager
def reading_file(settings: Mapping[str, Any], path: Path) -> Iterator[None]:
    """Notes the path while the block runs. Another process may end this one at any moment."""
    note = settings.get(CURRENT_FILE)
    if not note:
        yield
        return
    Path(note).write_text(short_path(path), encoding="utf-8", errors="replace")
    try:
        yield
    finally:
        Path(note).write_bytes(b"")
