"""The knowledge of one build: which texts and pages of the last build are still as they were."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from capture.errors import Unavailable, short_path
from publish.build.build_store import OF_ONE_BUILD, BuildStore, Changes, TextRow
from publish.build.edits import (
    EditedPages,
    MoreChangedError,
    StoredTexts,
    Surroundings,
    Warned,
    find_edits,
    has_same_core,
    has_same_place,
    names_key,
    site_warnings,
    stamps_beside,
    unpublished_texts,
)
from publish.build.fingerprint import hash_of
from publish.build.named_files import attached_files, named_texts, relative_files
from publish.build.site_folder import SiteFolder
from publish.build.site_keys import SiteKeys, private_key, why_complete
from publish.build.sources import MISSING, SourceFiles
from publish.build.stored_pages import PageInputs, TemplateFingerprints, Uses, Values
from publish.build.stored_texts import (
    Core,
    NotStorable,
    PartName,
    Parts,
    StoredContent,
    TextFormat,
    TextInputs,
)
from publish.build.valid_texts import ValidTexts
from publish.checks.project import WRITING, Writing
from publish.checks.summary import SUMMARY
from publish.plugins.links import finished_and_checked
from publish.plugins.problems import collect_log, get_report, raise_problems
from publish.plugins.text_facts import (
    FORMER_TEXTS,
    ONLY_EDITED,
    all_texts,
    facts_of,
    is_stored,
)
from publish.progress import with_progress

_SURROUNDINGS: Final = "surroundings"
_BATCH_SIZE: Final = 500
"""Texts that are written together."""


class StoredSite:
    """What is known of the last build, and what this build learns."""

    def __init__(
        self,
        settings: MutableMapping[str, Any],
        store: BuildStore,
        tick: int,
        is_as_left: Callable[[], bool],
    ) -> None:
        """`tick`: when the build began, by the clock of the file system, in nanoseconds.

        `is_as_left` tells whether all files of the site are as the last build left them.
        """
        self.settings = settings
        self.edits: frozenset[str] | None = None
        """In the short way of a build (`publish.build.edits`), the edited texts."""
        self._is_as_left = is_as_left
        self._uses = Uses()
        self.why_complete = why_complete(settings)
        self.texts_read = 0
        self.unnamed_warning = ""
        """A warning of Pelican that names no text: the next build must read all."""
        self._store = store
        self._facts = store.facts()
        # Now: a campaign that is changed during the build counts as changed after it.
        self._private = private_key(settings)
        self._sources = SourceFiles(Path(settings["PATH"]), store.sources(), tick)
        self._rows: dict[str, TextRow | None] = {}
        self._new_facts: dict[str, bytes] = {}
        self._valid = ValidTexts(frozenset(), frozenset(), frozenset())
        self._changing: set[str] = set()
        """Texts that show or name a file that has changed during this build."""

    def start(self, context: MutableMapping[str, Any]) -> None:
        """Called when the checks have read all texts, and before Pelican does."""
        self.context = context
        self.format = TextFormat(self.settings, context)
        self._keys = SiteKeys(self.settings, context, self._private)
        self._new_facts = {"texts": self._keys.texts, "private": self._keys.private}
        same = {name for name in self._new_facts if self._facts.get(name) == self._new_facts[name]}
        if self.why_complete:
            same = set()
        kept = self._facts.get("templates") if "texts" in same else None
        self.templates = TemplateFingerprints(self._keys.templates, kept)
        self.keeps_files = "texts" in same
        self.has_same_private_files = "private" in same
        surroundings = self._facts.get(_SURROUNDINGS, b"") if "texts" in same else b""
        self._last = Surroundings.from_bytes(surroundings)
        self._cores: dict[str, Core] = {}
        self._text_warnings = dict(self._last.of_texts)
        self.edits = self._find_edits()
        if self.edits is not None:
            return
        cores = {} if self.why_complete else self._store.cores(self._keys.texts)
        self._cores = {path: self.format.core(core) for path, core in cores.items()}
        pages = self._store.pages() if "texts" in same else {}
        self.pages = PageInputs(pages, self._part_fingerprint, self._uses)
        attached = frozenset(self._facts.get("attached", b"").decode().split("\n"))
        self._valid = ValidTexts.find(
            self._cores, self._writing, self._sources, self._keys, attached
        )
        if self._facts.get(OF_ONE_BUILD) == self._keys.texts:
            others = self._cores.keys() - self._valid.paths
            context[FORMER_TEXTS] = {path: self._former_text(path) for path in others}

    def _find_edits(self) -> frozenset[str] | None:
        """The edited texts, if nothing else has changed. Prepares the context for them."""
        is_possible = (
            self.keeps_files
            and not self._facts.get("attached")
            and self._last.key == self._key_of_surroundings
            and self._last.beside == stamps_beside(Path(os.fsdecode(self._facts["site"])))
        )
        digests = self._store.digests(self._keys.texts) if is_possible else {}
        edits = find_edits(self._writing, self._last, digests, self._sources) if digests else None
        if edits is None or not self._is_as_left():
            return None
        texts = StoredTexts(digests, self._stored_text)
        former = {path: texts[path] for path in edits}
        new = {path: self._writing.text(path) for path in edits}
        if not all(has_same_place(new[path], self._cores[path], former[path]) for path in edits):
            return None
        self.context[FORMER_TEXTS] = former
        self.context[ONLY_EDITED] = True
        self.context["generated_content"] = texts
        for path in sorted(self._last.of_texts.keys() - edits):
            self._warn_again(self._last.of_texts[path])
        get_report(self.settings).warnings += self._last.of_site
        return edits

    @cached_property
    def _key_of_surroundings(self) -> bytes:
        return hash_of((self._keys.all, names_key(self._writing)))

    def _warn_again(self, warnings: Iterable[Warned]) -> None:
        for name, line, message in warnings:
            get_report(self.settings).warn(Path(self.settings["PATH"]) / name, line, message)

    @property
    def forms(self) -> bytes:
        """The fingerprint of everything that a form shows."""
        return self._keys.forms

    @property
    def _writing(self) -> Writing:
        writing: Writing = self.settings[WRITING]
        return writing

    # Texts

    def stored_texts(self, paths: Iterable[str]) -> Iterator[Any]:
        """Articles and pages of the last build, for those paths that have not changed."""
        for path in paths:
            if path in self._valid.paths:
                warnings = self._text_warnings[path] = self._cores[path][3].warnings
                self._warn_again(warnings)
                yield self._former_text(path)

    def _former_text(self, path: str) -> Any:
        """An article or page of the last build, of which the core is loaded."""
        return self.format.text(path, self._cores[path], self._load, self._uses.note)

    def _stored_text(self, path: str) -> Any:
        """The article or page of the last build with this path."""
        row = self._store.part(self._keys.texts, path, "core")
        self._cores[path] = self.format.core(row)
        return self._former_text(path)

    def store_new_texts(self) -> None:
        """Makes every new text a stored one, before anything is rendered."""
        warnings, is_kept = self._warnings(), self._store.is_open and not self.why_complete
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

        rows = with_progress("Completing texts", finished_and_checked(new, row_of), len(new))
        for text, row in zip(new, rows, strict=True):
            if is_kept and len(self._rows) >= _BATCH_SIZE:
                self._flush()
            path = text.get_relative_source_path()
            self.texts_read += 1
            self._rows[path] = row
            if row is not None:
                core = self.format.core(row.core)
                if self.edits is not None and not has_same_core(core, self._cores[path]):
                    raise MoreChangedError
                self._text_warnings[path] = core[3].warnings
                for name in core[3].files:  # a child cannot say when it has read a file
                    self._sources.hash_of(name)
                if self._sources.have_changed(core[3].files):
                    self._changing.add(path)
                self.format.replace(text, core, self._load, self._uses.note)
        raise_problems(self.settings)
        if self.edits is not None:
            self._find_pages()
        for path in self._cores:
            if self.context["generated_content"].get(path) is None:
                self._rows[path] = None

    def _store_changed(self, text: Any) -> None:
        """Stores a text again that a plugin has changed."""
        path = text.get_relative_source_path()
        self._rows[path] = row = self.format.row(text, self._cores[path][3])
        text.__dict__["_parts"].fingerprints = self.format.core(row.core)[1]

    def _find_pages(self) -> None:
        """The pages to render in the short way."""
        read, warned = self._rows.keys(), self._texts_with_pelican_warnings()
        if warned or warned is None or None in self._rows.values():
            raise MoreChangedError
        posts = map(self._writing.text, read)
        if read != self.edits or any(attached_files(post) for post in posts if post):
            raise MoreChangedError
        self.pages = EditedPages(
            self._store.pages_with(read),
            self._part_fingerprint,
            self._uses,
            self.context["generated_content"],
        )

    def _flush(self) -> None:
        """Writes new texts, so that not all are in memory."""
        warned = self._texts_with_pelican_warnings()
        if warned is None or get_report(self.settings).problems:
            return
        skipped = self._valid.read_again.union(self._changing, warned)
        rows = {path: row for path, row in self._rows.items() if row and path not in skipped}
        self._store.add_texts(self._keys.texts, rows)
        for path in rows:
            del self._rows[path]

    def _inputs_of(self, text: Any, warnings: Mapping[str, list[Any]]) -> TextInputs:
        path = text.get_relative_source_path()
        post = self._writing.text_at(Path(text.source_path))
        if post is None:
            raise NotStorable("no rule has read it")
        html = text._content or ""
        facts = facts_of(text)
        names = {*facts.linked_files, *facts.shown_files}
        names |= relative_files(post, html)
        date = vars(text).get("date")
        sources = sorted({path, *names})
        about = [short_path(Path(self.settings["PATH"]) / name) for name in sources]
        return TextInputs(
            text=post.digest,
            values_hash=post.facts.values_hash,
            files={name: self._sources.hash_of(name) for name in sorted(names)},
            links=named_texts(post, html),
            address=self._keys.address(post),
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
        self._uses.clear()
        self._uses.names.update(values.own)
        self.pages.keep(name, values)
        return False

    def save(self, folder: SiteFolder, stamps: Mapping[str, bytes], removed: Iterable[str]) -> None:
        """Keeps what this build has learned."""
        files: dict[str, tuple[bytes] | None] = dict.fromkeys(removed)
        if not folder.is_in_place:
            files |= dict.fromkeys(folder.known)
        files |= {name: (stamp,) for name, stamp in stamps.items()}
        facts = {
            **self._new_facts,
            "site": os.fsencode(folder.site),
            OF_ONE_BUILD: self._keys.texts,
            _SURROUNDINGS: self._surroundings(folder.site).to_bytes(),
            "templates": b"" if self.settings["TEMPLATE_PAGES"] else self.templates.data,
            "attached": "\n".join(sorted(self._valid.attached)).encode(),
        }
        texts: dict[str, TextRow | None] = dict(self._rows)
        pages = self.pages.changes
        if self.edits is None:
            self._sources.forget_others()
        if self._facts.get("texts") != self._new_facts["texts"]:
            pages = {**dict.fromkeys(self._store.pages()), **pages}
        warned = self._texts_with_pelican_warnings()
        texts |= dict.fromkeys(self._valid.read_again.union(self._changing, warned or ()))
        if self.why_complete or warned is None:
            texts = dict.fromkeys(self._store.cores(self._keys.texts))
            pages = dict.fromkeys(self._store.pages())
        self._store.save(
            Changes(self._keys.texts, facts, self._sources.changes, texts, pages, files)
        )

    def _surroundings(self, site: Path) -> Surroundings:
        """For the next build."""
        known = self.context["generated_content"]
        of_texts = {
            path: warnings
            for path, warnings in self._text_warnings.items()
            if warnings and known.get(path) is not None
        }
        return Surroundings(
            self._writing.now,
            self.settings[SUMMARY].due_at,
            self._key_of_surroundings if self.pages.are_all_known else b"",
            unpublished_texts(self._writing, known, None if self.edits is None else self._last),
            stamps_beside(site),
            of_texts,
            site_warnings(get_report(self.settings).warnings, of_texts, self.settings),
        )

    def _texts_with_pelican_warnings(self) -> set[str] | None:
        """The texts that Pelican warned of: it warns again only if it reads them again.

        None if it does not name the text, so that every build must read all.
        """
        collect_log(self.settings)
        found: set[str] = set()
        for message in get_report(self.settings).pelican_warnings:
            named = {path for path in self.context["generated_content"] if path in message}
            if not named:
                self.unnamed_warning = message
                return None
            found |= named
        return found
