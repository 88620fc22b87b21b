"""Adds the search index and compressed files to a finished site, for a release.

Both are cached by the hash of their sources, so a release repeats only what changed.

The search uses Pagefind's index, repacked so that a reader loads less: a search loads only the part
of the word list that can contain its word. Pagefind's parts are large, and their size cannot be
set. They are cut to a quarter, unless all words fit into one part. The ranges of the parts leave no
gap, so every word belongs to a part. The format is CBOR (RFC 8949) after a fixed prefix.
"""

import gzip
import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any, Final, TypeAlias

import brotli
import cbor2

from capture.errors import Refused

SEARCH_FOLDER: Final = "pagefind"
SEARCHABLE: Final = b" data-pagefind-body"
"""The attribute with which the theme marks the text of a searchable page."""
PAGEFIND_SUFFIXES: Final = frozenset({".pagefind", ".pf_meta", ".pf_index", ".pf_fragment"})
_UNUSED: Final = ("*.css", "pagefind-*.js")  # the theme styles the search page
_PREFIX: Final = b"pagefind_dcd"
_POSITIONS: Final = 5000  # word positions per part; fewer make the list of parts longer
_LAST_CHARACTER: Final = "\uffff"  # sorts after every letter
_COMPRESSED_SUFFIXES: Final = PAGEFIND_SUFFIXES | {
    *(".css", ".html", ".js", ".json", ".svg", ".txt", ".xml"),
}
_MIN_SIZE: Final = 256  # bytes; compression does not help smaller files
Word: TypeAlias = list[Any]
"""The word, then a list for each page that contains it: the page, the positions in its text, ..."""


def finish_release(site: Path, cache: Path) -> None:
    """Adds search and compressed files to a site before it is served.

    Raises `Refused` if Pagefind fails, `OSError` if the disk fails.
    """
    add_search(site, cache / "search")
    compress(site, cache / "compressed")


def add_search(site: Path, cache: Path) -> None:
    """Writes Pagefind's index into `pagefind/`, if the site has a searchable page."""
    pages = [path for path in sorted(site.rglob("*.html")) if SEARCHABLE in path.read_bytes()]
    if not pages:  # Pagefind would then index all pages, also drafts
        return
    cached = cache / search_key(pages, site)
    if not cached.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            link_pages(pages, site, Path(folder) / "pages")
            build_search_index(Path(folder) / "pages", Path(folder) / "index")
            for old in cache.glob("?" * len(cached.name)):  # not temporary folders
                shutil.rmtree(old, ignore_errors=True)
            with suppress(OSError):  # another build was faster, with the same index
                (Path(folder) / "index").rename(cached)
    shutil.copytree(cached, site / SEARCH_FOLDER)


def link_pages(pages: Iterable[Path], site: Path, folder: Path) -> None:
    """Links pages of a site into a folder, in this order.

    Pagefind numbers pages in the order in which the file system lists them. In some, such as tmpfs,
    that is the order in which they were made, which differs from build to build.
    """
    for page in pages:
        target = folder / page.relative_to(site)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.hardlink_to(page)
        except OSError:  # another disk
            shutil.copyfile(page, target)


