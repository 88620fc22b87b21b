"""The message for a build that was stopped because it took too long."""

from pathlib import Path
from typing import Final

_SETTING: Final = "GATEPOST_BUILD_SECONDS"


def build_timeout(note: Path, seconds: int) -> tuple[str, str]:
    """The file to check, and the message about it.

    `note` is the file into which the build writes the path of the file that it reads.
    """
    path = note.read_text(encoding="utf-8", errors="replace") if note.is_file() else ""
    note.unlink(missing_ok=True)
    during = " while it read this file" if path else ""
    return (
        path or "the site",
        f"the build was stopped{during}: it took longer than {seconds} seconds (the limit is "
        f"{_SETTING}); make your last change shorter or simpler",
    )
