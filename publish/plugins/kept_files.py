"""Files that a build need not copy, because the site has them from the last build."""

from collections.abc import Callable, Mapping
from typing import Any, Final

KEPT_FILES: Final = "GATEPOST_KEPT_FILES"
"""The setting with a function that keeps a file of the site, if it is as the last build left it."""


def keeps_file(settings: Mapping[str, Any], name: str) -> bool:
    """Whether the site has this file already, so that it need not be copied.

    `name` is the path below the site. It must tell the content too, by a hash for example.
    """
    keep: Callable[[str], bool] | None = settings.get(KEPT_FILES)
    return keep is not None and keep(name)
