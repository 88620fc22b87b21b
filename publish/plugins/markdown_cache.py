"""Caches the HTML of each text between builds, for the live preview.

The key is the hash of the text. The same text gives the same HTML while settings and code stay the
same; the caller that sets the folder must empty it when they change. Nothing is cached if a project
uses a Markdown extension that might read other files: any that is not Python-Markdown's, pymdown's
or ours.
"""

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

CACHED_HTML: Final = "GATEPOST_CACHED_HTML"
"""The setting with the path of the folder; without it nothing is cached."""
_TEXT_ONLY: Final = ("markdown.extensions.", "pymdownx.", "publish.")


def cached_html(text: str, settings: Mapping[str, Any], make: Callable[[], str]) -> str:
    """The HTML of a text: from the cache, or else from `make`."""
    cached = _cache_file(text, settings)
    if cached is None:
        return make()
    try:
        return cached.read_bytes().decode()
    except FileNotFoundError:
        html = make()
        _save(html, cached)
        return html


def is_cached(text: str, settings: Mapping[str, Any]) -> bool:
    """Whether the HTML of a text is in the cache."""
    cached = _cache_file(text, settings)
    return cached is not None and cached.exists()


def _cache_file(text: str, settings: Mapping[str, Any]) -> Path | None:
    folder = settings.get(CACHED_HTML)
    if not folder or not depends_on_text_alone(settings["MARKDOWN"]):
        return None
    return Path(folder) / hashlib.sha256(text.encode()).hexdigest()


def depends_on_text_alone(markdown: Mapping[str, Any]) -> bool:
    """Whether every extension is known to depend on the text alone."""
    named = {*markdown.get("extensions", ()), *markdown.get("extension_configs", {})}
    return all(
        (name if isinstance(name, str) else f"{type(name).__module__}.").startswith(_TEXT_ONLY)
        for name in named
    )


def _save(html: str, cached: Path) -> None:
    """Writes the file with a rename: a reader never sees a part of it."""
    cached.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=cached.parent, delete=False) as draft:
        draft.write(html.encode())
    Path(draft.name).rename(cached)
