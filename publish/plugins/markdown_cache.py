"""Keeps the HTML of each text between builds, in one SQLite file in CACHE_PATH.

The key is the hash of the text, together with everything else that decides its HTML: our code, the
versions of all installed libraries, and the settings of Markdown. Nothing is kept if a project uses
an extension that might read other files: two of pymdown's, and any that is not Python-Markdown's,
pymdown's or ours. Without the file, or if it is damaged, all texts are converted again.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

from publish.cache_file import CODE_KEY, CacheFile, seal, unseal
from publish.checks.tag_syntax import TagExtension
from publish.plugins.problems import get_report

_CACHE: Final = "GATEPOST_HTML_CACHE"
_FILE: Final = "html.sqlite"
_TEXT_ONLY: Final = ("markdown.extensions.", "pymdownx.", "publish.")
_WITH_FILES: Final = frozenset({"pymdownx.b64", "pymdownx.snippets"})


_BATCH_SIZE: Final = 500
"""Texts that are written together."""
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS html (engine TEXT, text BLOB, html BLOB, PRIMARY KEY (engine, text))
"""


class HtmlCache:
    """The HTML of texts. Without a path, and after an error, it lasts only as long as this object.

    Another build that writes is waited for, at most so many seconds.
    """

    def __init__(self, path: Path | None, engine: str, *, seconds: float = 5) -> None:
        self._engine = engine
        self._used: set[bytes] = set()
        self._new: dict[bytes, str] = {}
        self._coming: Iterator[tuple[str, str]] = iter(())
        """Texts that are being converted, with their HTML."""
        self._file = CacheFile(path, _TABLE, seconds=seconds)

    @property
    def problem(self) -> str:
        """Why the file was given up, if it is damaged."""
        damage = self._file.damage
        return damage and f"is damaged ({damage}) and was deleted: all texts are converted again"

    def has(self, text: str) -> bool:
        """Whether the HTML of a text is known."""
        return self._read(_hash(text)) is not None

    def get(self, text: str) -> str | None:
        """The HTML of a text; None if it is not known. Waits for one that is being converted."""
        key = _hash(text)
        self._used.add(key)
        html = self._new.get(key)
        if html is None:
            html = self._read(key)
        while html is None and (converted := next(self._coming, None)):
            self.add(*converted)
            html = converted[1] if converted[0] == text else None
        return html

    def add_all(self, converted: Iterator[tuple[str, str]]) -> None:
        """Keeps the HTML of texts, each when it is ready."""
        self._coming = chain(self._coming, converted)

    def add(self, text: str, html: str) -> None:
        """Keeps the HTML of a text."""
        self._new[_hash(text)] = html
        if self._file.is_open and len(self._new) >= _BATCH_SIZE:
            self._write([])

    def save(self, *, all_were_used: bool) -> None:
        """The end. If all texts were used, keeps their HTML, and deletes all other.

        A build that reads only edited texts does not need it again: it stores what it has read.
        """
        for text, html in self._coming:
            self.add(text, html)
        if all_were_used:
            rows = self._file.rows("SELECT engine, text FROM html")
            self._write(row for row in rows if row[0] != self._engine or row[1] not in self._used)
        self._file.close()

    def _write(self, unused: Iterable[tuple[str, bytes]]) -> None:
        """Writes what is new, and deletes rows, in one step."""
        new = [(self._engine, key, seal(html.encode())) for key, html in self._new.items()]
        self._file.change(
            ("DELETE FROM html WHERE engine = ? AND text = ?", unused),
            ("INSERT OR REPLACE INTO html VALUES (?, ?, ?)", new),
        )
        if self._file.is_open:
            self._new.clear()

    def _read(self, key: bytes) -> str | None:
        query = "SELECT html FROM html WHERE engine = ? AND text = ?"
        rows = self._file.rows(query, [self._engine, key])
        html = unseal(rows[0][0]) if rows else None
        return None if html is None else html.decode()


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def html_cache(settings: MutableMapping[str, Any]) -> HtmlCache:
    """The cache of the build that has these Pelican settings."""
    cache: HtmlCache | None = settings.get(_CACHE)
    if cache is None:
        folder = settings.get("CACHE_PATH")
        is_kept = depends_on_text_alone(settings["MARKDOWN"])
        path = Path(folder) / _FILE if folder and is_kept else None
        cache = settings[_CACHE] = HtmlCache(path, engine_key(settings))
    return cache


def save_html_cache(settings: MutableMapping[str, Any], *, all_were_used: bool) -> None:
    """Saves the cache when Pelican has read, and reports a damaged file."""
    cache: HtmlCache | None = settings.pop(_CACHE, None)
    if cache:
        cache.save(all_were_used=all_were_used)
        if cache.problem:
            get_report(settings).warn(Path(settings["CACHE_PATH"]) / _FILE, None, cache.problem)


def depends_on_text_alone(markdown: Mapping[str, Any]) -> bool:
    """Whether every extension is known to depend on the text alone."""
    names = [name for name, _ in _extensions(markdown)]
    return all(name.startswith(_TEXT_ONLY) and name not in _WITH_FILES for name in names)


def engine_key(settings: Mapping[str, Any]) -> str:
    """A hash of everything but the text that decides its HTML.

    It is the same before and after `form_tags` has added its extension, so that a check, which runs
    no plugin, finds what a build has kept.
    """
    markdown = settings["MARKDOWN"]
    others = {key: value for key, value in markdown.items() if key != "extensions"}
    facts = [CODE_KEY, settings.get("HEADING_IDS"), _extensions(markdown), others]
    return hashlib.sha256(json.dumps(facts, default=repr, sort_keys=True).encode()).hexdigest()


def _extensions(markdown: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and configuration of each extension, in order, once."""
    named = [*markdown.get("extensions", ()), *markdown.get("extension_configs", {})]
    pairs = (
        (name, "")
        if isinstance(name, str)
        else (f"{type(name).__module__}.{type(name).__qualname__}", repr(name.getConfigs()))
        for name in named
        if not isinstance(name, TagExtension)  # which every build has: `CODE_KEY` stands for it
    )
    return list(dict.fromkeys(pairs))