def search_key(pages: Iterable[Path], site: Path) -> str:
    """The cache key of the index: a hash of its pages and of how it is made. Raises `OSError`."""
    versions = importlib.metadata.version("pagefind"), str(_POSITIONS)
    digest = hashlib.sha256(" ".join(versions).encode())
    for path in pages:
        digest.update(f"\n{path.relative_to(site)} ".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def build_search_index(site: Path, target: Path) -> None:
    """Writes the search index of a site into `target`.

    Raises `Refused` if Pagefind fails, `OSError` if the disk fails.
    """
    command = [sys.executable, "-m", "pagefind", "--site", str(site), "--output-path", str(target)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if result.returncode:
        text = " ".join((result.stderr or result.stdout).split())
        raise Refused(f"pagefind failed to make the search index: {text[-300:]}")
    for path in target.rglob("*"):
        if path.suffix in PAGEFIND_SUFFIXES:
            # Pagefind's script also reads plain files, which brotli compresses better.
            path.write_bytes(gzip.decompress(path.read_bytes()))
    for pattern in _UNUSED:
        for path in target.glob(pattern):
            path.unlink()
    entry_file = target / "pagefind-entry.json"
    content = json.loads(entry_file.read_bytes())
    content["languages"] = dict(sorted(content["languages"].items()))  # Pagefind has no order
    for language in content["languages"].values():
        language["hash"] = _split_words(target, language["hash"])
    entry_file.write_text(json.dumps(content, separators=(",", ":")))


def _split_words(target: Path, name: str) -> str:
    """Splits the words of one language into smaller parts. Returns the new name of their list."""
    language = name.rsplit("_", 1)[0]
    content = _read_and_delete(target / f"pagefind.{name}.pf_meta")
    words = [
        word for part in content[2] for word in _read_and_delete(_part_file(target, part[2]))[0]
    ]
    max_positions = _POSITIONS if len(content[2]) > 1 else sys.maxsize
    content[2] = []
    for part in _parts(words, max_positions):
        part_name = _hashed_name(language, packed := _packed([part]))
        _part_file(target, part_name).write_bytes(packed)
        content[2].append([part[0][0], part[-1][0], part_name])
    for part, next_part in pairwise(content[2]):
        part[1], next_part[0] = _bounds(part[1], next_part[0])
    list_name = _hashed_name(language, packed := _packed(content))
    (target / f"pagefind.{list_name}.pf_meta").write_bytes(packed)
    return list_name


def _parts(words: Iterable[Word], max_positions: int) -> Iterator[list[Word]]:
    """Groups words into parts. A part can be longer, to end before a word with another start."""
    part: list[Word] = []
    positions = 0
    for word in words:
        if positions >= max_positions and not word[0].startswith(part[-1][0]):
            yield part
            part, positions = [], 0
        part.append(word)
        positions += sum(len(page[1]) + 1 for page in word[1])
    if part:
        yield part


def _bounds(last: str, first: str) -> tuple[str, str]:
    """The shortest end of a part's range and the shortest start of the next part's range.

    The end includes all words that start with the last word of the part.
    """
    common = takewhile(lambda pair: pair[0] == pair[1], zip(last, first, strict=False))
    length = sum(1 for _ in common) + 1
    return last[:length] + _LAST_CHARACTER, first[:length]


def _part_file(target: Path, name: str) -> Path:
    return target / "index" / f"{name}.pf_index"


def _read_and_delete(path: Path) -> list[Any]:
    content: list[Any] = cbor2.loads(path.read_bytes().removeprefix(_PREFIX))
    path.unlink()
    return content


def _packed(content: list[Any]) -> bytes:
    return _PREFIX + cbor2.dumps(content)


def _hashed_name(language: str, content: bytes) -> str:
    """A name with the hash of the content, because browsers keep these files for ever."""
    return f"{language}_{hashlib.sha256(content).hexdigest()[:10]}"


def compress(site: Path, cache: Path) -> None:
    """Writes `x.gz` (gzip) and `x.br` (brotli) beside each text file that becomes smaller."""
    files = [path for path in sorted(site.rglob("*")) if path.suffix in _COMPRESSED_SUFFIXES]
    with ThreadPoolExecutor(os.cpu_count()) as threads:  # both compressors release the GIL
        list(threads.map(lambda path: _compress(path, cache), files))


def _compress(path: Path, cache: Path) -> None:
    content = path.read_bytes()
    if len(content) < _MIN_SIZE:
        return
    key = hashlib.sha256(content).hexdigest()
    for suffix, compressed in ((".gz", _gzip), (".br", brotli.compress)):
        cached = cache / key[:2] / f"{key[2:]}{suffix}"
        if not cached.exists() or not cached.stat().st_size:  # empty after a power cut
            cached.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=cached.parent, delete=False) as temporary:
                temporary.write(compressed(content))
            Path(temporary.name).rename(cached)
        if cached.stat().st_size < len(content):
            shutil.copyfile(cached, path.with_name(path.name + suffix))


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)  # without a time, so the bytes are always the same
