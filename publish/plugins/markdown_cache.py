"""Keeps the HTML of each text between builds, in one SQLite file in CACHE_PATH.

The key is the hash of the text, together with everything else that decides its HTML: our code, the
versions of all installed libraries, and the settings of Markdown. Nothing is kept if a project uses
an extension that might read other files: two of pymdown's, and any that is not Python-Markdown's,
pymdown's or ours. Without the file, or if it is damaged, all texts are converted again.
"""

import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import publish
from publish.plugins.problems import get_report

_CACHE: Final = "GATEPOST_HTML_CACHE"
_FILE: Final = "html.sqlite"
_TEXT_ONLY: Final = ("markdown.extensions.", "pymdownx.", "publish.")
_WITH_FILES: Final = frozenset({"pymdownx.b64", "pymdownx.snippets"})


def _code_key() -> str:
    """A hash of our code as it is loaded, and of the names and versions of all libraries."""
    folders = (Path(folder) for folder in sys.path)
    libraries = sorted(path.name for folder in folders for path in folder.glob("*.dist-info"))
    digest = hashlib.sha256(" ".join([sys.version, *libraries]).encode())
    for path in sorted(Path(publish.__path__[0]).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


_CODE_KEY: Final = _code_key()  # now: a process that runs long does not load newer code
_BATCH_SIZE: Final = 500
"""Texts that are written together."""
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS html (engine TEXT, text BLOB, html TEXT, PRIMARY KEY (engine, text))
"""


class HtmlCache:
    """The HTML of texts. Without a path, and after an error, it lasts only as long as this object.

    Another build that writes is waited for, at most so many seconds.
    """

    def __init__(self, path: Path | None, engine: str, *, seconds: float = 5) -> None:
        self._engine = engine
        self._used: set[bytes] = set()
        self._new: dict[bytes, str] = {}
        self._path = path
        self._database: sqlite3.Connection | None = None
        self.problem = ""
        """Why the file was given up, if it is damaged."""
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._database = sqlite3.connect(path, seconds, isolation_level=None)
                self._database.execute(_TABLE)
            except (OSError, sqlite3.Error) as error:
                self._give_up(error)

    def has(self, text: str) -> bool:
        """Whether the HTML of a text is known."""
        return self._read(_hash(text)) is not None

    def get(self, text: str) -> str | None:
        """The HTML of a text; None if it is not known."""
        key = _hash(text)
        self._used.add(key)
        html = self._new.get(key)
        return self._read(key) if html is None else html

    def add(self, text: str, html: str) -> None:
        """Keeps the HTML of a text."""
        self._new[_hash(text)] = html
        if self._database and len(self._new) >= _BATCH_SIZE:
            self._write([])

    def save(self) -> None:
        """Deletes the texts that were not used, and the HTML of another engine; ends the work."""
        try:
            if self._database:
                rows = self._database.execute("SELECT engine, text FROM html").fetchall()
                self._write(
                    row for row in rows if row[0] != self._engine or row[1] not in self._used
                )
            if self._database:
                self._database.close()
        except sqlite3.Error as error:
            self._give_up(error)

    def _write(self, unused: Iterable[tuple[str, bytes]]) -> None:
        """Writes what is new, and deletes rows, in one step."""
        assert self._database  # noqa: S101 - for mypy
        new = [(self._engine, key, html) for key, html in self._new.items()]
        try:
            with self._database as database:
                database.execute("BEGIN IMMEDIATE")
                database.executemany("DELETE FROM html WHERE engine = ? AND text = ?", unused)
                database.executemany("INSERT OR REPLACE INTO html VALUES (?, ?, ?)", new)
            self._new.clear()
        except sqlite3.Error as error:
            self._give_up(error)

    def _read(self, key: bytes) -> str | None:
        if not self._database:
            return None
        query = "SELECT html FROM html WHERE engine = ? AND text = ?"
        try:
            row = self._database.execute(query, [self._engine, key]).fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            return None
        return row[0] if row else None

    def _give_up(self, error: Exception) -> None:
        """Continues without the file. Deletes it if it is damaged, not if it is only busy."""
        if self._database:
            self._database.close()
            self._database = None
        if self._path and not isinstance(error, OSError | sqlite3.OperationalError):
            self.problem = f"is damaged ({error}) and was deleted: all texts are converted again"
            with suppress(OSError):
                self._path.unlink()


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def html_cache(settings: MutableMapping[str, Any]) -> HtmlCache:
    """The cache of the build that has these Pelican settings."""
    cache: HtmlCache | None = settings.get(_CACHE)
    if cache is None:
        folder = settings.get("CACHE_PATH")
        is_kept = depends_on_text_alone(settings["MARKDOWN"])
        path = Path(folder) / _FILE if folder and is_kept else None
        cache = settings[_CACHE] = HtmlCache(path, _engine_key(settings))
    return cache


def save_html_cache(settings: MutableMapping[str, Any]) -> None:
    """Saves the cache when all texts were read, and reports a damaged file."""
    cache: HtmlCache | None = settings.pop(_CACHE, None)
    if cache:
        cache.save()
        if cache.problem:
            get_report(settings).warn(Path(settings["CACHE_PATH"]) / _FILE, None, cache.problem)


def depends_on_text_alone(markdown: Mapping[str, Any]) -> bool:
    """Whether every extension is known to depend on the text alone."""
    names = [name for name, _ in _extensions(markdown)]
    return all(name.startswith(_TEXT_ONLY) and name not in _WITH_FILES for name in names)


def _engine_key(settings: Mapping[str, Any]) -> str:
    """A hash of everything but the text that decides its HTML."""
    markdown = settings["MARKDOWN"]
    others = {key: value for key, value in markdown.items() if key != "extensions"}
    facts = [_CODE_KEY, settings.get("HEADING_IDS"), _extensions(markdown), others]
    return hashlib.sha256(json.dumps(facts, default=repr, sort_keys=True).encode()).hexdigest()


def _extensions(markdown: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and configuration of each extension, in order, once."""
    named = [*markdown.get("extensions", ()), *markdown.get("extension_configs", {})]
    pairs = (
        (name, "")
        if isinstance(name, str)
        else (f"{type(name).__module__}.{type(name).__qualname__}", repr(name.getConfigs()))
        for name in named
    )
    return list(dict.fromkeys(pairs))
