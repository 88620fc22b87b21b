"""Pelican's generators of articles, pages and files, which take what has not changed as it was.

Pelican's own code makes all lists. These generators give it the stored texts, and spare it work
that grows faster than the number of texts.
"""

import gc
import os
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from pelican import signals
from pelican.generators import ArticlesGenerator, Generator, PagesGenerator, StaticGenerator
from pelican.utils import order_content, process_translations

from publish.build.read_texts import HtmlFile
from publish.build.site_writer import SiteWriter
from publish.build.stored_site import StoredSite
from publish.checks.project import WRITING
from publish.plugins.checks import without_garbage_collection
from publish.plugins.kept_files import KEPT_FILES
from publish.plugins.parallel_markdown import convert_texts
from publish.progress import with_progress

STORED_SITE: Final = "GATEPOST_STORED_SITE"
"""The setting with the `StoredSite` of the build."""
_KINDS: Final = {"ARTICLE": "post", "PAGE": "page"}
"""Our names of Pelican's kinds of texts."""


class _KeepingGenerator(Generator):  # type: ignore[misc]
    """Lets Pelican read only the texts that are not stored."""

    _to_read: set[str] | None = None

    @property
    def _site(self) -> StoredSite:
        site: StoredSite = self.settings[STORED_SITE]
        return site

    @cached_property
    def _html_file(self) -> HtmlFile:
        return HtmlFile(Path(self.settings["CACHE_PATH"]))

    def get_files(self, paths: Any, exclude: Any = None, extensions: Any = None) -> Iterable[str]:
        """Called by Pelican: the texts to read."""
        if self._to_read is not None and extensions is None:
            return with_progress("Reading texts", sorted(self._to_read), len(self._to_read))
        files: Iterable[str] = super().get_files(paths, exclude, extensions)
        return files

    def _include_path(self, path: str, extensions: Any = None) -> bool:
        """Called by Pelican for each file. None that the rules have found is one to ignore."""
        if extensions is not False and path in self.settings[WRITING].by_name:
            known = self.readers.extensions if extensions is None else extensions
            return path.rpartition(".")[2] in known
        is_included: bool = super()._include_path(path, extensions)
        return is_included

    def add_source_path(self, content: Any, static: bool = False) -> None:
        """Called by Pelican for each text that it has read."""
        super().add_source_path(content, static)
        self._html_file.take_html_of(content)

    def add_static_links(self, content: Any) -> None:
        """Called by Pelican for each text that it has read. `content_paths` adds its links."""

    def check_disabled_readers(self) -> None:
        """Called by Pelican: warns of texts of a kind that it cannot read."""
        if self._site.edits is None:  # else the last build had no such warning
            super().check_disabled_readers()

    def _take_stored(self, kind: str) -> list[Any]:
        """The stored texts. Pelican then finds only the others."""
        settings, edits, writing = self.settings, self._site.edits, self.settings[WRITING]
        if edits is None:
            found = super().get_files(settings[f"{kind}_PATHS"], settings[f"{kind}_EXCLUDES"])
        else:
            edited = filter(None, map(writing.text, edits))
            found = {post.name for post in edited if post.kind == _KINDS[kind]}
        with without_garbage_collection():
            texts = list(self._site.stored_texts(sorted(found)))
        self._to_read = found.difference(text.relative_source_path for text in texts)
        to_read = filter(None, map(writing.text, sorted(self._to_read)))
        convert_texts(settings, (post for post in to_read if post.status != "skip"))
        for text in texts:
            self.context["generated_content"][text.relative_source_path] = text
            self.context["static_links"].update(text.get_static_links())
        return texts

    def _join(self, stored: list[Any], kind: str, lists: Any) -> None:
        """Adds the stored texts to the lists of those that Pelican has read."""
        by_status: dict[str, list[Any]] = {}
        for text in stored:
            by_status.setdefault(text.status, []).append(text)
        for status, name, translations in lists:
            texts = [*getattr(self, name), *getattr(self, translations)]
            texts += by_status.get(status, ())
            originals, others = _with_translations(texts, self.settings[f"{kind}_TRANSLATION_ID"])
            setattr(self, name, order_content(originals, self.settings[f"{kind}_ORDER_BY"]))
            setattr(self, translations, others)


