"""Adds the search index to a site, for a release.

The index lies in the cache, in files that are named by their content, with the hash of each page in
it. So a release lets Pagefind read only the pages that have changed. A file `state`, written last,
says what belongs to the index; without it, or if a file is damaged, Pagefind reads all pages.
"""

import hashlib
import pickle
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Final, NamedTuple, Self

from cbor2 import CBORDecodeError

from publish.build.search_index import (
    ENTRY,
    NAMED_BY_CONTENT,
    LanguageIndex,
    NotUpdatable,
    entry_content,
    is_intact,
    joined,
    run_pagefind,
)
from publish.build.site_folder import SiteFolder
from publish.cache_file import CODE_KEY, seal, unseal
from publish.plugins.checks import without_garbage_collection

SEARCH_FOLDER: Final = "pagefind"
SEARCHABLE: Final = b" data-pagefind-body"
"""The attribute with which the theme marks the text of a searchable page."""
_STATE: Final = "state"
_MOST_CHANGED: Final = 100
"""With more changed pages than this, Pagefind reads all pages."""


class _Page(NamedTuple):
    """A page of the site."""

    stamp: bytes
    """The stamp of its file in the site; empty if it was not in place yet."""
    digest: bytes
    """The hash of its content; empty if it is not searchable."""


@dataclass(frozen=True)
class _State:
    """What is known of the index."""

    pages: Mapping[str, _Page] = field(default_factory=dict)
    languages: Mapping[str, LanguageIndex] = field(default_factory=dict)
    entry: bytes = b""
    """The content of `ENTRY`, as Pagefind has written it."""
    common: tuple[str, ...] = ()
    """Pagefind's own files."""
    key: str = CODE_KEY

    @classmethod
    def read(cls, path: Path) -> Self:
        """An empty one if there is none that can be used."""
        with suppress(OSError):
            if data := unseal(path.read_bytes()):
                state: Self = pickle.loads(data)  # noqa: S301 - our own file, sealed
                if state.key == CODE_KEY:
                    return state
        return cls()

    def write(self, path: Path) -> None:
        """Replaces the file."""
        draft = path.with_name(f"{path.name}.new")
        draft.write_bytes(seal(pickle.dumps(self, pickle.HIGHEST_PROTOCOL)))
        draft.replace(path)

    @property
    def searchable(self) -> dict[str, bytes]:
        """By name of each page in the index: the hash of its content."""
        return {name: page.digest for name, page in self.pages.items() if page.digest}

    def names(self) -> list[str]:
        """All files of the index, without `ENTRY`."""
        languages = self.languages.values()
        return [*self.common, *(name for language in languages for name in language.file_names())]

    @property
    def urls(self) -> set[str]:
        """The addresses of all pages in the index."""
        return {page.url for language in self.languages.values() for page in language.pages}


def add_search(site: SiteFolder, cache: Path) -> None:
    """Writes Pagefind's index into `pagefind/`, if the site has a searchable page.

    Raises `Refused` if Pagefind fails, `OSError` if the disk fails.
    """
    known = _State.read(cache / _STATE)
    files = {name: path for name, path in site.files().items() if name.endswith(".html")}
    pages = {name: _page(name, path, site, known) for name, path in files.items()}
    wanted: set[str] = set()
    if any(page.digest for page in pages.values()):  # else Pagefind would index all, also drafts
        with without_garbage_collection():  # a list of words is a million lists
            try:
                state = _updated(known, pages, files, cache)
                wanted = _publish(state, site, cache)
            except (NotUpdatable, CBORDecodeError, EOFError, FileNotFoundError):
                state = _made_new(pages, files, cache)
                wanted = _publish(state, site, cache)
    site.drop_others(SEARCH_FOLDER, wanted)


def _page(name: str, path: Path, site: SiteFolder, known: _State) -> _Page:
    """A page is not read again if its file is that of an earlier release."""
    stamp = site.kept_stamp(name)
    page = known.pages.get(name)
    if page and stamp and page.stamp == stamp:
        return page
    content = path.read_bytes()
    return _Page(stamp, hashlib.sha256(content).digest() if SEARCHABLE in content else b"")


