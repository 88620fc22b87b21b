"""A Pelican plugin that gives articles one order everywhere: by date and time, then by slug.

Pelican sorts by date alone. Lists, their pages, the archive and feeds show the newest first; the
sitemap and a series begin with the oldest. `older` and `newer` on a page follow the same order.

Pelican finds files in an order that each run chooses anew. So pages whose files have the same name,
translations, and all texts as plugins go through them, are put in the order of their files: of two
texts that `{attach}` one file, the first one gets it.
"""

from pathlib import PurePosixPath
from typing import Any

from pelican import signals

from publish.plugins.signals import connect_last
from publish.plugins.text_facts import all_texts


def age_order(article: Any) -> tuple[Any, ...]:
    """The sort key of articles, oldest first. Of one date and time, `a` is older than `b`."""
    return article.date, article.slug, article.lang


class NewestFirst:
    """The sort key of articles, newest first."""

    def __init__(self, article: Any) -> None:
        self._age = age_order(article)

    def __lt__(self, other: "NewestFirst") -> bool:
        return other._age < self._age


def file_order(content: Any) -> tuple[str, str]:
    """The sort key of pages: by the name of the file, as in Pelican, then by its path."""
    path = PurePosixPath(content.get_relative_source_path())
    return path.name, str(path)


def set_order(pelican: Any) -> None:
    """Replaces Pelican's default order of lists and feeds. A project may have set another one."""
    settings = pelican.settings
    if settings["ARTICLE_ORDER_BY"] == "reversed-date":
        settings["ARTICLE_ORDER_BY"] = NewestFirst
    if settings["PAGE_ORDER_BY"] == "basename":
        settings["PAGE_ORDER_BY"] = file_order


def sort_archive(generator: Any) -> None:
    """Sorts the articles of the archive, which always is in the order of dates."""
    generator.dates.sort(key=age_order, reverse=generator.settings["NEWEST_FIRST_ARCHIVES"])


def sort_texts(generator: Any) -> None:
    """Sorts all texts by their paths, and the translations of each by language."""
    by_path = generator.context["generated_content"]
    texts = sorted(by_path.items())
    by_path.clear()
    by_path.update(texts)
    for content in all_texts(generator.context):
        content.translations.sort(key=lambda other: (other.lang, file_order(other)))


def register() -> None:
    """Called by Pelican."""
    connect_last(signals.initialized, set_order)
    connect_last(signals.article_generator_finalized, sort_archive)
    connect_last(signals.page_generator_finalized, sort_texts)
