"""Shared by plugins: listening in the order of PLUGINS, and publishing files from the cache."""

import shutil
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, Final

from pelican import signals


def listen(signal: Any, receiver: Callable[..., Any]) -> None:
    """Connects a receiver as the last one. A receiver that is connected already moves to the end.

    So the order is that of PLUGINS, also if this process has built a site before.
    """
    signal.disconnect(receiver)
    signal.connect(receiver)


# Files from the cache, such as pictures: copied when the site is written.

_FILES: Final = "GATEPOST_MADE"


def publish_file(settings: MutableMapping[str, Any], name: str, created: Path) -> None:
    """Marks a file for publication under `name`, a path below the site.

    Another content needs another name: browsers may keep the file for ever.
    """
    settings.setdefault(_FILES, {})[name] = created


def copy_all(pelican: Any) -> None:
    """Copies the marked files into the site."""
    files: dict[str, Path] = pelican.settings.pop(_FILES, {})
    for name, created in files.items():
        target = Path(pelican.output_path) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(created, target)


def register() -> None:
    """Called by each plugin that publishes files."""
    listen(signals.finalized, copy_all)