def _updated(
    known: _State, pages: Mapping[str, _Page], files: Mapping[str, Path], cache: Path
) -> _State:
    """The index of these pages, made from the known one. Raises `NotUpdatable`."""
    state = _State(pages, known.languages, known.entry, known.common)
    before, now = known.searchable, state.searchable
    changed = [name for name, digest in now.items() if before.get(name) != digest]
    gone = {_url(name) for name, digest in before.items() if now.get(name) != digest}
    if not gone <= known.urls or not known.entry or len(gone) + len(changed) > _MOST_CHANGED:
        raise NotUpdatable
    if changed or gone:
        if not all(_can_be_read_alone(files[name].read_bytes()) for name in changed):
            raise NotUpdatable
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            draft = Path(folder) / "index"
            found = _read_pages(changed, files, Path(folder)) if changed else {}
            state = _State(pages, found, known.entry, known.common)
            if not found.keys() <= known.languages.keys() or state.urls != set(map(_url, changed)):
                raise NotUpdatable
            languages = {
                language: joined(old, cache, found.get(language, LanguageIndex()), draft, gone)
                for language, old in known.languages.items()
            }
        state = _State(pages, languages, known.entry, known.common)
    if state != known:
        _save(state, cache)
    return state


def _can_be_read_alone(page: bytes) -> bool:
    """Whether Pagefind finds the same in this page without the others.

    It indexes a page without the attribute if no other page has it, and gives a page without a
    language the most frequent one.
    """
    tags = _Tags()
    tags.feed(page.decode(errors="replace"))
    return tags.has_language and tags.is_searchable


class _Tags(HTMLParser):
    """Finds two attributes of a page."""

    has_language = is_searchable = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called for each start tag."""
        attributes = dict(attrs)
        self.has_language |= tag == "html" and bool(attributes.get("lang"))
        self.is_searchable |= SEARCHABLE.decode().strip() in attributes


def _made_new(pages: Mapping[str, _Page], files: Mapping[str, Path], cache: Path) -> _State:
    """The index of these pages."""
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir(parents=True)
    names = [name for name, page in pages.items() if page.digest]
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        draft = Path(folder) / "index"
        found = _read_pages(names, files, Path(folder))
        languages = {
            language: joined(LanguageIndex(), cache, raw, draft, ())
            for language, raw in found.items()
        }
        common = sorted(path for path in draft.iterdir() if path.suffix in {".js", ".pagefind"})
        for path in common:
            path.replace(cache / path.name)
        entry = (draft / ENTRY).read_bytes()
    state = _State(pages, languages, entry, tuple(path.name for path in common))
    _save(state, cache)
    return state


def _read_pages(
    names: Iterable[str], files: Mapping[str, Path], folder: Path
) -> dict[str, LanguageIndex]:
    """Pagefind's index of these pages, in `index` below the folder. Raises `NotUpdatable`."""
    for name in names:
        target = folder / "pages" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(files[name], target)  # a link would change the stamp of the file
    return run_pagefind(folder / "pages", folder / "index")


def _url(name: str) -> str:
    """The address that Pagefind gives a page."""
    return "/" + name.removesuffix("index.html")


def _save(state: _State, cache: Path) -> None:
    """Keeps the index for the next release, and removes what does not belong to it."""
    state.write(cache / _STATE)
    wanted = {_STATE, *state.names()}
    for path in cache.rglob("*"):
        if path.is_file() and path.relative_to(cache).as_posix() not in wanted:
            path.unlink()


def _publish(state: _State, site: SiteFolder, cache: Path) -> set[str]:
    """Puts all files of the index into the site. Returns their names."""
    names = {f"{SEARCH_FOLDER}/{name}": cache / name for name in state.names()}
    for name, source in names.items():
        if source.suffix in NAMED_BY_CONTENT:
            if site.keep_current(name):
                continue
            if not is_intact(source):
                raise NotUpdatable
        shutil.copyfile(source, site.new_file(name))
    entry = f"{SEARCH_FOLDER}/{ENTRY}"
    site.new_file(entry).write_bytes(entry_content(state.entry, state.languages))
    return {*names, entry}
