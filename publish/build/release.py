"""What a release adds to a finished site: the search index, and every file compressed.

Each is kept in the cache by the hash of what it is made from, so a release does
again only what changed.
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

# The site's search: Pagefind's index, packed so that a reader loads little of it.
#
# A search loads the part of the list of words in which its word would stand. Pagefind's parts are
# large, which cannot be set; ours are a quarter of them, unless all words are one part. A part
# answers for all up to the next one, so that no word of several is left out. The format is CBOR
# (RFC 8949) behind a mark.


FOLDER: Final = "pagefind"
SEARCHABLE: Final = b" data-pagefind-body"
"""The theme marks a page's text with it."""
PACKED: Final = frozenset({".pagefind", ".pf_meta", ".pf_index", ".pf_fragment"})
_UNUSED: Final = ("*.css", "pagefind-*.js")  # the page's look is the theme's
_MARK: Final = b"pagefind_dcd"
_PLACES: Final = (
    5000  # of words in one part; Pagefind has 20,000. Fewer make the list of parts long
)
_AFTER_ALL: Final = "\uffff"  # sorts behind every letter

Word: TypeAlias = list[Any]
"""The word, then for each page that has it a list: which page, the places in its text, ..."""


def search_key(pages: Iterable[Path], site: Path) -> str:
    """Another one if the index would be another one. Raises OSError."""
    made_by = importlib.metadata.version("pagefind"), str(_PLACES)
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
        if path.suffix in PACKED:  # Pagefind's script reads both; brotli packs tighter than this
            path.write_bytes(gzip.decompress(path.read_bytes()))
    for pattern in _UNUSED:
        for path in target.glob(pattern):
            path.unlink()
    entry = target / "pagefind-entry.json"
    content = json.loads(entry.read_bytes())
    for language in content["languages"].values():
        language["hash"] = _cut(target, language["hash"])
    entry.write_text(json.dumps(content, separators=(",", ":")))


def _cut(target: Path, name: str) -> str:
    """Puts the words of one language into smaller parts, and says the new name of their list."""
    language = name.rsplit("_", 1)[0]
    content = _taken(target / f"pagefind.{name}.pf_meta")
    words = [word for part in content[2] for word in _taken(_part(target, part[2]))[0]]
    most = _PLACES if len(content[2]) > 1 else sys.maxsize
    content[2] = []
    for part in _parts(words, most):
        written = _named(language, packed := _packed([part]))
        _part(target, written).write_bytes(packed)
        content[2].append([part[0][0], part[-1][0], written])
    for before, after in pairwise(content[2]):
        before[1], after[0] = _distinguished(before[1], after[0])
    named = _named(language, packed := _packed(content))
    (target / f"pagefind.{named}.pf_meta").write_bytes(packed)
    return named


def _parts(words: Iterable[Word], most: int) -> Iterator[list[Word]]:
    part: list[Word] = []
    places = 0
    for word in words:
        if places >= most and not word[0].startswith(part[-1][0]):
            yield part
            part, places = [], 0
        part.append(word)
        places += sum(len(page[1]) + 1 for page in word[1])
    if part:
        yield part


def _distinguished(last: str, first: str) -> tuple[str, str]:
    """The end of what one part answers for, with all that its last word begins; and the next one's
    beginning, both as short as they may be."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(last, first, strict=False))
    length = sum(1 for _ in same) + 1
    return last[:length] + _AFTER_ALL, first[:length]


def _part(target: Path, name: str) -> Path:
    return target / "index" / f"{name}.pf_index"


def _taken(path: Path) -> list[Any]:
    """What a file holds, which is needed no more."""
    content: list[Any] = cbor2.loads(path.read_bytes().removeprefix(_MARK))
    path.unlink()
    return content


def _packed(content: list[Any]) -> bytes:
    return _MARK + cbor2.dumps(content)


def _named(language: str, content: bytes) -> str:
    """Another name whenever the content is another: browsers keep these files for ever."""
    return f"{language}_{hashlib.sha256(content).hexdigest()[:10]}"


_TEXT: Final = frozenset({".css", ".html", ".js", ".json", ".svg", ".txt", ".xml"})
_SMALLEST: Final = 256  # bytes; below this compression gains nothing on the wire


def finish(site: Path, cache: Path) -> None:
    """Adds search and compressed files to a site that nobody is served yet. Raises OSError."""
    add_search(site, cache / "search")
    compress(site, cache / "compressed")


def add_search(site: Path, cache: Path) -> None:
    """Puts Pagefind's index into `pagefind/`. Without a page that may be found there is none."""
    pages = [path for path in sorted(site.rglob("*.html")) if SEARCHABLE in path.read_bytes()]
    if not pages:  # Pagefind would take every page then, drafts too
        return
    kept = cache / search_key(pages, site)
    if not kept.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            build_search_index(site, Path(folder) / "index")
            for old in cache.glob("?" * len(kept.name)):  # whole ones, not one in the making
                shutil.rmtree(old, ignore_errors=True)
            with suppress(OSError):  # somebody else was quicker, with the same index
                (Path(folder) / "index").rename(kept)
    shutil.copytree(kept, site / FOLDER)


def compress(site: Path, cache: Path) -> None:
    """Puts `x.gz` (gzip) and `x.br` (brotli) beside each file of text that they make smaller."""
    files = [path for path in sorted(site.rglob("*")) if path.suffix in _TEXT | PACKED]
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
