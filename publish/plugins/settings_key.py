"""The key of all settings: what a check or a build keeps holds only for the same ones."""

import hashlib
import os
import re
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import publish
from publish.cache_file import CODE_KEY
from publish.plugins.project_settings import RELEASE

_PATHS: Final = frozenset(
    {
        *("PATH", "OUTPUT_PATH", "CACHE_PATH", "THEME", "CAMPAIGNS_PATH", "CLIENTS_PATH"),
        *("DEBUG", "GATED_PATH", "PLUGINS", "GATEPOST_PUBLISHED", "GATEPOST_CURRENT_FILE"),
    }
)
"""Settings that say where something is, and what is there counts; or what a command prints."""
_ADDRESS: Final = re.compile(r" at 0x[0-9a-f]+")


def key_of_settings(settings: Mapping[str, Any]) -> bytes:
    """Of all settings, of the project's own Python files, which make them, and of our code."""
    roots = {Path(settings["PATH"]).absolute().parent, Path.cwd()}
    files = sorted(set(_modules(roots)))
    values = {
        name: _ADDRESS.sub("", _described(value))
        for name, value in settings.items()
        if name not in _PATHS and not name.startswith("GATEPOST_")
    }
    described = repr((sorted(values.items()), bool(settings.get(RELEASE)), time.tzname))
    digest = hashlib.blake2b(f"{CODE_KEY} {described}".encode(errors="surrogatepass"))
    for path in files:
        digest.update(hashlib.blake2b(path.read_bytes()).digest())
    return digest.digest()


def _modules(roots: Collection[Path]) -> Iterator[Path]:
    """The files of the loaded modules below these folders, besides ours and the libraries'.

    Among them is the settings file: Pelican loads it as a module.
    """
    inside = tuple(f"{root}{os.sep}" for root in roots)  # strings: there are many modules
    others = (Path(sys.prefix).resolve(), *(Path(path) for path in publish.__path__))
    outside = tuple(f"{path}{os.sep}" for path in others)
    for module in list(sys.modules.values()):
        name = getattr(module, "__file__", None)
        if name and name.startswith(inside) and not name.startswith(outside):
            path = Path(name)
            if path.is_file():
                yield path


def _described(value: object) -> str:
    """A setting as text. Functions and classes count by their names; their code is in a file."""
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, Mapping):
        return repr(sorted((str(key), _described(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return repr([_described(item) for item in value])
    if isinstance(value, set | frozenset):
        return repr(sorted(map(_described, value)))
    return repr(value)
