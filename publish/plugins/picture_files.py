"""Makes and publishes the files of one picture: AVIF and WebP in several widths, a JPEG or PNG.

They are cached in a folder named by the hash of the picture's bytes and of `RECIPE_VERSION`. They
never contain the camera's metadata, such as place, time and name. The same picture gives the same
bytes on every machine, because one thread encodes each file.
"""

import fcntl
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final, TypeAlias
from xml.etree import ElementTree

from pelican import signals
from PIL import Image, ImageCms, ImageOps

from publish.file_types.pictures import with_image
from publish.plugins.kept_files import keeps_file
from publish.plugins.signals import connect_last

RECIPE_VERSION: Final = "3"  # change it when the code makes different files
WIDTHS: Final = (400, 700, 1000, 1400)  # pixels, of AVIF and WebP
PLAIN_WIDTH: Final = 700  # pixels, of the JPEG or PNG
MAX_FULL_PIXELS: Final = 6_000_000
"""The most pixels of the file that a reader opens in full size."""
_MAX_SIDE: Final = 16_383  # pixels; WebP allows no more
_REDUCING_GAP: Final = 3.0  # Pillow: as good as without, and faster
_ANIMATED: Final = frozenset({"AVIF", "GIF", "PNG", "WEBP"})  # formats in which frames animate
_FORMATS: Final = {"avif": "AVIF", "webp": "WEBP", "jpg": "JPEG", "png": "PNG"}
_LENGTH: Final = re.compile(r"\s*([0-9.]+)(?:px)?\s*")
_INDEX: Final = "picture.json"


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
    full: ImageFile
    """The largest file: as large as the original, unless that has more pixels than we publish."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all files."""
        files = (*self.avif, *self.webp, self.plain, self.full)
        return tuple(dict.fromkeys(file.name for file in files))


@dataclass(frozen=True)
class Animation:
    """A picture that moves, of which no files are made. Its size is in pixels."""

    width: int
    height: int


MadePicture: TypeAlias = tuple[PictureFiles | Animation, Path]
"""The files of a picture, and their folder in the cache."""


def find_picture_files(source: Path, cache: Path) -> MadePicture | None:
    """The files of a picture, if they are in `cache`. Raises OSError."""
    return _read_folder(_folder(cache, _key(source.read_bytes())))


def make_picture_files(source: Path, cache: Path) -> MadePicture:
    """Makes the files of a picture, unless they are in `cache`.

    Raises `Unreadable`, a ValueError, if it cannot be read or is too large; or OSError.
    """
    content = source.read_bytes()
    key = _key(content)
    folder = _folder(cache, key)
    if made := _read_folder(folder):
        return made
    result, files = with_image(content, lambda image: _encode(image, key[:16]))
    kind = "animation" if isinstance(result, Animation) else "picture"
    sizes = {name: len(encoded) for name, encoded in files.items()}
    files[_INDEX] = json.dumps({kind: asdict(result), "sizes": sizes}).encode()
    with _draft(folder, cache) as draft:
        for name, encoded in files.items():
            (draft / name).write_bytes(encoded)
    return result, folder


def pixel_count(source: Path) -> int:
    """The pixels of a picture, from its first bytes; 1 if they cannot be read."""
    with suppress(ValueError, OSError):
        width, height = with_image(source.read_bytes(), lambda image: image.size)
        return width * height
    return 1


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


def _key(content: bytes) -> str:
    return hashlib.sha256(RECIPE_VERSION.encode() + content).hexdigest()


def _folder(cache: Path, key: str) -> Path:
    return cache / "pictures" / key[:2] / key[2:]


def _read_folder(folder: Path) -> MadePicture | None:
    """The files in a folder of the cache; None if it is missing, or damaged by a power cut."""
    try:
        data = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        if "animation" in data:
            return Animation(**data["animation"]), folder
        picture, sizes = _from_json(data["picture"]), data.get("sizes", {})
        written = {name: (folder / name).stat().st_size for name in picture.names}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    # Earlier versions recorded no sizes.
    is_complete = all(size and size == sizes.get(name, size) for name, size in written.items())
    return (picture, folder) if is_complete else None


