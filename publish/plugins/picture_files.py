"""Makes and publishes the files of one picture: AVIF and WebP in several widths, a JPEG or PNG.

They are cached in a folder named by the hash of the picture's bytes and of `RECIPE_VERSION`. They
never contain the camera's metadata, such as place, time and name.
"""

import hashlib
import json
import re
import shutil
import struct
import tempfile
import warnings
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from pelican import signals
from PIL import Image, ImageCms, ImageOps

from publish.plugins.signals import connect_last

RECIPE_VERSION: Final = "2"  # change it when the code makes different files
WIDTHS: Final = (400, 700, 1000, 1400)  # pixels, of AVIF and WebP
PLAIN_WIDTH: Final = 700  # pixels, of the JPEG or PNG
_ANIMATED: Final = frozenset({"AVIF", "GIF", "PNG", "WEBP"})  # formats in which frames animate
_LENGTH: Final = re.compile(r"\s*([0-9.]+)(?:px)?\s*")
_GPS: Final = 0x8825  # the EXIF directory with the location


@dataclass(frozen=True)
class ImageFile:
    """One file: its published name, and its width in pixels."""

    name: str
    width: int


@dataclass(frozen=True)
class PictureFiles:
    """All files of one picture. Width and height are those of the upright original, in pixels."""

    width: int
    height: int
    avif: tuple[ImageFile, ...]
    webp: tuple[ImageFile, ...]
    plain: ImageFile

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all files."""
        return tuple(file.name for file in (*self.avif, *self.webp, self.plain))


def make_picture_files(source: Path, cache: Path) -> tuple[PictureFiles, Path] | None:
    """Makes the files of a picture, unless they are in `cache`.

    Returns them and their folder; None for an animation, of which it makes no files.

    Raises `ValueError` with the reason if it cannot be read or is too large.
    """
    content = source.read_bytes()
    key = hashlib.sha256(RECIPE_VERSION.encode() + content).hexdigest()
    folder = cache / "pictures" / key[:2] / key[2:]
    description = folder / "picture.json"
    if not description.exists():
        with _draft(folder) as draft:
            files = _with_image(content, lambda image: _write_files(image, key[:16], draft))
            data = asdict(files) if files else None
            (draft / description.name).write_text(json.dumps(data), encoding="utf-8")
    data = json.loads(description.read_text(encoding="utf-8"))
    return (_from_json(data), folder) if data else None


def has_location(source: Path) -> bool:
    """Whether a picture contains its location. Raises `ValueError` if it cannot be read."""
    return bool(_with_image(source.read_bytes(), lambda image: dict(image.getexif().get_ifd(_GPS))))


def animation_size(source: Path) -> tuple[int, int]:
    """Width and height of an animation in pixels. Raises `ValueError` if it cannot be read."""
    size: tuple[int, int] = _with_image(source.read_bytes(), lambda image: image.size)
    return size


def svg_size(source: Path) -> tuple[int, int] | None:
    """Width and height of an SVG in CSS pixels, from its attributes or viewBox; None without both.

    Raises `ValueError` if it is not XML.
    """
    try:
        _, root = next(ElementTree.iterparse(source, events=("start",)))  # noqa: S314 - our own file
    except ElementTree.ParseError as error:
        raise ValueError(f"cannot be read as SVG ({error}): export it again") from None
    parts = [_LENGTH.fullmatch(root.get(name, "")) for name in ("width", "height")]
    box = root.get("viewBox", "").replace(",", " ").split()
    if all(parts):
        width, height = (float(length[1]) for length in parts if length)
    elif len(box) == 4 and all(_LENGTH.fullmatch(length) for length in box[2:]):
        width, height = float(box[2]), float(box[3])
    else:
        return None
    return (round(width), round(height)) if width >= 1 and height >= 1 else None


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A temporary folder, renamed to `folder` at the end. Two builds may do this together."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary_folder:
        draft = Path(temporary_folder) / "files"
        draft.mkdir()
        yield draft
        with suppress(OSError):  # another build was faster, with the same files
            draft.rename(folder)


def _with_image(content: bytes, work: Callable[[Image.Image], Any]) -> Any:
    """The result of `work` on the opened image. Raises `ValueError` if it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # faulty metadata of cameras
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content)) as image:
                return work(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        max_pixels = (Image.MAX_IMAGE_PIXELS or 0) // 1_000_000
        raise ValueError(f"has more than {max_pixels} million pixels: make it smaller") from None
    except (OSError, SyntaxError, ValueError, EOFError, RuntimeError, struct.error) as error:
        # Pillow's message on an unknown format names our buffer: `<_io.BytesIO object at 0x...>`.
        reason = " ".join(str(error).split()) if "BytesIO" not in str(error) else "unknown format"
        raise ValueError(f"cannot be read as a picture ({reason}): export it again") from None


def _write_files(image: Image.Image, stem: str, folder: Path) -> PictureFiles | None:
    """Writes all files of a picture; None for an animation."""
    if image.format in _ANIMATED and getattr(image, "n_frames", 1) > 1:
        return None
    upright = _to_srgb(ImageOps.exif_transpose(image))
    width, height = upright.size
    avif, webp = [], []
    for file_width in sorted({min(limit, width) for limit in WIDTHS}):
        smaller = _resized(upright, file_width)
        avif.append(ImageFile(f"{stem}.{file_width}.avif", file_width))
        smaller.save(folder / avif[-1].name, quality=58, speed=6)
        webp.append(ImageFile(f"{stem}.{file_width}.webp", file_width))
        smaller.save(folder / webp[-1].name, quality=80, method=5)
    plain_width = min(PLAIN_WIDTH, width)
    suffix = "png" if upright.mode == "RGBA" else "jpg"
    plain = ImageFile(f"{stem}.{plain_width}.{suffix}", plain_width)
    _resized(upright, plain_width).save(
        folder / plain.name, optimize=True, quality=80
    )  # PNG ignores `quality`
    return PictureFiles(width, height, tuple(avif), tuple(webp), plain)


def _to_srgb(image: Image.Image) -> Image.Image:
    """The same picture in sRGB, without metadata."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):  # 16 bits per pixel: `convert` alone would clip at 255
        image = image.convert("I").point(lambda grey: grey * (1 / 257)).convert("L")
    has_alpha = image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
    pixels = image.convert("RGBA" if has_alpha else "RGB")
    if profile and image.mode in {"RGB", "RGBA"}:
        try:
            source_profile = ImageCms.ImageCmsProfile(BytesIO(profile))
            ImageCms.profileToProfile(
                pixels, source_profile, ImageCms.createProfile("sRGB"), inPlace=True
            )
        except ImageCms.PyCMSError:
            pass  # an unreadable profile is ignored
    pixels.info.clear()
    return pixels


def _resized(image: Image.Image, width: int) -> Image.Image:
    if width == image.width:
        return image
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _from_json(data: dict[str, Any]) -> PictureFiles:
    return PictureFiles(
        width=data["width"],
        height=data["height"],
        avif=tuple(ImageFile(**file) for file in data["avif"]),
        webp=tuple(ImageFile(**file) for file in data["webp"]),
        plain=ImageFile(**data["plain"]),
    )


# Publishing of files from the cache.


_TO_PUBLISH: Final = "GATEPOST_CACHED_FILES"


def publish_cached_file(settings: MutableMapping[str, Any], name: str, source: Path) -> None:
    """Marks a cached file: the end of the build copies it to `name`, a path below the site.

    Browsers may keep a file for ever, so different content needs a different name.
    """
    settings.setdefault(_TO_PUBLISH, {})[name] = source


def copy_cached_files(pelican: Any) -> None:
    """Copies the marked files into the site."""
    files: dict[str, Path] = pelican.settings.pop(_TO_PUBLISH, {})
    for name, source in files.items():
        target = Path(pelican.output_path) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def register_publishing() -> None:
    """Called by each plugin that publishes cached files."""
    connect_last(signals.finalized, copy_cached_files)
