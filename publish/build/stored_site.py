"""The knowledge of one build: which texts and pages of the last build are still as they were."""

import os
import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping
from functools import cached_property
from html import unescape
from pathlib import Path
from string import Formatter
from typing import Any, Final
from urllib.parse import unquote

from capture.errors import Unavailable, short_path
from capture.paths import name_below
from publish.build.build_store import BuildStore, Changes, TextRow
from publish.build.fingerprint import fingerprint
from publish.build.site_folder import SiteFolder
from publish.build.site_keys import SiteKeys, why_complete
from publish.build.sources import MISSING, SourceFiles
from publish.build.stored_pages import PageInputs, TemplateFingerprints, Values
from publish.build.stored_texts import (
    Core,
    NotStorable,
    PartName,
    Parts,
    StoredContent,
    TextFormat,
    TextInputs,
    forget_memo,
)
from publish.checks.post import Post
from publish.checks.project import WRITING, Writing
from publish.plugins.links import finished
from publish.plugins.problems import get_report
from publish.plugins.text_facts import all_texts, facts_of, is_stored
from publish.progress import with_progress

_WORD_END: Final = re.compile(r"""[\s()<>"'|{}\[\],;]+""")
_TEXT_SUFFIX: Final = re.compile(r"\.(?:md|markdown|mkd|mdown)\b")
_FILE_LINK: Final = re.compile(r"""[{|]filename[}|](?P<path>[^"'>#?]+)""")
_RELATIVE_LINK: Final = re.compile(
    r"""(?:href|src|srcset|poster|data|cite)\s*=\s*["']?(?![a-z]+:|[/#{|?])(?P<path>[^"'>#?\s]+)"""
)
_BATCH_SIZE: Final = 500
"""Texts that are written together."""
_MAX_LINK: Final = 4096
"""No path of a file is longer."""
_ATTACH: Final = re.compile(r"""[{|]attach[}|](?P<path>[^"'<>#?()\s]+)""")


