"""Records which file a build is reading, so that the message about a killed build can name it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from capture.errors import short_path

CURRENT_FILE: Final = "GATEPOST_CURRENT_FILE"
"""The setting with the path of the record; without it nothing is recorded."""
_TIME_LIMIT: Final = "GATEPOST_BUILD_SECONDS"


@contextmanager
def reading_file(settings: Mapping[str, Any], path: Path) -> Iterator[None]:
    """Writes the path to the record while the block runs, and empties the record afterwards.

    The record is a file, because another process may kill this one at any moment.
    """
    record = settings.get(CURRENT_FILE)
    if not record:
        yield
        return
    Path(record).write_text(short_path(path), encoding="utf-8", errors="replace")
    try:
        yield
    finally:
        Path(record).write_bytes(b"")


def build_timeout(current_file: Path, seconds: int) -> tuple[str, str]:
    """The path that the build was reading, and the message about it.

    `current_file` is the file into which the build writes that path; it is deleted here. `seconds`
    is the time limit.
    """
    path = ""
    if current_file.is_file():
        path = current_file.read_text(encoding="utf-8", errors="replace")
    current_file.unlink(missing_ok=True)
    while_reading = " while it read this file" if path else ""
    return (
        path or "the site",
        f"the build was stopped{while_reading}: it took longer than {seconds} seconds (the limit "
        f"is {_TIME_LIMIT}); make your last change shorter or simpler",
    )
