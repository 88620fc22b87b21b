"""Keeps what Markdown made of each text, for builds that follow each other closely.

Kept by content: the same text makes the same HTML, as long as neither settings nor code change.
Whoever names the folder sees to that, and empties it when they do. A project with an extension that
is of neither Markdown's makers, nor pymdown's, nor ours keeps nothing: it might read other files.
"""

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

CACHED_HTML: Final = "GATEPOST_KEPT_TEXT"
"""The setting that names the folder; without it nothing is kept."""
_PURE: Final = ("markdown.extensions.", "pymdownx.", "publish.")


def cached_html(text: str, settings: Mapping[str, Any], make: Callable[[], str]) -> str:
    """The HTML of a text: as it was kept, or as `make` makes it now."""
    folder = settings.get(CACHED_HTML)
    if not folder or not _is_cacheable(settings["MARKDOWN"]):
        return make()
    kept = Path(folder) / hashlib.sha256(text.encode()).hexdigest()
    try:
        return kept.read_bytes().decode()
    except FileNotFoundError:
        html = make()
        _save(html, kept)
        return html


def _is_cacheable(markdown: Mapping[str, Any]) -> bool:
    """Every extension is known to look at nothing but the text."""
    named = {*markdown.get("extensions", ()), *markdown.get("extension_configs", {})}
    return all(
        (name if isinstance(name, str) else f"{type(name).__module__}.").startswith(_PURE)
        for name in named
    )


def _save(html: str, kept: Path) -> None:
    """A reader sees all of it or nothing."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as draft:
        draft.write(html.encode())
    Path(draft.name).rename(kept)
