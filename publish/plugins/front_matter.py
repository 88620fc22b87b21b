"""A Pelican plugin, after publish.plugins.checks: heads in both styles, read by one model.

So templates and plugins find the same under either style, in an article's `metadata` and as its
attributes: `image`, `image_alt`, `canonical`, `series`, `preview`, `campaign` are text, `noindex`
is true or false, `modified` is a date, `aliases` and `related` are tuples of slugs, and `faq` is a
tuple of pairs, question and answer in Markdown. What a head does not give is no attribute.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from markdown import Markdown
from pelican import signals
from pelican.readers import MarkdownReader

from publish.checks.post import Post
from publish.checks.project import WRITING
from publish.plugins.current_file import reading_file
from publish.plugins.markdown_cache import cached_html
from publish.plugins.signals import listen

_PELICANS_NAME: Final = {"author": "authors"}  # one or several
_DATES: Final = frozenset({"date", "modified"})


class FrontMatterReader(MarkdownReader):  # type: ignore[misc]  # Pelican ships no types
    """Takes the head from what the rules have read, and gives Markdown the text alone."""

    _markdown: Markdown | None = None

    def read(self, source_path: str) -> tuple[str, dict[str, Any]]:
        """The text as HTML, and the head in Pelican's types."""
        with reading_file(self.settings, Path(source_path)):
            return self._read(Path(source_path))

    def _read(self, path: Path) -> tuple[str, dict[str, Any]]:
        post = self._post(path)

        def html(text: str) -> str:
            return cached_html(text, self.settings, lambda: self._convert(text))

        metadata = {
            _PELICANS_NAME.get(name, name): self._value(name, post, html) for name in post.values
        }
        return html(post.front_matter.body), metadata

    def _convert(self, text: str) -> str:
        """By one converter for all files, unless it failed: then it may be left in any state."""
        markdown, self._markdown = self._markdown or Markdown(**self.settings["MARKDOWN"]), None
        # The empty line tells Markdown's own reader of heads that there is none.
        converted: str = markdown.reset().convert(f"\n{text}")
        self._markdown = markdown
        return converted

    def _post(self, path: Path) -> Post:
        """The file as the rules have read it: so the page is what was checked."""
        try:
            post: Post = self.settings[WRITING].by_path[path.absolute()]
        except KeyError:
            raise ValueError("it came while the build was at work: build again") from None
        return post

    def _value(self, name: str, post: Post, html: Callable[[str], str]) -> Any:
        value = post.values[name]
        if name in self.settings["FORMATTED_FIELDS"]:
            value = html(str(value))
        elif name in _DATES:
            value = value.isoformat(" ")  # Pelican reads text: this way the date that was checked
        elif name == "translation":
            value = str(post.front_matter.values[name])
        elif name in {"tags", "author", "authors"}:
            value = list(value)
        return self.process_metadata(_PELICANS_NAME.get(name, name), value)


def use_reader(readers: Any) -> None:
    """Takes the place of Pelican's Markdown reader."""
    for extension in MarkdownReader.file_extensions:
        readers.reader_classes[extension] = FrontMatterReader


def register() -> None:
    """Called by Pelican."""
    listen(signals.readers_init, use_reader)
