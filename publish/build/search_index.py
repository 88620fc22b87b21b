"""The search index of a site, made by Pagefind and repacked.

- A search loads only the part of the word list that can contain its word. Pagefind's parts are
  large, and their size cannot be set. They are cut to a quarter, unless all words fit into one
  part. The ranges of the parts leave no gap, so every word belongs to a part.
- Pages are numbered by their addresses, and files are named by a hash of their content. So an index
  does not depend on the order in which a file system lists pages.
- An index can follow edits: Pagefind reads the edited pages alone, and their words replace those of
  before. The result is that of all pages together, because what Pagefind finds in a page does not
  depend on other pages, except for the language of a page that names none, and for which languages
  and fields there are. Then `NotUpdatable` asks for an index of all pages.

The format is CBOR (RFC 8949) after a fixed prefix. A word is `[word, pages, variants]`, a variant
is `[form, pages]`, and a page is `[number, positions, positions in fields]`, with a number relative
to the page before. In the last list, -n comes before the positions in the n-th field.
"""

import gzip
import hashlib
import json
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import accumulate, groupby, pairwise, takewhile
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import cbor2

from capture.errors import Refused

NAMED_BY_CONTENT: Final = frozenset({".pf_meta", ".pf_index", ".pf_fragment"})
PAGEFIND_SUFFIXES: Final = NAMED_BY_CONTENT | {".pagefind"}
ENTRY: Final = "pagefind-entry.json"
POSITIONS: Final = 5000
"""Word positions of a part; fewer make the list of parts longer."""
ONE_PART: Final = 20_000
"""Pages with fewer words together need only one part."""
_UNUSED: Final = ("*.css", "pagefind-*.js")  # the theme styles the search page
_HASH_LENGTH: Final = 10
_PREFIX: Final = b"pagefind_dcd"
_LAST_CHARACTER: Final = "\uffff"  # sorts after every letter
Word: TypeAlias = list[Any]
WordPages: TypeAlias = list[list[Any]]


class NotUpdatable(Exception):
    """An index must be made of all pages, or the one of before is damaged."""


class IndexedPage(NamedTuple):
    """A page in the index of its language."""

    url: str
    fragment: str
    """The name of the file with its text."""
    words: int
    fields: tuple[str, ...]


class Part(NamedTuple):
    """A part of the word list: the range of its words, and the name of its file."""

    start: str
    end: str
    name: str


@dataclass(frozen=True)
class LanguageIndex:
    """The index of all pages of one language."""

    version: str = ""
    pages: tuple[IndexedPage, ...] = ()
    """In the order of their numbers."""
    fields: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    name: str = ""
    """The name of the list of parts and pages."""

    def file_names(self) -> Iterator[str]:
        """The files of this language, below the folder of the index."""
        yield f"pagefind.{self.name}.pf_meta"
        for page in self.pages:
            yield f"fragment/{page.fragment}.pf_fragment"
        yield from self.part_files()

    def part_files(self) -> Iterator[str]:
        """The files of the word list."""
        for part in self.parts:
            yield f"index/{part.name}.pf_index"


