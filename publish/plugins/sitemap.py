"""A Pelican plugin that writes the sitemap: an index, and files of pages and of articles below it.

Protocol 0.9, https://www.sitemaps.org/protocol.html, with Google's extension for pictures. Articles
go into files of `LARGEST` each, the oldest first, so that an old file
changes only with its articles.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pelican import signals
from pelican.generators import Generator

from publish.plugins.links import with_translations
from publish.plugins.signals import listen

LARGEST: Final = 5_000  # the protocol allows 50,000 addresses and 50 MB


@dataclass(frozen=True)
class Entry:
    """One address of a sitemap: path below the site, ISO 8601 date, full addresses of pictures."""

    path: str
    modified: str = ""
    pictures: tuple[str, ...] = ()


class SitemapGenerator(Generator):  # type: ignore[misc]  # Pelican ships no types
    """Comes after Pelican's own generators, and uses its writer as they do."""

    def generate_output(self, writer: Any) -> None:
        """Called by Pelican when everything was read."""
        articles = list(_of_contents(reversed(self.context["articles"])))
        newest = _newest(self.context["articles"])
        pages = _start(_of_contents(self.context["pages"]), newest)
        parts = {"sitemap-pages.xml": [*pages, *self._lists()]}
        for start in range(0, len(articles), LARGEST):
            name = f"sitemap-articles-{start // LARGEST + 1}.xml"
            parts[name] = articles[start : start + LARGEST]
        for name, entries in parts.items():
            self._write(writer, name, "sitemap", entries)
        index = [Entry(name, _latest(entries)) for name, entries in parts.items()]
        self._write(writer, "sitemap.xml", "sitemap_index", index)

    def _write(self, writer: Any, name: str, template: str, entries: Sequence[Entry]) -> None:
        writer.write_file(name, self.get_template(template), self.context, entries=entries)

    def _lists(self) -> Iterator[Entry]:
        """The list of all articles, and those of each topic, tag and author that has a page."""
        settings = self.settings
        yield Entry(settings["INDEX_URL"], _newest(self.context["articles"]))
        for kind, named in (("CATEGORY", "categories"), ("TAG", "tags"), ("AUTHOR", "authors")):
            if settings[f"{kind}_SAVE_AS"]:
                for name, articles in self.context[named]:
                    yield Entry(name.url, _newest(articles))


def _of_contents(found: Iterable[Any]) -> Iterator[Entry]:
    """Those that want to be found, under this address."""
    for content in with_translations(found):
        head = content.head
        if not head.noindex and head.canonical == head.url:
            yield Entry(content.url, head.modified, getattr(content, "pictures", ()))


def _start(entries: Iterable[Entry], newest: str) -> Iterator[Entry]:
    """The start shows the newest articles, so it changes with them."""
    for entry in entries:
        yield entry if entry.path else replace(entry, modified=newest)


def _newest(articles: Iterable[Any]) -> str:
    return max((article.head.modified for article in articles), default="")


def _latest(entries: Iterable[Entry]) -> str:
    return max((entry.modified for entry in entries), default="")


def generator(_pelican: Any) -> type[SitemapGenerator]:
    """Adds ours to Pelican's generators."""
    return SitemapGenerator


def register() -> None:
    """Called by Pelican."""
    listen(signals.get_generators, generator)