class StoredSite:
    """What is known of the last build, and what this build learns."""

    def __init__(self, settings: MutableMapping[str, Any], store: BuildStore, tick: int) -> None:
        """`tick`: when the build began, by the clock of the file system, in nanoseconds."""
        self.settings = settings
        self.why_complete = why_complete(settings)
        self.texts_read = 0
        self.unnamed_warning = ""
        """A warning of Pelican that names no text, so that the next build must read all."""
        self._store = store
        self._facts = store.facts()
        self._sources = SourceFiles(Path(settings["PATH"]), store.sources(), tick)
        self._rows: dict[str, TextRow | None] = {}
        self._new_facts: dict[str, bytes] = {}
        self._read_again: set[str] = set()
        """Texts that each build reads, because they move the files that they link to."""
        self._attached: set[str] = set()
        """The files that texts move."""

    def start(self, context: MutableMapping[str, Any]) -> None:
        """Called when the checks have read all texts, and before Pelican does."""
        self.context = context
        self.format = TextFormat(self.settings, context)
        self._keys = SiteKeys(self.settings, context)
        self._new_facts = {"texts": self._keys.texts, "private": self._keys.private}
        same = {name for name in self._new_facts if self._facts.get(name) == self._new_facts[name]}
        if self.why_complete:
            same = set()
        cores = {} if self.why_complete else self._store.cores(self._keys.texts)
        self._cores: dict[str, Core] = {
            path: self.format.core(core) for path, core in cores.items()
        }
        kept = self._facts.get("templates") if "texts" in same else None
        self.templates = TemplateFingerprints(self._keys.templates, kept)
        pages = self._store.pages() if "texts" in same else {}
        self.pages = PageInputs(pages, self._part_fingerprint)
        self.keeps_files = "texts" in same
        self.has_same_private_files = "private" in same
        self._valid = frozenset(self._find_valid())

    @property
    def forms(self) -> bytes:
        """The fingerprint of everything that a form shows."""
        return self._keys.forms

    @property
    def _writing(self) -> Writing:
        writing: Writing = self.settings[WRITING]
        return writing

    # Texts

    def _find_valid(self) -> Iterator[str]:
        """The texts that are as they were, by path below the content folder."""
        posts = {post.name: post for post in self._writing.files}
        same = {
            path
            for path, core in self._cores.items()
            if path in posts and self._has_same_inputs(posts[path], core)
        }
        changed = [post for name, post in posts.items() if name not in same]
        moved = set(self._cores).difference(posts)
        moved |= {post.name for post in changed if self._is_moved(post)}
        attached = {post.name: set(_attached(post)) for post in changed}
        self._read_again = {name for name, files in attached.items() if files}
        self._attached = {name for files in attached.values() for name in files}
        moved |= self._attached.union(self._facts.get("attached", b"").decode().split("\n"))
        for path in same:
            inputs = self._cores[path][3]
            if moved.isdisjoint(inputs.links) and moved.isdisjoint(inputs.files):
                yield path

    def _has_same_inputs(self, post: Post, core: Core) -> bool:
        _, _, values, inputs = core
        date = values.get("date")
        return (
            inputs.text == post.digest
            and (date is None or (date <= self._writing.now) == inputs.is_due)
            and (not inputs.forms or inputs.forms == self._keys.forms)
            and all(self._sources.hash_of(name) == old for name, old in inputs.files.items())
        )

    def _is_moved(self, post: Post) -> bool:
        """Whether links to a text may lead elsewhere now."""
        old = self._cores.get(post.name)
        return old is None or old[3].address != self._address(post)

    def _address(self, post: Post) -> bytes:
        """The fingerprint of what decides the address of a text."""
        own = (post.url, post.save_as, post.slug, post.get("lang"), post.get("preview"))
        others = "" if self._has_plain_addresses else repr(sorted(post.values.items()))
        return fingerprint((own, post.state(self._writing.now), others))

    @cached_property
    def _has_plain_addresses(self) -> bool:
        """Whether the checks know each field of the patterns of addresses."""
        patterns = (
            self.settings[f"{kind}_{language}URL"]
            for kind in ("ARTICLE", "PAGE", "DRAFT", "DRAFT_PAGE")
            for language in ("", "LANG_")
        )
        parts = (part for pattern in patterns for part in Formatter().parse(str(pattern)))
        names = {re.split(r"[.\[]", name)[0] for _, name, _, _ in parts if name}
        return names <= {"slug", "lang", "date", "category", "author"}

    def stored_texts(self, paths: Iterable[str]) -> Iterator[Any]:
        """Articles and pages of the last build, for those paths that have not changed."""
        report = get_report(self.settings)
        for path in paths:
            if path in self._valid:
                core = self._cores[path]
                for name, line, message in core[3].warnings:
                    report.warn(Path(self.settings["PATH"]) / name, line, message)
                yield self.format.text(path, core, self._load, self.pages.uses.note)

    def store_new_texts(self) -> None:
        """Makes every new text a stored one, before anything is rendered."""
        warnings, warned = self._warnings(), self._texts_with_pelican_warnings()
        is_kept = self._store.is_open and not self.why_complete and warned is not None
        texts = list(all_texts(self.context))
        new = [text for text in texts if not is_stored(text)]
        for text in texts:
            if is_stored(text) and text.__dict__["_parts"].is_changed:
                self._store_changed(text)

        def row_of(text: Any) -> TextRow | None:
            """May run in a child process."""
            try:
                return self.format.row(text, self._inputs_of(text, warnings))
            except (NotStorable, Unavailable):  # or the file has changed since it was read
                return None

        rows = with_progress("Completing texts", finished(new, row_of), len(new))
        for text, row in zip(new, rows, strict=True):
            if is_kept and len(self._rows) >= _BATCH_SIZE:
                self._flush(warned or set())
            path = text.get_relative_source_path()
            self.texts_read += 1
            self._rows[path] = row
            if row is not None:
                core = self.format.core(row.core)
                for name in core[3].files:  # a child cannot say when it has read a file
                    self._sources.hash_of(name)
                forget_memo(text)
                self.format.replace(text, core, self._load, self.pages.uses.note)
        for path in self._cores:
            if self.context["generated_content"].get(path) is None:
                self._rows[path] = None

    def _store_changed(self, text: Any) -> None:
        """Stores a text again that a plugin has changed."""
        path = text.get_relative_source_path()
        self._rows[path] = row = self.format.row(text, self._cores[path][3])
        text.__dict__["_parts"].fingerprints = self.format.core(row.core)[1]

    def _flush(self, warned: Collection[str]) -> None:
        """Writes new texts, so that not all are in memory."""
        rows = {
            path: row
            for path, row in self._rows.items()
            if row is not None and path not in self._read_again and path not in warned
        }
        self._store.add_texts(self._keys.texts, rows)
        for path in rows:
            del self._rows[path]

    def _inputs_of(self, text: Any, warnings: Mapping[str, list[Any]]) -> TextInputs:
        path = text.get_relative_source_path()
        post = self._writing.by_path.get(Path(text.source_path))
        if post is None:
            raise NotStorable("no rule has read it")
        html = text._content or ""
        folder = path.rpartition("/")[0]
        facts = facts_of(text)
        names = {*facts.linked_files, *facts.shown_files}
        names |= {name for name in _found(_RELATIVE_LINK, html, folder) if name}
        named = {*_named_texts(_text(post)), *(link["path"] for link in _FILE_LINK.finditer(html))}
        links = {name for link in named for name in _names_of(link, folder)}
        date = vars(text).get("date")
        sources = sorted({path, *names})
        about = [short_path(Path(self.settings["PATH"]) / name) for name in sources]
        return TextInputs(
            text=post.digest,
            files={name: self._sources.hash_of(name) for name in sorted(names)},
            links=frozenset(links),
            address=self._address(post),
            forms=self._keys.forms if facts.forms else b"",
            is_due=date is None or date <= self._writing.now,
            warnings=tuple(
                (name, problem.line, problem.message)
                for name, where in zip(sources, about, strict=True)
                for problem in warnings.get(where, ())
            ),
        )

    def _warnings(self) -> Mapping[str, list[Any]]:
        """The warnings of plugins by their file."""
        by_file: dict[str, list[Any]] = {}
        for problem in get_report(self.settings).warnings:
            by_file.setdefault(problem.path, []).append(problem)
        return by_file

    def _load(self, path: str, part: PartName) -> Mapping[str, Any]:
        row = self._rows.get(path)
        data = (row.fields if part == "fields" else row.content) if row else None
        if data is None:
            data = self._store.part(self._keys.texts, path, part)
        values: Mapping[str, Any] = self.format.part(data)
        return values

    def _part_fingerprint(self, path: str, part: str) -> bytes:
        text = self.context["generated_content"].get(path)
        if not isinstance(text, StoredContent):
            return MISSING
        parts: Parts = text.__dict__["_parts"]
        return parts.fingerprints[part]

    def is_same_copy(self, source: str, name: str) -> bool:
        """Whether the last build has copied this content of a file to this name of the site."""
        content = self._sources.hash_of(source)
        values = Values(b"copy", {"source": source, "content": content}, {})
        if not self.pages.why_render(name, values):
            return True
        self.pages.uses.clear()
        self.pages.uses.names.update(values.own)
        self.pages.keep(name, values)
        return False

    # The end

    def save(self, folder: SiteFolder, stamps: Mapping[str, bytes], removed: Iterable[str]) -> None:
        """Keeps what this build has learned."""
        files: dict[str, tuple[bytes] | None] = dict.fromkeys(removed)
        if not folder.is_in_place:
            files |= dict.fromkeys(folder.known)
        files |= {name: (stamp,) for name, stamp in stamps.items()}
        facts = {
            **self._new_facts,
            "site": os.fsencode(folder.site),
            "templates": b"" if self.settings["TEMPLATE_PAGES"] else self.templates.data,
            "attached": "\n".join(sorted(self._attached)).encode(),
        }
        texts: dict[str, TextRow | None] = dict(self._rows)
        pages = self.pages.changes
        if self._facts.get("texts") != self._new_facts["texts"]:
            pages = {**dict.fromkeys(self._store.pages()), **pages}
        warned = self._texts_with_pelican_warnings()
        texts |= dict.fromkeys(self._read_again.union(warned or ()))
        if self.why_complete or warned is None:
            texts = dict.fromkeys(self._store.cores(self._keys.texts))
            pages = dict.fromkeys(self._store.pages())
        self._store.save(
            Changes(self._keys.texts, facts, self._sources.changes, texts, pages, files)
        )

    def _texts_with_pelican_warnings(self) -> set[str] | None:
        """The texts that Pelican warned of: it warns again only if it reads them again.

        None if it does not name the text, so that every build must read all.
        """
        found: set[str] = set()
        for message in get_report(self.settings).pelican_warnings:
            named = {path for path in self.context["generated_content"] if path in message}
            if not named:
                self.unnamed_warning = message
                return None
            found |= named
        return found


def _text(post: Post) -> str:
    return post.raw.decode("utf-8", errors="replace")


def _named_texts(text: str) -> Iterator[str]:
    """The words of a text that may name the file of another one. In linear time."""
    for words in text.split():
        if ".m" in words:  # most words name no file
            for word in _WORD_END.split(words):
                if ends := [match.end() for match in _TEXT_SUFFIX.finditer(word)]:
                    yield word[: ends[-1]]


def _attached(post: Post) -> Iterator[str]:
    """The files that a text moves to its own address."""
    folder = post.name.rpartition("/")[0]
    return _found(_ATTACH, _text(post), folder)


def _found(pattern: re.Pattern[str], html: str, folder: str) -> Iterator[str]:
    for match in pattern.finditer(html):
        yield from _names_of(match["path"], folder)


def _names_of(link: str, folder: str) -> Iterator[str]:
    """The files that a link may name: from the content folder, and from the text's own."""
    if len(link) > _MAX_LINK:
        return
    for path in {link, unquote(link), unquote(unescape(link))}:
        for joined in (name_below(path, folder), path.lstrip("/")):
            name = posixpath.normpath(joined)
            if not name.startswith("../"):  # nothing outside is ever read
                yield name
