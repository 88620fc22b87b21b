"""Finds the files that a text may name: rather one too many than one too few.

A link may be written from the content folder or from the text's own folder, with or without
encoded characters; only Pelican and its plugins know which file it leads to. All paths here are
below the content folder.
"""

import posixpath
import re
from collections.abc import Iterator
from html import unescape
from typing import Final
from urllib.parse import unquote

from capture.paths import name_below
from publish.checks.post import Post

_WORD_END: Final = re.compile(r"""[\s()<>"'|{}\[\],;]+""")
_TEXT_SUFFIX: Final = re.compile(r"\.(?:md|markdown|mkd|mdown)\b")
# Without the brace before the word: patterns that begin with letters are found fastest.
_TEXT_LINK: Final = re.compile(r"""filename[}|](?P<path>[^"'>#?]+)""")
_RELATIVE_LINK: Final = re.compile(
    r"""(?:href|src|srcset|poster|data|cite)\s*=\s*["']?(?![a-z]+:|[/#{|?])(?P<path>[^"'>#?\s]+)"""
)
_ATTACH: Final = re.compile(r"""attach[}|](?P<path>[^"'<>#?()\s]+)""")
_MAX_LINK: Final = 4096
"""No path of a file is longer."""


def attached_files(post: Post) -> set[str]:
    """The files that a text moves to its own address."""
    return set(_found(_ATTACH, _source(post), _folder(post)))


def named_texts(post: Post, html: str) -> frozenset[str]:
    """The other texts that a text, or its HTML, may link to. In linear time."""
    links = {*_words_with_names(_source(post)), *(m["path"] for m in _TEXT_LINK.finditer(html))}
    return frozenset(name for link in links for name in _names_of(link, _folder(post)))


def _words_with_names(text: str) -> Iterator[str]:
    for words in text.split():
        if ".m" in words:  # most words name no file
            for word in _WORD_END.split(words):
                if ends := [match.end() for match in _TEXT_SUFFIX.finditer(word)]:
                    yield word[: ends[-1]]


def relative_files(post: Post, html: str) -> set[str]:
    """The files to which the HTML of a text has a relative link."""
    return {name for name in _found(_RELATIVE_LINK, html, _folder(post)) if name}


def _source(post: Post) -> str:
    return post.raw.decode("utf-8", errors="replace")


def _folder(post: Post) -> str:
    return post.name.rpartition("/")[0]


def _found(pattern: re.Pattern[str], html: str, folder: str) -> Iterator[str]:
    for match in pattern.finditer(html):
        yield from _names_of(match["path"], folder)


def _names_of(link: str, folder: str) -> Iterator[str]:
    """The files that a link may name: from the content folder, and from the text's own."""
    if len(link) > _MAX_LINK:
        return
    for path in {link, unquote(link), unquote(unescape(link))}:
        for joined in (name_below(path, folder), path.lstrip("/")):
            name = posixpath.normpath(joined)
            if not name.startswith("../"):  # nothing outside is ever read
                yield name
