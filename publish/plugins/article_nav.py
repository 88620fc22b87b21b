"""A Pelican plugin for navigation: an article's contents list and its neighbours.

Each article gets `outline`, the list of its headings, and `neighbours`: the older, the newer, the
related ones, and those of its series.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import log2
from typing import Any, Final, NamedTuple

from markupsafe import Markup
from pelican import signals

from publish.plugins.article_order import age_order
from publish.plugins.signals import connect_last
from publish.plugins.text_facts import (
    FORMER_TEXTS,
    all_texts,
    facts_of,
    has_all_texts,
    new_texts,
)

# Neighbours. For each tag only the articles nearest in time are compared, so that the work grows
# linearly with the number of articles.

RELATED: Final = 3
NEAREST: Final = 8  # articles of a tag that are compared, on either side


# Named tuples are made and compared faster than dataclasses: there is one for each article.


class Reference(NamedTuple):
    """What one article's page may show of another article. `date` is ISO 8601."""

    title: str
    url: str
    date: str
    shown_date: str


class Series(NamedTuple):
    """Articles that belong together, oldest first; `place` is this article's, from 1."""

    name: str
    place: int
    parts: tuple[Reference, ...]


class Facts(NamedTuple):
    """The facts of an article that decide its neighbours."""

    slug: str
    reference: Reference
    tags: tuple[str, ...] = ()
    series: str = ""
    chosen: tuple[str, ...] = ()
    """Slugs that the writer lists under `Related`."""


class Neighbours(NamedTuple):
    """The articles to read before or after one article."""

    older: Reference | None = None
    newer: Reference | None = None
    related: tuple[Reference, ...] = ()
    series: Series | None = None


def neighbours(articles: Sequence[Facts]) -> dict[str, Neighbours]:
    """The neighbours of each article by its slug; `articles` come oldest first."""
    by_slug = {facts.slug: facts for facts in articles}
    tagged, series = _group(articles)
    result = {}
    for place, facts in enumerate(articles):
        chosen = [by_slug[slug].reference for slug in facts.chosen if slug in by_slug]
        similar = [articles[other].reference for other in _related(place, facts, tagged)]
        related = dict.fromkeys([*chosen, *similar])
        result[facts.slug] = Neighbours(
            older=articles[place - 1].reference if place else None,
            newer=articles[place + 1].reference if place + 1 < len(articles) else None,
            related=tuple(related)[: max(RELATED, len(chosen))],
            series=_series(facts, series[facts.series]) if facts.series else None,
        )
    return result


def _group(
    articles: Sequence[Facts],
) -> tuple[Mapping[str, list[int]], Mapping[str, list[Reference]]]:
    """The indexes of each tag's articles, in order; the articles of each series."""
    tagged: dict[str, list[int]] = defaultdict(list)
    series: dict[str, list[Reference]] = defaultdict(list)
    for place, facts in enumerate(articles):
        for tag in dict.fromkeys(facts.tags):
            tagged[tag].append(place)
        if facts.series:
            series[facts.series].append(facts.reference)
    return tagged, series


def _related(place: int, facts: Facts, tagged: Mapping[str, list[int]]) -> list[int]:
    """Indexes of articles that share tags with this one, the most similar first.

    A rare tag counts more than a common one; among equals the nearest in time comes first.
    """
    score: dict[int, float] = {}
    for tag in dict.fromkeys(facts.tags):
        places = tagged[tag]
        at = bisect_left(places, place)
        weight = 1 / log2(1 + len(places))
        for other in places[max(0, at - NEAREST) : at + NEAREST + 1]:
            score[other] = score.get(other, 0) + weight
    score.pop(place, None)
    least = min(sorted(score.values())[-RELATED:], default=0)
    best = [other for other, value in score.items() if value >= least]  # few, so sorted quickly
    return sorted(best, key=lambda other: (-score[other], abs(other - place), other))[:RELATED]


def _series(facts: Facts, parts: Sequence[Reference]) -> Series:
    return Series(facts.series, parts.index(facts.reference) + 1, tuple(parts))


MIN_HEADINGS: Final = 3  # a shorter contents list does not help
_HEADING: Final = re.compile(r'<h2\b[^>]*?\bid="(?P<id>[^"]+)"[^>]*>(?P<title>.*?)</h2>', re.DOTALL)


@dataclass(frozen=True)
class Heading:
    """One line of a contents list: the heading's id and its text."""

    id: str
    title: str


def add_article_nav(generators: Any) -> None:
    """Sets `outline` and `neighbours` of all articles and pages.

    Runs before the forms are inserted, so that the outline does not list their headings.
    """
    context = generators[0].context
    for content in new_texts(context):
        content.outline = outline(content._content or "")
        if former := context.get(FORMER_TEXTS):
            before = former[content.get_relative_source_path()]
            content.neighbours = before.neighbours
            facts_of(content).neighbours = facts_of(before).neighbours
    if not has_all_texts(context):
        return
    articles = sorted(context.get("articles", ()), key=age_order)
    by_slug = neighbours([_facts(article) for article in articles])
    listed = set(articles)
    for content in all_texts(context):  # a translation has the slug of its original
        around = by_slug[content.slug] if content in listed else Neighbours()
        key = blake2b(repr(around).encode(errors="surrogatepass"), digest_size=16).digest()
        if key != facts_of(content).neighbours:
            content.neighbours, facts_of(content).neighbours = around, key


def outline(html: str) -> tuple[Heading, ...]:
    """The second-level headings of an article; none if there are fewer than `MIN_HEADINGS`."""
    headings = tuple(
        Heading(match["id"], Markup(match["title"]).striptags())  # noqa: S704 - becomes text
        for match in _HEADING.finditer(html)
    )
    return headings if len(headings) >= MIN_HEADINGS else ()


def _facts(article: Any) -> Facts:
    own = vars(article)  # most articles have neither a series nor `related`
    chosen = own.get("related", ())
    return Facts(
        slug=article.slug,
        reference=Reference(
            title=article.title,
            url=article.url,
            date=article.date.isoformat(),
            shown_date=article.locale_date,
        ),
        tags=tuple([tag.slug for tag in own.get("tags", ())]),
        series=str(own.get("series") or ""),
        chosen=tuple(chosen) if not isinstance(chosen, str) else tuple(_split_list(chosen)),
    )


def _split_list(text: str) -> list[str]:
    return [slug.strip() for slug in text.split(",") if slug.strip()]


def register() -> None:
    """Called by Pelican."""
    connect_last(signals.all_generators_finalized, add_article_nav)
