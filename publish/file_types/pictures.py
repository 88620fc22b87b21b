"""Opens pictures with Pillow, and SVG drawings as XML.

The checks and the plugin that makes smaller pictures open them with the same function, so a picture
that passes one never fails in the other.
"""

import struct
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final, TypeVar
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse
from PIL import Image

from publish.file_types.errors import TooLarge, Unreadable

Result = TypeVar("Result")
FORMATS: Final[Mapping[str, frozenset[str]]] = {
    ".jpg": frozenset({"JPEG", "MPO"}),
    ".jpeg": frozenset({"JPEG", "MPO"}),
    ".tif": frozenset({"TIFF"}),
    ".tiff": frozenset({"TIFF"}),
    **{f".{name.lower()}": frozenset({name}) for name in ("PNG", "GIF", "WEBP", "AVIF", "BMP")},
    ".ico": frozenset({"ICO"}),
}
"""By suffix: Pillow's names of its formats."""
PHOTO_SUFFIXES: Final = frozenset(FORMATS) - {".ico"}
"""Pictures of which smaller files are made."""
PICTURE_SUFFIXES: Final = PHOTO_SUFFIXES | {".svg"}
"""Pictures that a page can show."""
_MAX_DRAWING_SIZE: Final = 1 << 24
"""The largest SVG that is opened, in bytes."""


def open_picture(path: Path) -> None:
    """Decodes a complete picture. Raises `Unreadable`, or OSError."""
    suffix = path.suffix.lower()
    content = path.read_bytes()
    kind = with_image(content, lambda image: image.format or "")
    if kind not in FORMATS[suffix]:
        raise Unreadable(f"is a picture of kind {kind}, not {suffix[1:]}")
    with_image(content, lambda image: image.verify())  # checksums, which decoding ignores
    with_image(content, lambda image: image.load())


def with_image(content: bytes, work: Callable[[Image.Image], Result]) -> Result:
    """The result of `work` on the opened picture. Raises `Unreadable`."""
    with _explained_errors(), Image.open(BytesIO(content)) as image:
        return work(image)


@contextmanager
def _explained_errors() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # faulty metadata of cameras
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        max_pixels = (Image.MAX_IMAGE_PIXELS or 0) // 1_000_000
        raise TooLarge(f"has more than {max_pixels} million pixels") from None
    except (OSError, SyntaxError, ValueError, EOFError, RuntimeError, struct.error) as error:
        # Pillow's message on an unknown format names our buffer: `<_io.BytesIO object at 0x...>`.
        reason = " ".join(str(error).split()) if "BytesIO" not in str(error) else "unknown format"
        raise Unreadable(f"cannot be read as a picture ({reason})") from None


def open_drawing(path: Path) -> None:
    """Reads an SVG drawing as XML. Raises `Unreadable`, or OSError."""
    if path.stat().st_size > _MAX_DRAWING_SIZE:
        raise TooLarge("has more than 16 MB")
    try:
        root: Any = parse(path).getroot()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        reason = " ".join(str(error).split())
        raise Unreadable(f"cannot be opened as svg ({reason})") from None
    if str(root.tag).rpartition("}")[2] != "svg":
        raise Unreadable("is XML, but not SVG")
