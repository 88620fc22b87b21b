"""The folder CACHE_PATH: what builds and checks keep in it for the next ones."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from capture.errors import Unavailable

KEPT: Final = (
    "compressed",
    "html.sqlite",
    "html.sqlite-journal",
    "last-check",
    "last-check.new",
    "opened-files.json",
    "pictures",
    "preview.sqlite",
    "preview.sqlite-journal",
    "search",
    "share",
    "site.lock",
    "site.sqlite",
    "site.sqlite-journal",
    "templates",
    "texts.sqlite",
    "texts.sqlite-journal",
    "unchanged",
)
"""The names in the folder. What else is there is not ours."""


def forget_builds(settings: Mapping[str, Any]) -> None:
    """Deletes all that earlier builds kept, the made pictures too. Raises `Unavailable`."""
    for name in KEPT:
        path = Path(settings["CACHE_PATH"]) / name
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise Unavailable(f"{path}: cannot be deleted: {error.strerror}") from None
