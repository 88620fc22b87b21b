"""Links that name a file by its path from the text, as on GitHub: `../other.md`, `chart.png`."""

import posixpath
from typing import Literal
from urllib.parse import quote, unquote

from capture.paths import ConfinedFolder, name_below
from publish.checks.source_files import SUFFIXES

FileWord = Literal["filename", "static", ""]


def file_word(path: str, folder: str, paths: ConfinedFolder) -> FileWord:
    """The word in braces that Pelican needs before a link to a file; empty if it names no file.

    `path` is the decoded path of a link without braces, to this site. `folder` is the text's folder
    below the content folder `paths`. A path from the root, or with a slash at its end, is an
    address of the site, not a file.
    """
    if not path or path.startswith("/") or path.endswith("/"):
        return ""
    if posixpath.splitext(path)[1] in SUFFIXES:
        return "filename"
    return "static" if paths.find_file(name_below(path, folder)) else ""


def encoded_link(link: str, folder: str, paths: ConfinedFolder) -> str:
    """The link with `#` and `?` encoded, if these are in the name of a file; else empty."""
    path = unquote(link)
    is_file = set(link) & {"#", "?"} and paths.find_file(name_below(path, folder))
    return quote(path) if is_file else ""
