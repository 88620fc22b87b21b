"""Opens ZIP archives and the documents that are archives: Office, OpenDocument, EPUB; and gzip."""

import gzip
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from publish.file_types.errors import TooLarge, Unreadable

_MAX_UNPACKED_SIZE: Final = 1 << 30
"""The largest unpacked size of an archive, in bytes."""
_MAX_MEMBERS: Final = 100_000
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Those that every program knows. Others also unpack a few bytes to gigabytes at once."""
_MAX_XML_SIZE: Final = 1 << 24
"""The largest XML part that is parsed, in bytes; a list of parts has some thousand."""
_OPEN_XML: Final = "application/vnd.openxmlformats-officedocument."
_MACROS: Final = "application/vnd.ms-"
_MAIN_PARTS: Final[Mapping[str, str]] = {
    ".docx": f"{_OPEN_XML}wordprocessingml.document.main+xml",
    ".dotx": f"{_OPEN_XML}wordprocessingml.template.main+xml",
    ".docm": f"{_MACROS}word.document.macroEnabled.main+xml",
    ".xlsx": f"{_OPEN_XML}spreadsheetml.sheet.main+xml",
    ".xltx": f"{_OPEN_XML}spreadsheetml.template.main+xml",
    ".xlsm": f"{_MACROS}excel.sheet.macroEnabled.main+xml",
    ".pptx": f"{_OPEN_XML}presentationml.presentation.main+xml",
    ".potx": f"{_OPEN_XML}presentationml.template.main+xml",
    ".ppsx": f"{_OPEN_XML}presentationml.slideshow.main+xml",
    ".pptm": f"{_MACROS}powerpoint.presentation.macroEnabled.main+xml",
}
"""By suffix: the type of the main part, as in `[Content_Types].xml` (ECMA-376, part 2)."""
_OPEN_DOCUMENT: Final = "application/vnd.oasis.opendocument."
_MIME_TYPES: Final[Mapping[str, tuple[str, str]]] = {
    ".odt": (f"{_OPEN_DOCUMENT}text", "content.xml"),
    ".ods": (f"{_OPEN_DOCUMENT}spreadsheet", "content.xml"),
    ".odp": (f"{_OPEN_DOCUMENT}presentation", "content.xml"),
    ".epub": ("application/epub+zip", "META-INF/container.xml"),
}
"""By suffix: the text of the member `mimetype`, and the member that a reader opens first."""
ARCHIVES: Final = frozenset({".zip", *_MAIN_PARTS, *_MIME_TYPES})
_DAMAGED: Final = (
    *(zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, struct.error),
    *(UnicodeError, ParseError, DefusedXmlException, KeyError, OverflowError, OSError),
)


def open_archive(path: Path) -> None:
    """Unpacks every member of an archive, into nothing, and looks for the parts of a document.

    Raises `Unreadable`, or OSError.
    """
    kind = path.suffix.lower()
    with path.open("rb") as file:
        if kind in _MAIN_PARTS and file.read(4) == b"\xd0\xcf\x11\xe0":
            raise Unreadable(f"is an encrypted or old Office file, not a {kind[1:]}")
    try:
        with zipfile.ZipFile(path) as archive:
            _unpack(archive)
            has_type = _has_type(archive, kind)
    except RuntimeError:  # protected by a password
        return
    except Unreadable:
        raise
    except _DAMAGED:
        raise Unreadable(f"cannot be opened as {kind[1:]}") from None
    if not has_type:
        raise Unreadable(f"is an archive, but not a {kind[1:]} document")


def _unpack(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    if len(members) > _MAX_MEMBERS:
        raise TooLarge(f"contains more than {_MAX_MEMBERS:,} files")
    if sum(member.file_size for member in members) > _MAX_UNPACKED_SIZE:
        raise TooLarge("unpacks to more than 1 GiB")
    if any(member.compress_type not in _METHODS and not _is_locked(member) for member in members):
        raise Unreadable("is packed by a method that many programs do not know")
    if damaged := archive.testzip():
        raise Unreadable(f"is damaged in `{damaged}`")


def _is_locked(member: zipfile.ZipInfo) -> bool:
    """Whether it is protected by a password."""
    return bool(member.flag_bits & 1)


def _has_type(archive: zipfile.ZipFile, suffix: str) -> bool:
    """Whether the archive has the parts that a document with this suffix must have."""
    names = frozenset(archive.namelist())
    if suffix in _MIME_TYPES:
        mime_type, first_member = _MIME_TYPES[suffix]
        is_typed = "mimetype" in names and _read(archive, "mimetype").strip() == mime_type.encode()
        return is_typed and first_member in names
    if suffix not in _MAIN_PARTS:
        return True
    if "[Content_Types].xml" not in names:
        return False
    types: Any = fromstring(_read(archive, "[Content_Types].xml"))
    main_type = _MAIN_PARTS[suffix].lower()
    return any(
        str(part.get("ContentType")).lower() == main_type
        and str(part.get("PartName")).lstrip("/") in names
        for part in types
    )


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        return member.read(_MAX_XML_SIZE)


def open_gzip(path: Path) -> None:
    """Unpacks a gzip file, into nothing. Raises `Unreadable`."""
    size = 0
    try:
        with gzip.open(path) as file:
            while block := file.read(1 << 20):
                size += len(block)
                if size > _MAX_UNPACKED_SIZE:
                    raise TooLarge("unpacks to more than 1 GiB")
    except (OSError, EOFError, zlib.error):
        raise Unreadable("cannot be opened as gz") from None
