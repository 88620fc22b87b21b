"""Articles and pages that were just read: their HTML is in a file, because together it is large.

Plugins get and set `_content` as always. When all texts are complete, each becomes a stored text
(`stored_texts`), and the file is no longer needed.
"""

import os
import tempfile
import weakref
from pathlib import Path
from typing import Any, Final, TypeAlias

from pelican import contents

PLACE: Final = "html_place"
"""The attribute of a text that has the place of its HTML."""
_Place: TypeAlias = tuple[int, int] | str | None
"""Offset and size in the file; or the HTML itself."""


class HtmlFile:
    """A file without a name. Child processes may read it. It closes with the last of its texts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = tempfile.TemporaryFile(buffering=0, dir=folder)  # noqa: SIM115 - open for long
        weakref.finalize(self, self._file.close)
        self._end = 0
        self._process = os.getpid()

    def take_html_of(self, text: Any) -> None:
        """Moves the HTML of an article or page into the file."""
        html = text.__dict__.pop("_content")
        text.html_file = self
        text.__class__ = Page if isinstance(text, contents.Page) else Article
        text._content = html

    def add(self, html: str | None) -> _Place:
        """Adds HTML; returns its place. A child process keeps it in memory instead.

        Raises `OSError` with the folder if its disk is full.
        """
        if html is None or os.getpid() != self._process:
            return html
        data = html.encode(errors="surrogatepass")
        place = self._end, len(data)
        try:
            rest = memoryview(data)
            while rest:  # an unbuffered file may write only a part
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._folder)) from error
        self._end += len(data)
        return place

    def html_at(self, place: _Place) -> str | None:
        """The HTML at a place."""
        if not isinstance(place, tuple):
            return place
        start, size = place
        return os.pread(self._file.fileno(), size, start).decode(errors="surrogatepass")


class _InFile:
    """What both kinds of texts have in common. It goes before Pelican's class."""

    html_file: HtmlFile

    @property
    def _content(self) -> str | None:
        return self.html_file.html_at(self.__dict__[PLACE])

    @_content.setter
    def _content(self, html: str | None) -> None:
        self.__dict__[PLACE] = self.html_file.add(html)


class Article(_InFile, contents.Article):  # type: ignore[misc]  # Pelican ships no types
    """An article. Pelican looks for settings by the name of the class."""


class Page(_InFile, contents.Page):  # type: ignore[misc]
    """A page."""