@contextmanager
def _draft(folder: Path, cache: Path) -> Iterator[Path]:
    """A temporary folder, renamed to `folder` at the end. Two builds may do this together."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    drafts = cache / "pictures" / "drafts"
    drafts.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=drafts) as temporary_folder:
        draft = Path(temporary_folder) / "files"
        draft.mkdir()
        yield draft
        shutil.rmtree(folder, ignore_errors=True)  # it is damaged
        with suppress(OSError):  # another build was faster, with the same files
            draft.rename(folder)


@contextmanager
def clean_drafts(cache: Path) -> Iterator[None]:
    """Deletes what killed builds have left, unless another build is making pictures now.

    The block may make pictures. The lock ends with the last process that inherits it.
    """
    drafts = cache / "pictures" / "drafts"
    drafts.mkdir(parents=True, exist_ok=True)
    with (drafts / ".lock").open("w") as lock:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for path in drafts.glob("tmp*"):
                shutil.rmtree(path, ignore_errors=True)
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def _encode(image: Image.Image, stem: str) -> tuple[PictureFiles | Animation, dict[str, bytes]]:
    """The files of a picture, and their content by name. An animation has none."""
    if image.format in _ANIMATED and getattr(image, "n_frames", 1) > 1:
        return Animation(*image.size), {}
    ImageOps.exif_transpose(image, in_place=True)
    upright = _to_srgb(image)
    width, height = upright.size
    widest = max(1, min(width, _MAX_SIDE, _MAX_SIDE * width // height))
    contents: dict[str, bytes] = {}

    def save(picture: Image.Image, suffix: str, **options: Any) -> ImageFile:
        target = BytesIO()
        picture.save(target, _FORMATS[suffix], **options)
        name = f"{stem}.{picture.width}.{suffix}"
        contents[name] = target.getvalue()
        return ImageFile(name, picture.width)

    avif, webp = [], []
    for file_width in sorted({min(limit, widest) for limit in WIDTHS}):
        smaller = _resized(upright, file_width)
        avif.append(save(smaller, "avif", quality=58, speed=6, max_threads=1))
        webp.append(save(smaller, "webp", quality=80, method=5))
    plain_file = _resized(upright, min(PLAIN_WIDTH, widest))
    suffix = "png" if upright.mode == "RGBA" else "jpg"
    plain = save(plain_file, suffix, optimize=True, quality=80)  # PNG ignores `quality`
    full_width = min(widest, round(width * (MAX_FULL_PIXELS / (width * height)) ** 0.5))
    full = webp[-1]
    if full_width > full.width:
        full = save(_resized(upright, full_width), "webp", quality=80, method=2)
    return PictureFiles(width, height, tuple(avif), tuple(webp), plain, full), contents


def _to_srgb(image: Image.Image) -> Image.Image:
    """The same picture in sRGB, without metadata."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):  # 16 bits per pixel: `convert` alone would clip at 255
        image = image.convert("I").point(lambda grey: grey * (1 / 257)).convert("L")
    has_alpha = image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
    mode = "RGBA" if has_alpha else "RGB"
    pixels = image if image.mode == mode else image.convert(mode)
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
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=_REDUCING_GAP)


def _from_json(data: dict[str, Any]) -> PictureFiles:
    return PictureFiles(
        width=data["width"],
        height=data["height"],
        avif=tuple(ImageFile(**file) for file in data["avif"]),
        webp=tuple(ImageFile(**file) for file in data["webp"]),
        plain=ImageFile(**data["plain"]),
        full=ImageFile(**data["full"]),
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
        if keeps_file(pelican.settings, name):
            continue
        target = Path(pelican.output_path) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def register_publishing() -> None:
    """Called by each plugin that publishes cached files."""
    connect_last(signals.finalized, copy_cached_files)
