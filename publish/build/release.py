"""Adds the search index and compressed files to a finished site, for a release.

Both are cached by the hash of their sources, so that a release repeats only what changed.
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

# Search: Pagefind's index, repacked so that a reader loads less.
#
# A search loads only the part of the word list that can hold its word. Pagefind's parts are large
# and their size cannot be set; we cut them to a quarter, unless all words fit one part. The ranges
# of the parts leave no gap, so that every word belongs to a part. The format is CBOR (RFC 8949)
# after a fixed prefix.

FOLDER: Final = "pagefind"
SEARCHABLE: Final = b" data-pagefind-body"
"""The theme marks the text of a searchable page with this attribute."""
PACKED: Final = frozenset({".pagefind", ".pf_meta", ".pf_index", ".pf_fragment"})
_UNUSED: Final = ("*.css", "pagefind-*.js")  # the page's look is the theme's
_PREFIX: Final = b"pagefind_dcd"
_POSITIONS: Final = 5000  # word positions per part; Pagefind: 20,000. Fewer lengthen the part list
_AFTER_ALL: Final = "\uffff"  # sorts after every letter

Word: TypeAlias = list[Any]
"""The word, then a list for each page that has it: the page, the positions in its text, ..."""


def search_key(pages: Iterable[Path], site: Path) -> str:
    """The cache key of the index: a hash of its pages and of the way it is made. Raises OSError."""
    made_by = importlib.metadata.version("pagefind"), str(_POSITIONS)
    digest = hashlib.sha256(" ".join(made_by).encode())
    for path in pages:
        digest.update(f"\n{path.relative_to(site)} ".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def build_search_index(site: Path, target: Path) -> None:
    """Writes the index of a site's pages. Raises Refused if Pagefind fails, OSError."""
    command = [sys.executable, "-m", "pagefind", "--site", str(site), "--output-path", str(target)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if ran.returncode:
        text = " ".join((ran.stderr or ran.stdout).split())
        raise Refused(f"pagefind could not make the search index: {text[-300:]}")
    for path in target.rglob("*"):
        if path.suffix in PACKED:  # Pagefind's script reads both; brotli compresses better
            path.write_bytes(gzip.decompress(path.read_bytes()))
    for pattern in _UNUSED:
        for path in target.glob(pattern):
            path.unlink()
    entry = target / "pagefind-entry.json"
    content = json.loads(entry.read_bytes())
    for language in content["languages"].values():
        language["hash"] = _split_words(target, language["hash"])
    entry.write_text(json.dumps(content, separators=(",", ":")))


def _split_words(target: Path, name: str) -> str:
    """Splits the words of one language into smaller parts; returns the new name of their list."""
    language = name.rsplit("_", 1)[0]
    content = _read_and_delete(target / f"pagefind.{name}.pf_meta")
    words = [word for part in content[2] for word in _read_and_delete(_part(target, part[2]))[0]]
    most = _POSITIONS if len(content[2]) > 1 else sys.maxsize
    content[2] = []
    for part in _parts(words, most):
        written = _hashed_name(language, packed := _packed([part]))
        _part(target, written).write_bytes(packed)
        content[2].append([part[0][0], part[-1][0], written])
    for before, after in pairwise(content[2]):
        before[1], after[0] = _bounds(before[1], after[0])
    named = _hashed_name(language, packed := _packed(content))
    (target / f"pagefind.{named}.pf_meta").write_bytes(packed)
    return named


def _parts(words: Iterable[Word], most: int) -> Iterator[list[Word]]:
    part: list[Word] = []
    positions = 0
    for word in words:
        if positions >= most and not word[0].startswith(part[-1][0]):
            yield part
            part, positions = [], 0
        part.append(word)
        positions += sum(len(page[1]) + 1 for page in word[1])
    if part:
        yield part


def _bounds(last: str, first: str) -> tuple[str, str]:
    """The shortest end of one part's range and the shortest start of the next one's.

    The end includes all words that begin with the part's last word.
    """
    same = takewhile(lambda pair: pair[0] == pair[1], zip(last, first, strict=False))
    length = sum(1 for _ in same) + 1
    return last[:length] + _AFTER_ALL, first[:length]


def _part(target: Path, name: str) -> Path:
    return target / "index" / f"{name}.pf_index"


def _read_and_delete(path: Path) -> list[Any]:
    content: list[Any] = cbor2.loads(path.read_bytes().removeprefix(_PREFIX))
    path.unlink()
    return content


def _packed(content: list[Any]) -> bytes:
    return _PREFIX + cbor2.dumps(content)


def _hashed_name(language: str, content: bytes) -> str:
    """A name with the content's hash: browsers keep these files for ever."""
    return f"{language}_{hashlib.sha256(content).hexdigest()[:10]}"


_TEXT: Final = frozenset({".css", ".html", ".js", ".json", ".svg", ".txt", ".xml"})
_SMALLEST: Final = 256  # bytes; smaller files gain nothing from compression


def finish(site: Path, cache: Path) -> None:
    """Adds search and compressed files to a site before it is served. Raises OSError."""
    add_search(site, cache / "search")
    compress(site, cache / "compressed")


def add_search(site: Path, cache: Path) -> None:
    """Writes Pagefind's index into `pagefind/`, unless the site has no searchable page."""
    pages = [path for path in sorted(site.rglob("*.html")) if SEARCHABLE in path.read_bytes()]
    if not pages:  # Pagefind would then index every page, drafts too
        return
    kept = cache / search_key(pages, site)
    if not kept.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            build_search_index(site, Path(folder) / "index")
            for old in cache.glob("?" * len(kept.name)):  # complete ones: not temporary folders
                shutil.rmtree(old, ignore_errors=True)
            with suppress(OSError):  # another build was quicker, with the same index
                (Path(folder) / "index").rename(kept)
    shutil.copytree(kept, site / FOLDER)


def compress(site: Path, cache: Path) -> None:
    """Writes `x.gz` (gzip) and `x.br` (brotli) beside each text file that becomes smaller."""
    files = [path for path in sorted(site.rglob("*")) if path.suffix in _TEXT | PACKED]
    with ThreadPoolExecutor(os.cpu_count()) as threads:  # both compressors release the GIL
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
    return gzip.compress(content, 9, mtime=0)  # no time: the same bytes each time
