"""A Pelican plugin, after publish.plugins.checks: front matter of both styles, read by one model.

Templates and plugins find the same values for either style, in an article's `metadata` and as its
attributes: `image`, `image_alt`, `canonical`, `series`, `preview`, `campaign` are text, `noindex`
is true or false, `modified` is a date, `aliases` and `related` are tuples of slugs, and `faq` is a
tuple of pairs, question and answer in Markdown. `title_id` is the id of a heading that is the
title. A key that is not given is not an attribute.
"""

import posixpath
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pelican import signals
from pelican.readers import MarkdownReader
from pelican.urlwrappers import Author, Category, Tag

from publish.checks.html_links import rewrite_links
from publish.checks.name_slugs import NameKind
from publish.checks.post import Post
from publish.checks.project import WRITING
from publish.plugins.commonmark import TextConverter
from publish.plugins.current_file import reading_file
from publish.plugins.link_rewriting import link_rewriter
from publish.plugins.markdown_cache import html_cache, save_html_cache
from publish.plugins.signals import connect_last
from publish.plugins.text_facts import all_texts, has_all_texts, is_stored

_PELICAN_KEYS: Final = {"author": "authors"}  # one or several
_NAME_KINDS: Final[Mapping[type, NameKind]] = {Category: "category", Tag: "tag", Author: "author"}
_DATES: Final = frozenset({"date", "modified"})


class FrontMatterReader(MarkdownReader):  # type: ignore[misc]  # Pelican ships no types
    """Takes the front matter that the rules have read, and gives only the text to Markdown."""

    _converter: TextConverter | None = None

    def read(self, source_path: str) -> tuple[str, dict[str, Any]]:
        """The text as HTML, and the front matter in Pelican's types."""
        with reading_file(self.settings, Path(source_path)):
            read = self._read(Path(source_path))
        self._post(Path(source_path)).forget_text()
        return read

    def _read(self, path: Path) -> tuple[str, dict[str, Any]]:
        post = self._post(path)

        layout = self.settings[WRITING].layout
        rewrite = link_rewriter(layout, self.settings, posixpath.dirname(post.name))

        def html(text: str) -> str:
            return rewrite_links(self._convert(text), rewrite)

        metadata = {
            _PELICAN_KEYS.get(name, name): self._value(name, post, html) for name in post.values
        }
        authors = layout.authors
        if authors and "authors" not in metadata:  # Pelican would not look up their slugs
            metadata["authors"] = self.process_metadata("authors", list(authors))
        if post.title_id:
            metadata["title_id"] = post.title_id
        return html(post.front_matter.body), metadata

    def process_metadata(self, name: str, value: Any) -> Any:
        """The value in Pelican's type. Categories, tags and authors get their own slugs."""
        processed = super().process_metadata(name, value)
        names = self.settings[WRITING].layout.name_slugs
        for item in processed if isinstance(processed, list) else [processed]:
            kind = _NAME_KINDS.get(type(item))
            if kind and (slug := names.get(kind, item.name)):
                item.slug = slug
        return processed

    def _convert(self, text: str) -> str:
        cache = html_cache(self.settings)
        converted = cache.get(text)
        if converted is None:
            self._converter = self._converter or TextConverter(self.settings)
            converted = self._converter.html(text)
            cache.add(text, converted)
        return converted

    def _post(self, path: Path) -> Post:
        """The file as the rules have read it, so that the page is what was checked."""
        post: Post | None = self.settings[WRITING].text_at(path.absolute())
        if post is None:
            raise ValueError("the file was added during the build: build again")
        return post

    def _value(self, name: str, post: Post, html: Callable[[str], str]) -> Any:
        value = post.values[name]
        if name in self.settings["FORMATTED_FIELDS"]:
            value = html(str(value))
        elif name in _DATES:
            value = value.isoformat(" ")  # Pelican parses text
        elif name == "translation":
            value = str(post.front_matter.values[name])
        elif name in {"tags", "author", "authors"}:
            value = list(value)
        return self.process_metadata(_PELICAN_KEYS.get(name, name), value)


def save_cache(generator: Any) -> None:
    """Saves the HTML of all texts, now that Pelican has read them."""
    context = generator.context
    has_read_all = has_all_texts(context) and not any(map(is_stored, all_texts(context)))
    save_html_cache(generator.settings, all_were_used=has_read_all)


def use_reader(readers: Any) -> None:
    """Replaces Pelican's Markdown reader."""
    for extension in MarkdownReader.file_extensions:
        readers.reader_classes[extension] = FrontMatterReader


def register() -> None:
    """Called by Pelican."""
    connect_last(signals.readers_init, use_reader)
    connect_last(signals.page_generator_finalized, save_cache)
