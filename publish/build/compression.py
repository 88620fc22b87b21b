"""Compresses the text files of a site, for a release, so that nginx need not do it."""

import gzip
import hashlib
import os
import tempfile
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import brotli

from publish.build.search_index import PAGEFIND_SUFFIXES
from publish.build.site_folder import COMPRESSIONS, SiteFolder

COMPRESSED_SUFFIXES: Final = PAGEFIND_SUFFIXES | {
    *(".css", ".html", ".js", ".json", ".svg", ".txt", ".xml"),
}
_MIN_SIZE: Final = 256  # bytes; compression does not help smaller files


def _gzip(content: bytes, level: int = 9) -> bytes:
    return gzip.compress(content, level, mtime=0)  # without a time: the same bytes always


_BEST: Final[Mapping[str, Callable[[bytes], bytes]]] = {".gz": _gzip, ".br": brotli.compress}
_QUICK: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    ".gz": partial(_gzip, level=6),
    ".br": partial(brotli.compress, quality=5),
}
"""For the parts of the search index: an edit changes most of them. They are a tenth larger so."""
_PART: Final = ".pf_index"
_VERSIONS: Final = f"{brotli.__version__} {zlib.ZLIB_RUNTIME_VERSION} ".encode()


def compress(site: SiteFolder, cache: Path) -> None:
    """Writes `x.gz` (gzip) and `x.br` (brotli) beside each text file that becomes smaller.

    Those of a file that is kept are kept too. Others are cached by the hash of their source, and a
    cache that has over twice as many files as the site could use loses those of other sources.
    """
    staged = site.staged()
    sources = {
        name: path for name, path in site.files().items() if path.suffix in COMPRESSED_SUFFIXES
    }
    todo = []
    for name, path in sources.items():
        for suffix in COMPRESSIONS:
            compressed = name + suffix
            if staged.keys().isdisjoint((name, compressed)) and site.keep_current(compressed):
                continue
            site.drop(compressed)
            todo.append((path, compressed))
    with ThreadPoolExecutor(os.cpu_count()) as threads:  # both compressors release the GIL
        list(threads.map(lambda file: _compress(file[0], file[1], site, cache), todo))
    cached = list(cache.glob("??/*"))
    if len(cached) > 2 * len(COMPRESSIONS) * len(sources):
        used = {_cache_key(path.read_bytes()) for path in sources.values()}
        for path in cached:
            if path.parent.name + path.stem not in used:
                path.unlink(missing_ok=True)


def _compress(path: Path, name: str, site: SiteFolder, cache: Path) -> None:
    content, suffix = path.read_bytes(), name[-3:]
    if len(content) < _MIN_SIZE:
        return
    if path.suffix == _PART:
        compressed = _QUICK[suffix](content)
    else:
        compressed = _cached(content, suffix, cache)
    if len(compressed) < len(content):
        site.new_file(name).write_bytes(compressed)


def _cache_key(content: bytes) -> str:
    return hashlib.sha256(_VERSIONS + content).hexdigest()


def _cached(content: bytes, suffix: str, cache: Path) -> bytes:
    key = _cache_key(content)
    path = cache / key[:2] / f"{key[2:]}{suffix}"
    with suppress(FileNotFoundError):
        if compressed := path.read_bytes():  # empty after a power cut
            return compressed
    compressed = _BEST[suffix](content)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as temporary:
        temporary.write(compressed)
    Path(temporary.name).rename(path)
    return compressed