def run_pagefind(site: Path, target: Path) -> dict[str, LanguageIndex]:
    """Pagefind's own index of all pages below `site`, by language. `target` is a new folder.

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
    languages = json.loads((target / ENTRY).read_bytes())["languages"]
    return {name: _read_language(target, found["hash"]) for name, found in languages.items()}


def _read_language(folder: Path, name: str) -> LanguageIndex:
    version, pages, parts, filters, sorts, fields = _read(folder / f"pagefind.{name}.pf_meta")
    if filters or sorts:
        raise Refused("the theme uses data-pagefind-filter or -sort, which Gatepost does not know")
    return LanguageIndex(
        version,
        tuple(_read_page(folder, fragment, words) for fragment, words in pages),
        tuple(fields),
        tuple(Part(*part) for part in parts),
        name,
    )


def _read_page(folder: Path, fragment: str, words: int) -> IndexedPage:
    content = (folder / f"fragment/{fragment}.pf_fragment").read_bytes()
    values = json.loads(content.removeprefix(_PREFIX))
    return IndexedPage(values["url"], fragment, words, tuple(sorted(values["meta"])))


def joined(
    old: LanguageIndex, folder: Path, new: LanguageIndex, new_folder: Path, gone: Collection[str]
) -> LanguageIndex:
    """The index `old` without the pages at the addresses `gone`, and with those of `new`.

    Both lie in their folders. Adds new files to `folder`, and changes none there.
    Raises `NotUpdatable` or OSError.
    """
    language = new.name.rpartition("_")[0] or old.name.rpartition("_")[0]
    kept = [page for page in old.pages if page.url not in gone]
    added = {page: _keep_fragment(page, language, new_folder, folder) for page in new.pages}
    pages = sorted([*kept, *added.values()])
    number_of = {page: number for number, page in enumerate(pages)}
    fields = tuple(sorted({*new.fields, *(name for page in pages for name in page.fields)}))
    is_intact_before = all(is_intact(folder / name) for name in old.part_files())
    if not pages or not is_intact_before or (old.pages and fields != old.fields):
        raise NotUpdatable
    change = _Change(
        [None if page.url in gone else number_of[page] for page in old.pages],
        [number_of[added[page]] for page in new.pages],
        [fields.index(name) for name in new.fields],
    )
    version = new.version or old.version
    parts = _write_parts(old, folder, new, new_folder, change, language, _is_small(pages))
    content = [version, [[page.fragment, page.words] for page in pages], parts, [], [], fields]
    name = _write(folder, "pagefind.{}.pf_meta", language, _packed(content))
    return LanguageIndex(version, tuple(pages), fields, tuple(parts), name)


class _Change:
    """New numbers of pages and fields."""

    def __init__(
        self, of_old: Sequence[int | None], of_new: Sequence[int], of_fields: Sequence[int]
    ) -> None:
        """The new numbers of the pages of both indexes, None for one that is removed, and the
        numbers of the new index's fields."""
        self._of_old = of_old
        self._of_new = of_new
        self._of_fields = of_fields
        self._moved = {number for number, new in enumerate(of_old) if new != number}
        """The numbers of those old pages that have another now."""

    def word(self, old: Word | None, new: Word | None) -> tuple[Word | None, bool]:
        """The word with the pages of both; None if it has none. And whether it has changed."""
        if old is not None and new is None and not self._touches(old):
            return old, False
        name = (old or new or [""])[0]
        one, other = (word or [name, [], []] for word in (old, new))
        forms = dict(one[2]), dict(other[2])
        pages = self._pages(one[1], other[1])
        variants = [
            [form, found]
            for form in sorted(forms[0].keys() | forms[1].keys())
            if (found := self._pages(forms[0].get(form, []), forms[1].get(form, [])))
        ]
        word = [name, pages, variants] if pages or variants else None
        return word, word != old  # most words of an edited text are where they were

    def _touches(self, word: Word) -> bool:
        lists = (word[1], *(pages for _, pages in word[2]))
        return not all(self._moved.isdisjoint(_numbers(pages)) for pages in lists)

    def _pages(self, old: WordPages, new: WordPages) -> WordPages:
        pages = [
            (number, positions, in_fields)
            for before, (_, positions, in_fields) in zip(_numbers(old), old, strict=True)
            if (number := self._of_old[before]) is not None
        ]
        pages += (
            (self._of_new[before], positions, self._in_fields(in_fields))
            for before, (_, positions, in_fields) in zip(_numbers(new), new, strict=True)
        )
        pages.sort(key=itemgetter(0))
        numbers = (0, *(number for number, _, _ in pages))
        return [
            [number - last, positions, in_fields]
            for last, (number, positions, in_fields) in zip(numbers, pages, strict=False)
        ]

    def _in_fields(self, positions: list[int]) -> list[int]:
        return [-1 - self._of_fields[-1 - n] if n < 0 else n for n in positions]


