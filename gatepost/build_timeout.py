"""The message about a build that was stopped because it took too long."""

from pathlib import Path
from typing import Final

_SETTING: Final = "GATEPOST_BUILD_SECONDS"


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
        f"is {_SETTING}); make your last change shorter or simpler",
    )
