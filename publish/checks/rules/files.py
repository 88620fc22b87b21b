"""Rules for files that are published unchanged: none is gated or private, and none is damaged."""

import os
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse
from PIL import Image

from capture.errors import short_path
from capture.paths import kind_problem
from publish.checks.finding import Finding
from publish.checks.gated import GatedFiles
from publish.checks.layout import is_circular
from publish.checks.project import Writing

# Content that does not match the file's name: pointers of Git LFS, broken downloads, a login page
# saved as PDF. A library opens the file where we have one; of a PDF only header and trailer are
# read, which is enough to find these.

_POINTER: Final = b"version https://git-lfs.github.com/spec/"
_WEB_PAGE: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|<!--.*?-->)*<(?:!doctype\s+html|html|head|body)\b", re.S | re.I
)
_PAGES: Final = frozenset({".html", ".htm", ".xhtml"})
_PDF_TRAILER: Final = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_START_SIZE, _TAIL_SIZE = 4096, 65536
_MAX_UNPACKED_SIZE: Final = 1 << 30
"""The largest unpacked size of an archive, in bytes."""
_GET_AGAIN: Final = "export or download it again"
_FORMATS: Final[Mapping[str, frozenset[str]]] = {
    ".jpg": frozenset({"JPEG", "MPO"}),
    ".jpeg": frozenset({"JPEG", "MPO"}),
    ".tif": frozenset({"TIFF"}),
    ".tiff": frozenset({"TIFF"}),
    **{f".{name.lower()}": frozenset({name}) for name in ("PNG", "GIF", "WEBP", "AVIF", "BMP")},
}
_MEMBERS: Final[Mapping[str, str]] = {
    ".zip": "",
    **dict.fromkeys((".docx", ".docm", ".dotx"), "word/"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx"), "xl/"),
    **dict.fromkeys((".pptx", ".pptm", ".potx"), "ppt/"),
    **dict.fromkeys((".odt", ".ods", ".odp", ".epub"), "mimetype"),
}
"""By suffix of an archive: the prefix that the name of one of its members must have."""
_SIGNATURES: Final[Mapping[str, bytes]] = {
    **dict.fromkeys((".doc", ".xls", ".ppt"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ".rtf": b"{\\rtf",
    ".gz": b"\x1f\x8b",
    ".7z": b"7z\xbc\xaf\x27\x1c",
}
_TEXTS: Final = frozenset({".csv", ".txt", ".tsv", ".md", ".json", ".ics", ".vcf"})


def is_pointer(path: Path) -> bool:
    """Whether the file is a Git LFS pointer."""
    if path.stat().st_size > 1024:
        return False
    return path.read_bytes().startswith(_POINTER)


POINTER_PROBLEM: Final = "is a Git LFS pointer, not the file: run `git lfs pull`"


def content_problem(path: Path) -> str:
    """The problem of a file whose content does not match its name, and the fix; else empty.

    Raises OSError if it cannot be read.
    """
    if not path.stat().st_size:
        return f"is empty: {_GET_AGAIN}"
    if is_pointer(path):
        return POINTER_PROBLEM
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        start = file.read(_START_SIZE)
    if _WEB_PAGE.match(start) and suffix not in _PAGES:
        return f"is a web page, not a {suffix or 'file'}: {_GET_AGAIN}"
    for kinds, find_problem in _KINDS:
        if suffix in kinds:
            problem = find_problem(path)
            return f"{problem}: {_GET_AGAIN}" if problem else ""
    return ""


def _pdf(path: Path) -> str:
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(1024)
        file.seek(max(0, size - _TAIL_SIZE))
        tail = file.read().rstrip(b"\0\t\n\r ")
    if b"%PDF-" not in start:
        return "is not a PDF"
    end = _PDF_TRAILER.search(tail)
    if not end or int(end[1]) >= size:
        return "is a PDF that is cut off"
    return ""


def _archive(path: Path) -> str:
    prefix = _MEMBERS[path.suffix.lower()]
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > _MAX_UNPACKED_SIZE:
                return "unpacks to more than 1 GiB"
            names = [member.filename for member in members]
            if not any(name.startswith(prefix) for name in names):
                return f"is an archive, but not a {path.suffix.lower()[1:]} document"
            damaged = archive.testzip()
    except RuntimeError:  # protected by a password
        return ""
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        ValueError,
        NotImplementedError,
        struct.error,
    ):
        return f"cannot be opened as {path.suffix.lower()[1:]}"
    return f"is damaged in `{damaged}`" if damaged else ""


def _picture(path: Path) -> str:
    suffix = path.suffix.lower()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            with Image.open(path) as image:
                kind = image.format or ""
                image.verify()
            with Image.open(path) as image:
                image.load()
    except (Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError, struct.error):
        return f"cannot be opened as {suffix[1:]}, or is cut off"
    return "" if kind in _FORMATS[suffix] else f"is a picture of kind {kind}, not {suffix[1:]}"


def _drawing(path: Path) -> str:
    try:
        root: Any = parse(path).getroot()
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return "cannot be opened as svg"
    return "" if str(root.tag).rpartition("}")[2] == "svg" else "is XML, but not SVG"


def _text(path: Path) -> str:
    raw = path.read_bytes()
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    if encoding == "utf-8" and b"\0" in raw:
        return "is not text"
    for name in (encoding, "cp1252"):
        try:
            raw.decode(name)
        except UnicodeDecodeError:
            continue
        return ""
    return "is not text in UTF-8"


def _signed(path: Path) -> str:
    signature = _SIGNATURES[path.suffix.lower()]
    with path.open("rb") as file:
        return (
            ""
            if file.read(len(signature)) == signature
            else f"is not a {path.suffix.lower()[1:]} file"
        )


_Kind = tuple[frozenset[str], Callable[[Path], str]]
_KINDS: Final[tuple[_Kind, ...]] = (
    (frozenset({".pdf"}), _pdf),
    (frozenset(_MEMBERS), _archive),
    (frozenset(_FORMATS), _picture),
    (frozenset({".svg"}), _drawing),
    (frozenset(_SIGNATURES), _signed),
    (_TEXTS, _text),
)


def file_findings(writing: Writing) -> Iterator[Finding]:
    """Gated or private files that would be published, and symbolic links that must not be."""
    gated = GatedFiles(writing.gated, writing.private)
    for path in _published(writing, gated):
        where = short_path(path)
        if path.is_symlink() and not path.exists():
            message = f"links to {path.readlink()}, which does not exist: delete the link"
            yield Finding(where, None, message, "picture")
        elif same := gated.find_match(path):
            yield Finding(where, None, gated.refusal(same), "gated")
    yield from _links(writing, gated)
    for path in writing.content_files.special:
        yield Finding(short_path(path), None, kind_problem(path.lstat().st_mode), "link")


def content_findings(writing: Writing) -> Iterator[Finding]:
    """Gated files whose content does not match their name, and Git LFS pointers anywhere."""
    for path in writing.content_files.regular:
        is_gated = path.is_relative_to(writing.gated)
        if not path.name.startswith(".") and not is_gated and is_pointer(path):
            yield Finding(short_path(path), None, POINTER_PROBLEM, "file-content")
    for path in sorted(writing.gated.rglob("*")) if writing.gated.is_dir() else ():
        is_download = path.is_file() and not path.name.startswith(".")
        if is_download and (problem := _content_or_read_problem(path)):
            yield Finding(short_path(path), None, problem, "file-content")


def _content_or_read_problem(path: Path) -> str:
    try:
        return content_problem(path)
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _links(writing: Writing, gated: GatedFiles) -> Iterator[Finding]:
    """Symbolic links out of the content folder, in circles, or to special files."""
    for path in writing.content_files.links:
        if not path.exists() or path.is_relative_to(writing.gated) or gated.holds(path):
            continue  # gated files may be anywhere; `file_findings` reports links to them
        if not writing.layout.paths.holds(path):
            message = f"leads out of {writing.layout.content.name}/, to {path.readlink()}: "
            yield Finding(short_path(path), None, f"{message}put a copy in its place", "gated")
        elif is_circular(path):
            message = f"is a circular link, to {path.readlink()}: delete the link"
            yield Finding(short_path(path), None, message, "gated")
        elif not path.is_file() and not path.is_dir():
            yield Finding(short_path(path), None, kind_problem(path.stat().st_mode), "link")


def _published(writing: Writing, gated: GatedFiles) -> Iterator[Path]:
    for folder in writing.layout.static:
        yield from sorted(_below(folder, writing, gated))
    yield from (post.path for post in writing.posts)


def _below(top: Path, writing: Writing, gated: GatedFiles) -> Iterator[Path]:
    """The files that Pelican finds there, following links to folders.

    Links out of the content folder or in a circle are not followed; `_links` reports them.
    """
    for here, folders, files in os.walk(top, followlinks=True):
        folder = Path(here)
        folders[:] = [name for name in folders if _is_scannable(folder / name, writing, gated)]
        yield from (folder / name for name in files)


def _is_scannable(folder: Path, writing: Writing, gated: GatedFiles) -> bool:
    if not folder.is_symlink():
        return True
    is_ours = writing.layout.paths.holds(folder) or gated.holds(folder)
    return is_ours and not is_circular(folder)
