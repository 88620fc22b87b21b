"""A Pelican plugin that gives articles one order everywhere: by date and time, then by slug.

Pelican sorts by date alone. Lists, their pages, the archive and feeds show the newest first; the
sitemap and a series begin with the oldest. `older` and `newer` on a page follow the same order.
"""

from typing import Any

from pelican import signals

from publish.plugins.signals import connect_last


def age_order(article: Any) -> tuple[Any, ...]:
    """The sort key of articles, oldest first. Of one date and time, `a` is older than `b`."""
    return article.date, article.slug, article.lang


class NewestFirst:
    """The sort key of articles, newest first."""

    def __init__(self, article: Any) -> None:
        self._age = age_order(article)

    def __lt__(self, other: "NewestFirst") -> bool:
        return other._age < self._age


def set_order(pelican: Any) -> None:
    """Replaces Pelican's default order of lists and feeds. A project may have set another one."""
    if pelican.settings["ARTICLE_ORDER_BY"] == "reversed-date":
        pelican.settings["ARTICLE_ORDER_BY"] = NewestFirst


def sort_archive(generator: Any) -> None:
    """Sorts the articles of the archive, which always is in the order of dates."""
    generator.dates.sort(key=age_order, reverse=generator.settings["NEWEST_FIRST_ARCHIVES"])


def register() -> None:
    """Called by Pelican."""
    connect_last(signals.initialized, set_order)
    connect_last(signals.article_generator_finalized, sort_archive)
