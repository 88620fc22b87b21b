"""What a writer is told of a build that was ended because it took too long."""

from pathlib import Path
from typing import Final

_SETTING: Final = "GATEPOST_BUILD_SECONDS"


def build_timeout(note: Path, seconds: int) -> tuple[str, str]:
    """The file to look at and what to say of it; `note` is the file that NOW_READING names."""
    path = note.read_text(encoding="utf-8", errors="replace") if note.is_file() else ""
    note.unlink(missing_ok=True)
    during = " while this file was being read" if path else ""
    return (
        path or "the site",
        f"the build was ended{during}: it took longer than {seconds} seconds ({_SETTING} sets how "
        "many it may take); make what you changed last shorter or simpler",
    )
