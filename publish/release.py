"""What a release adds to a finished site: the search index, and every file compressed.

Each is kept in the cache by the hash of what it is made from, so a release does
again only what changed.
"""

import gzip
import hashlib
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

import brotli

from publish import search

_TEXT: Final = frozenset({".css", ".html", ".js", ".json", ".svg", ".txt", ".xml"})
_SMALLEST: Final = 256  # bytes; below this compression gains nothing on the wire


def finish(site: Path, cache: Path) -> None:
    """Adds search and compressed files to a site that nobody is served yet. Raises OSError."""
    add_search(site, cache / "search")
    compress(site, cache / "compressed")


def add_search(site: Path, cache: Path) -> None:
    """Puts Pagefind's index into `pagefind/`. Without a page that may be found there is none."""
    pages = [
        path for path in sorted(site.rglob("*.html")) if search.MAY_BE_FOUND in path.read_bytes()
    ]
    if not pages:  # Pagefind would take every page then, drafts too
        return
    kept = cache / search.key(pages, site)
    if not kept.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            search.make_index(site, Path(folder) / "index")
            for old in cache.glob("?" * len(kept.name)):  # whole ones, not one in the making
                shutil.rmtree(old, ignore_errors=True)
            with suppress(OSError):  # somebody else was quicker, with the same index
                (Path(folder) / "index").rename(kept)
    shutil.copytree(kept, site / search.FOLDER)


def compress(site: Path, cache: Path) -> None:
    """Puts `x.gz` (gzip) and `x.br` (brotli) beside each file of text that they make smaller."""
    files = [path for path in sorted(site.rglob("*")) if path.suffix in _TEXT | search.PACKED]
    with ThreadPoolExecutor(os.cpu_count()) as threads:  # both compressors let others work
        list(threads.map(lambda path: _compress(path, cache), files))


def _compress(path: Path, cache: Path) -> None:
    content = path.read_bytes()
    if len(content) < _SMALLEST:
        return
    key = hashlib.sha256(content).hexdigest()
    for suffix, work in ((".gz", _gzip), (".br", brotli.compress)):
        kept = cache / key[:2] / f"{key[2:]}{suffix}"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as draft:
                draft.write(work(content))
            Path(draft.name).rename(kept)
        if kept.stat().st_size < len(content):
            shutil.copyfile(kept, path.with_name(path.name + suffix))


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)  # the same bytes whenever it is made
