"""`content_problem`: opens one file as its type. A library opens it where we have one."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from capture.campaign.gated_files import POINTER_PROBLEM, is_lfs_pointer
from publish.file_types.archives import ARCHIVES, open_archive, open_gzip
from publish.file_types.box_files import VIDEOS, open_video
from publish.file_types.errors import Unreadable
from publish.file_types.pdf import open_pdf
from publish.file_types.pictures import FORMATS, open_drawing, open_picture

_WEB_PAGE: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|<!--.*?-->)*<(?:!doctype\s+html|html|head|body)\b", re.S | re.I
)
_PAGES: Final = frozenset({".html", ".htm", ".xhtml"})
_START_SIZE: Final = 4096
_BLOCK_SIZE: Final = 1 << 20
_SIGNATURES: Final[Mapping[str, bytes]] = {
    **dict.fromkeys((".doc", ".xls", ".ppt"), rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ".rtf": rb"\{\\rtf",
    ".7z": rb"7z\xbc\xaf\x27\x1c",
    ".rar": rb"Rar!\x1a\x07",
    **dict.fromkeys((".webm", ".mkv"), rb"\x1a\x45\xdf\xa3"),
    **dict.fromkeys((".ogg", ".oga", ".ogv", ".opus"), rb"OggS"),
    ".mp3": rb"ID3|\xff[\xe2-\xff]",
    ".wav": rb"RIFF.{4}WAVE",
    ".flac": rb"fLaC|ID3",
}
"""By suffix: a pattern of the file's first bytes, for types that no library of ours opens."""
_TEXTS: Final = frozenset({".csv", ".txt", ".tsv", ".md", ".json", ".ics", ".vcf"})


def is_openable(path: Path) -> bool:
    """Whether a published file must be opened: we know its type, or it is a Git LFS pointer.

    Markdown need not. A file that cannot be read is opened, which reports that.
    """
    suffix = path.suffix.lower()
    if (suffix in KINDS and suffix != ".md") or not os.access(path, os.R_OK):
        return True
    try:
        return is_lfs_pointer(path)
    except OSError:
        return True


def is_empty_text(path: Path) -> bool:
    """Whether it is a text without content, which is as good as any if nobody downloads it."""
    return path.suffix.lower() in _TEXTS and not path.stat().st_size


def content_problem(path: Path) -> str:
    """The problem of a file whose content does not match its name, and the fix; else empty.

    Raises OSError if it cannot be read.
    """
    if is_lfs_pointer(path):
        return f"{POINTER_PROBLEM}: run `git lfs pull`"
    try:
        _open(path)
    except Unreadable as error:
        return str(error)
    return ""


def _open(path: Path) -> None:
    if not path.stat().st_size:
        raise Unreadable("is empty")
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        start = file.read(_START_SIZE)
    if _WEB_PAGE.match(start) and suffix not in _PAGES:
        raise Unreadable(f"is a web page, not a {suffix or 'file'}")
    if suffix in KINDS:
        KINDS[suffix](path)


def _open_text(path: Path) -> None:
    with path.open("rb") as file:
        is_wide = file.read(2) in {b"\xff\xfe", b"\xfe\xff"}
    for encoding in ("utf-16",) if is_wide else ("utf-8", "cp1252"):
        try:
            with path.open(encoding=encoding) as text:
                while block := text.read(_BLOCK_SIZE):
                    if "\0" in block:
                        raise Unreadable("is not text")
        except UnicodeError:
            continue
        return
    raise Unreadable("is not text in UTF-8")


def _read_signature(path: Path) -> None:
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        start = file.read(16)
    if not re.match(_SIGNATURES[suffix], start, re.DOTALL):
        raise Unreadable(f"is not a {suffix[1:]} file")


KINDS: Final[Mapping[str, Callable[[Path], None]]] = {
    ".pdf": open_pdf,
    ".gz": open_gzip,
    ".svg": open_drawing,
    **dict.fromkeys(ARCHIVES, open_archive),
    **dict.fromkeys(FORMATS, open_picture),
    **dict.fromkeys(VIDEOS, open_video),
    **dict.fromkeys(_SIGNATURES, _read_signature),
    **dict.fromkeys(_TEXTS, _open_text),
}
"""By suffix: the function that opens such a file. It raises `Unreadable`, or OSError."""