class KeepingArticlesGenerator(_KeepingGenerator, ArticlesGenerator):  # type: ignore[misc]
    """Makes the lists of articles from the stored and the new ones."""

    dates: list[Any]

    def generate_context(self) -> None:
        """Called by Pelican."""
        # No search for garbage looks at frozen objects: they stay until the end.
        freeze = gc.freeze if not gc.get_freeze_count() else lambda: None
        with without_garbage_collection():
            self._site.start(self.context)
            freeze()
        stored = self._take_stored("ARTICLE")
        freeze()

        def join(_generator: Any) -> None:
            self._join(
                stored,
                "ARTICLE",
                (
                    ("published", "articles", "translations"),
                    ("hidden", "hidden_articles", "hidden_translations"),
                    ("draft", "drafts", "drafts_translations"),
                ),
            )

        with signals.article_generator_pretaxonomy.connected_to(join, sender=self):
            super().generate_context()

    def generate_pages(self, writer: SiteWriter) -> None:
        """Called by Pelican: writes the pages of articles, and all lists of them."""
        with writer.collecting():
            super().generate_pages(writer)

    def generate_tags(self, write: Any) -> None:
        """Called by Pelican."""
        self._generate_each("tags", super().generate_tags, write)

    def generate_categories(self, write: Any) -> None:
        """Called by Pelican."""
        self._generate_each("categories", super().generate_categories, write)

    def generate_authors(self, write: Any) -> None:
        """Called by Pelican."""
        self._generate_each("authors", super().generate_authors, write)

    def _generate_each(self, kind: str, generate: Callable[[Any], None], write: Any) -> None:
        """Lets Pelican write the pages of each tag, category or author as if it were the only one.

        Pelican asks of each article in the archive, `dates`, whether it is one of these. So that
        this does not take long, the archive has only these, in its order.
        """
        dates, lists = self.dates, getattr(self, kind)
        places = {article: place for place, article in enumerate(dates)}
        for name, articles in dict(lists).items():
            self.dates = sorted(filter(places.__contains__, articles), key=places.__getitem__)
            one = name, _QuickList(articles)
            setattr(self, kind, dict([one]) if kind == "tags" else [one])
            generate(write)
        self.dates = dates
        setattr(self, kind, lists)


class KeepingPagesGenerator(_KeepingGenerator, PagesGenerator):  # type: ignore[misc]
    """Makes the lists of pages from the stored and the new ones."""

    def generate_context(self) -> None:
        """Called by Pelican."""
        self._stored_pages = self._take_stored("PAGE")
        super().generate_context()

    def _update_context(self, items: Any) -> None:
        """Called by Pelican when it has read all pages."""
        self._join(
            self._stored_pages,
            "PAGE",
            (
                ("published", "pages", "translations"),
                ("hidden", "hidden_pages", "hidden_translations"),
                ("draft", "draft_pages", "draft_translations"),
            ),
        )
        super()._update_context(items)


class KeepingStaticGenerator(StaticGenerator):  # type: ignore[misc]
    """Copies only files that have changed."""

    def generate_output(self, writer: Any) -> None:
        """Called by Pelican."""
        if self.settings[STORED_SITE].edits is None:
            super().generate_output(writer)

    def _file_update_required(self, staticfile: Any) -> bool:
        """Called by Pelican for each file."""
        stored: StoredSite = self.settings[STORED_SITE]
        name = os.path.normpath(staticfile.save_as)
        is_same = stored.is_same_copy(staticfile.relative_source_path, name)
        return not (is_same and self.settings[KEPT_FILES](name))


class _QuickList(list[Any]):
    """A list of articles that finds quickly whether it has one: Pelican asks for each of them."""

    def __contains__(self, article: object) -> bool:
        known: set[Any] | None = getattr(self, "_known", None)
        if known is None:
            known = self._known = set(self)
        return article in known


def _with_translations(texts: list[Any], keys: Any) -> tuple[list[Any], list[Any]]:
    """Originals and translations. Pelican decides which is which, where there are several."""
    if not keys:
        return texts, []
    names = [keys] if isinstance(keys, str) else sorted(keys)
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for text in texts:
        groups.setdefault(tuple(getattr(text, name) for name in names), []).append(text)
    originals, translations = [], []
    for key in sorted(groups):
        group = groups[key]
        if len(group) == 1:
            group[0].translations = []
            originals.append(group[0])
        else:
            group.sort(key=lambda text: str(text.source_path))
            of_group, others = process_translations(group, keys)
            originals += of_group
            translations += others
    return originals, translations