def _numbers(pages: WordPages) -> Iterator[int]:
    """The numbers of pages, each of which is relative to the one before."""
    return accumulate(map(itemgetter(0), pages))


def _is_small(pages: Iterable[IndexedPage]) -> bool:
    return sum(page.words for page in pages) < ONE_PART


def _write_parts(  # noqa: PLR0913, PLR0917 - both indexes with their folders
    old: LanguageIndex,
    folder: Path,
    new: LanguageIndex,
    new_folder: Path,
    change: _Change,
    language: str,
    is_small: bool,
) -> list[Part]:
    """Writes the parts of the word list that the old index does not have. Returns all."""
    known: dict[tuple[str, str, int], str] = {}
    changed: set[str] = set()

    def words() -> Iterator[Word]:
        both = (
            ((word[0], 0, word) for word in _words(old, folder, known)),
            ((word[0], 1, word) for word in _words(new, new_folder, {})),
        )
        for name, group in groupby(merge(*both, key=itemgetter(0, 1)), itemgetter(0)):
            found = {number: word for _, number, word in group}
            word, is_changed = change.word(found.get(0), found.get(1))
            if is_changed:
                changed.add(name)
            if word:
                yield word

    parts = []
    for part in _split(words(), sys.maxsize if is_small else POSITIONS):
        first, last = part[0][0], part[-1][0]
        name = known.get((first, last, len(part)), "")
        if not name or not changed.isdisjoint(word[0] for word in part):
            name = _write(folder, "index/{}.pf_index", language, _packed([part]))
        parts.append([first, last, name])
    for one, next_one in pairwise(parts):
        one[1], next_one[0] = _bounds(one[1], next_one[0])
    return [Part(*part) for part in parts]


def _words(
    index: LanguageIndex, folder: Path, known: dict[tuple[str, str, int], str]
) -> Iterator[Word]:
    """All words in their order. Notes first and last word, length and name of each part."""
    for part in index.parts:
        words = _read(folder / f"index/{part.name}.pf_index")[0]
        known[words[0][0], words[-1][0], len(words)] = part.name
        yield from words


def _split(words: Iterable[Word], max_positions: int) -> Iterator[list[Word]]:
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


def _keep_fragment(page: IndexedPage, language: str, source: Path, target: Path) -> IndexedPage:
    """Copies the text of a page, with a name from its content: Pagefind's are shorter, and longer
    if two are the same."""
    content = (source / f"fragment/{page.fragment}.pf_fragment").read_bytes()
    name = _write(target, "fragment/{}.pf_fragment", language, content)
    return page._replace(fragment=name)


def entry_content(raw: bytes, languages: Mapping[str, LanguageIndex]) -> bytes:
    """The file that names the languages, from that of Pagefind."""
    content = json.loads(raw)
    for language, found in content["languages"].items():
        found |= {"hash": languages[language].name, "page_count": len(languages[language].pages)}
    content["languages"] = dict(sorted(content["languages"].items()))  # Pagefind has no order
    return json.dumps(content, separators=(",", ":")).encode()


def is_intact(path: Path) -> bool:
    """Whether a file with a hash in its name has this content; a power cut may damage it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:_HASH_LENGTH] in path.name


def _read(path: Path) -> list[Any]:
    content: list[Any] = cbor2.loads(path.read_bytes().removeprefix(_PREFIX))
    return content


def _packed(content: list[Any]) -> bytes:
    return _PREFIX + cbor2.dumps(content)


def _write(folder: Path, pattern: str, language: str, content: bytes) -> str:
    """Writes a file with the hash of the content in its name, because browsers keep it for ever."""
    name = f"{language}_{hashlib.sha256(content).hexdigest()[:_HASH_LENGTH]}"
    target = folder / pattern.format(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(".draft")
    draft.write_bytes(content)
    draft.replace(target)
    return name
