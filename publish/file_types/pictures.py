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
from typing import Final, TypeVar

from PIL import Image, ImageSequence

from publish.file_types.box_files import box_kinds
from publish.file_types.errors import TooLarge, Unreadable
from publish.file_types.xml_files import NotXml, xml_parts

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
_GPS: Final = 0x8825
"""The EXIF directory with the location."""
_MAX_PICTURE_SIZE: Final = 1 << 28
"""The largest photo that is opened, in bytes."""
_MAX_DRAWING_SIZE: Final = 1 << 24
"""The largest SVG that is opened, in bytes."""


def open_picture(path: Path) -> None:
    """Decodes a complete picture. Raises `Unreadable`, or OSError."""
    suffix = path.suffix.lower()
    if path.stat().st_size > _MAX_PICTURE_SIZE:
        raise TooLarge("has more than 256 MiB")
    content = path.read_bytes()
    kind = with_image(content, lambda image: image.format or "")
    if kind not in FORMATS[suffix]:
        raise Unreadable(f"is a picture of kind {kind}, not {suffix[1:]}")
    with_image(content, lambda image: image.verify())  # checksums, which decoding ignores
    with_image(content, _load)
    has_end = _HAS_END.get(kind)
    if has_end is not None and not has_end(content):
        raise Unreadable("is a picture that is cut off or damaged")


def with_image(content: bytes, work: Callable[[Image.Image], Result]) -> Result:
    """The result of `work` on the opened picture. Raises `Unreadable`."""
    with _explained_errors(), Image.open(BytesIO(content)) as image:
        return work(image)


def has_location(path: Path) -> bool:
    """Whether a picture contains its location. Raises `Unreadable`, or OSError."""
    with _explained_errors(), Image.open(path) as image:
        return bool(image.getexif().get_ifd(_GPS))


def _load(image: Image.Image) -> None:
    """Decodes all pages of a TIFF, all sizes of an icon, and the first frame of an animation."""
    match image.format:
        case "TIFF":
            for page in ImageSequence.Iterator(image):
                page.load()
        case "ICO":
            for size in image.info["sizes"]:
                image.size = size  # type: ignore[misc]  # Pillow's way to choose
                image.load()
        case _:
            image.load()


# Whether a picture has its end, which Pillow does not need to decode the first frame.


def _has_png_end(content: bytes) -> bool:
    return b"IEND\xaeB`\x82" in content


def _has_gif_end(content: bytes) -> bool:
    """Whether the blocks of a GIF lead to its trailer (GIF89a, 18 to 27)."""
    try:
        place = 13 + _colour_table_size(content[10])
        while (kind := content[place]) != ord(";"):
            if kind == ord(","):  # an image
                place += 11 + _colour_table_size(content[place + 9])
            elif kind == ord("!"):  # an extension
                place += 2
            else:
                return False
            while length := content[place]:
                place += 1 + length
            place += 1
    except IndexError:
        return False
    return True


def _colour_table_size(flags: int) -> int:
    """The bytes of a colour table, by the flags before it."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _has_icon_end(content: bytes) -> bool:
    """Whether all pictures that an icon lists are in it."""
    count = int.from_bytes(content[4:6], "little")
    places = struct.iter_unpack("<8xII", content[6 : 6 + 16 * count])
    return all(place + size <= len(content) for size, place in places)


def _has_last_box(content: bytes) -> bool:
    try:
        return bool(list(box_kinds(BytesIO(content), len(content))))
    except Unreadable:
        return False


_HAS_END: Final[Mapping[str, Callable[[bytes], bool]]] = {
    "PNG": _has_png_end,
    "GIF": _has_gif_end,
    "AVIF": _has_last_box,
    "ICO": _has_icon_end,
}
"""By Pillow's name of the format."""


_DAMAGED: Final = (
    *(OSError, SyntaxError, ValueError, EOFError, RuntimeError, struct.error),
    *(TypeError, LookupError, AttributeError, ArithmeticError),
)
"""What Pillow raises if a part of a picture is not as it expects."""


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
    except _DAMAGED as error:
        # Pillow's message on an unknown format names our buffer: `<_io.BytesIO object at 0x...>`.
        reason = " ".join(str(error).split()) if "BytesIO" not in str(error) else "unknown format"
        raise Unreadable(f"cannot be read as a picture ({reason})") from None


def open_drawing(path: Path) -> None:
    """Reads an SVG drawing as XML. Raises `Unreadable`, or OSError."""
    if path.stat().st_size > _MAX_DRAWING_SIZE:
        raise TooLarge("has more than 16 MiB")
    try:
        parts = xml_parts(path)
        root = next(part.name for part in parts if not part.is_instruction)
        for _ in parts:
            pass
    except NotXml as error:
        raise Unreadable(f"cannot be opened as svg ({error})") from None
    if root != "svg":
        raise Unreadable("is XML, but not SVG")
