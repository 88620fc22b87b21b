"""How plugins listen to Pelican: in the order of PLUGINS, whatever this process built before."""

import shutil
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, Final

from pelican import signals


def listen(signal: Any, receiver: Callable[..., Any]) -> None:
    """Connects a receiver as the last of all; one that listens already moves to the end."""
    signal.disconnect(receiver)
    signal.connect(receiver)


# Files that plugins made, such as pictures: kept in the cache, copied when all is well.


_FILES: Final = "GATEPOST_MADE"


def publish_file(settings: MutableMapping[str, Any], name: str, created: Path) -> None:
    """Has a file published under that name, which lies below the site and never changes content."""
    settings.setdefault(_FILES, {})[name] = created


def copy_all(pelican: Any) -> None:
    """Puts the files where pages look for them."""
    files: dict[str, Path] = pelican.settings.pop(_FILES, {})
    for name, created in files.items():
        target = Path(pelican.output_path) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(created, target)


def register() -> None:
    """Called by each plugin that makes files."""
    listen(signals.finalized, copy_all)
