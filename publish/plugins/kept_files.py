"""Files that a build need not make, because the site has them from the last build."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

KEPT_FILES: Final = "GATEPOST_KEPT_FILES"
"""The setting with a function that keeps a file of the site, if it is as the last build left it."""
NOT_COMPARED: Final = "GATEPOST_NOT_COMPARED"
"""The setting with a function that returns the kept files, by name, which no build has compared
with the gated files as they are now."""


def keeps_file(settings: Mapping[str, Any], name: str) -> bool:
    """Whether the site has this file already, so that it need not be copied.

    `name` is the path below the site. It must tell the content too, by a hash for example.
    """
    keep: Callable[[str], bool] | None = settings.get(KEPT_FILES)
    return keep is not None and keep(name)


def files_not_compared(settings: Mapping[str, Any]) -> Iterable[tuple[str, Path]]:
    """The kept files that must be compared with the gated files: name in the site, and path."""
    files: Callable[[], Mapping[str, Path]] | None = settings.get(NOT_COMPARED)
    return sorted(files().items()) if files else ()
