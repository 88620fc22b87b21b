"""A Pelican plugin for what helps a reader on: the contents list of an article and its neighbours.

Each article gets `outline`, the list of its headings, and `neighbours`.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup
from pelican import signals

from publish.links import contents
from publish.neighbours import Facts, Neighbours, Reference, neighbours
from publish.wiring import listen

FEWEST_HEADINGS: Final = 3  # below this a contents list helps nobody
_HEADING: Final = re.compile(r'<h2\b[^>]*?\bid="(?P<id>[^"]+)"[^>]*>(?P<title>.*?)</h2>', re.DOTALL)


@dataclass(frozen=True)
class Heading:
    """One line of a contents list: the heading's id and its words."""

    id: str
    title: str


def help_readers(generators: Any) -> None:
    """Before forms are placed, so that their headings are not among the contents."""
    context = generators[0].context
    for content in contents(context):
        content.outline = outline(content._content or "")
        content.neighbours = Neighbours()
    articles = sorted(context.get("articles", ()), key=lambda one: (one.date, one.slug))
    found = neighbours([_facts(article) for article in articles])
    for article in articles:
        article.neighbours = found[article.slug]


def outline(html: str) -> tuple[Heading, ...]:
    """The main headings of an article; none if there are too few."""
    found = tuple(
        Heading(heading["id"], Markup(heading["title"]).striptags())  # noqa: S704 - becomes text
        for heading in _HEADING.finditer(html)
    )
    return found if len(found) >= FEWEST_HEADINGS else ()


def _facts(article: Any) -> Facts:
    chosen = getattr(article, "related", ())
    return Facts(
        slug=article.slug,
        reference=Reference(
            title=article.title,
            url=article.url,
            date=article.date.isoformat(),
            shown_date=article.locale_date,
        ),
        tags=tuple(tag.slug for tag in getattr(article, "tags", ())),
        series=str(getattr(article, "series", "") or ""),
        chosen=tuple(chosen) if not isinstance(chosen, str) else tuple(_listed(chosen)),
    )


def _listed(text: str) -> list[str]:
    return [slug.strip() for slug in text.split(",") if slug.strip()]


def register() -> None:
    """Called by Pelican."""
    listen(signals.all_generators_finalized, help_readers)
