"""A Pelican plugin that writes the sitemap: an index, a file of pages, and files of articles.

Protocol 0.9, https://www.sitemaps.org/protocol.html, with Google's extension for pictures. Each
file holds up to `MAX_ENTRIES` articles, the oldest first, so that an old file changes only with its
articles.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from pelican import signals
from pelican.generators import Generator

from publish.plugins.links import with_translations
from publish.plugins.signals import connect_last
from publish.plugins.text_facts import facts_of, new_texts

MAX_ENTRIES: Final = 5_000  # the protocol allows 50,000 addresses and 50 MB


@dataclass(frozen=True)
class Entry:
    """One address of a sitemap: path below the site, ISO 8601 date, full addresses of pictures."""

    path: str
    modified: str = ""
    pictures: tuple[str, ...] = ()


class SitemapGenerator(Generator):  # type: ignore[misc]  # Pelican ships no types
    """Runs after Pelican's own generators, with the same writer."""

    def generate_output(self, writer: Any) -> None:
        """Called by Pelican after everything was read."""
        articles = list(_content_entries(reversed(self.context["articles"])))
        dates = {article: _modified(article) for article in self.context["articles"]}
        newest = max(dates.values(), default="")
        pages = _date_start_page(_content_entries(self.context["pages"]), newest)
        parts = {"sitemap-pages.xml": [*pages, *self._lists(dates)]}
        for start in range(0, len(articles), MAX_ENTRIES):
            name = f"sitemap-articles-{start // MAX_ENTRIES + 1}.xml"
            parts[name] = articles[start : start + MAX_ENTRIES]
        for name, entries in parts.items():
            self._write(writer, name, "sitemap", entries)
        index = [Entry(name, _latest(entries)) for name, entries in parts.items()]
        self._write(writer, "sitemap.xml", "sitemap_index", index)

    def _write(self, writer: Any, name: str, template: str, entries: Sequence[Entry]) -> None:
        writer.write_file(name, self.get_template(template), self.context, entries=entries)

    def _lists(self, dates: Mapping[Any, str]) -> Iterator[Entry]:
        """The list of all articles, and the pages of categories, tags and authors.

        `dates`: when each article was modified. Each is in several lists.
        """
        settings = self.settings
        yield Entry(settings["INDEX_URL"], max(dates.values(), default=""))
        for kind, key in (("CATEGORY", "categories"), ("TAG", "tags"), ("AUTHOR", "authors")):
            if settings[f"{kind}_SAVE_AS"]:
                for name, articles in self.context[key]:
                    newest = max(map(dates.__getitem__, articles), default="")
                    yield Entry(name.url, newest)


def _content_entries(items: Iterable[Any]) -> Iterator[Entry]:
    """The articles and pages that search engines may list under their own address."""
    for content in with_translations(items):
        if entry := facts_of(content).sitemap_entry:
            yield Entry(content.url, *entry)


def _date_start_page(entries: Iterable[Entry], newest: str) -> Iterator[Entry]:
    """Dates the start page by the newest article, which it shows."""
    for entry in entries:
        yield entry if entry.path else replace(entry, modified=newest)


def _modified(article: Any) -> str:
    date: datetime = getattr(article, "modified", article.date)
    return date.isoformat()


def note_entries(generators: Any) -> None:
    """Notes what the sitemap says of each text, unless search engines may not list it."""
    for content in new_texts(generators[0].context):
        head = content.head
        if not head.noindex and head.canonical == head.url:
            facts_of(content).sitemap_entry = (head.modified, getattr(content, "pictures", ()))


def _latest(entries: Iterable[Entry]) -> str:
    return max((entry.modified for entry in entries), default="")


def generator(_pelican: Any) -> type[SitemapGenerator]:
    """Called by Pelican, which then runs this generator after its own."""
    return SitemapGenerator


def register() -> None:
    """Called by Pelican."""
    connect_last(signals.get_generators, generator)
    connect_last(signals.all_generators_finalized, note_entries)
