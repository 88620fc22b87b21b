"""Publishes files from the cache, such as pictures. Each plugin that needs this registers it."""

import shutil
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Final

from pelican import signals

from publish.plugins.signals import connect_last

_FILES: Final = "GATEPOST_CACHED_FILES"


def publish_cached_file(settings: MutableMapping[str, Any], name: str, source: Path) -> None:
    """Marks a cached file: the end of the build copies it to `name`, a path below the site.

    Browsers may keep a file for ever, so different content needs a different name.
    """
    settings.setdefault(_FILES, {})[name] = source


def copy_cached_files(pelican: Any) -> None:
    """Copies the marked files into the site."""
    files: dict[str, Path] = pelican.settings.pop(_FILES, {})
    for name, source in files.items():
        target = Path(pelican.output_path) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def register() -> None:
    """Called by each plugin that publishes cached files."""
    connect_last(signals.finalized, copy_cached_files)
