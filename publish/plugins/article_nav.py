"""A Pelican plugin for navigation: an article's contents list and its neighbours.

Each article gets `outline`, the list of its headings, and `neighbours`: the older, the newer, the
related ones, and those of its series.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import log2
from typing import Any, Final, NamedTuple

from markupsafe import Markup
from pelican import signals
from pelican.contents import Article

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
# linearly with the number of articles. After an edit only the articles near it are looked at.

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


def neighbours(
    articles: Sequence[Facts], former_tags: Mapping[int, Collection[str]] | None = None
) -> dict[str, Neighbours]:
    """The neighbours of each article by its slug; `articles` come oldest first.

    `former_tags`: by index of each edited article, the tags that it had, if the articles and their
    order have not changed. Then the result has only articles whose neighbours may have changed.
    """
    by_slug = {facts.slug: facts for facts in articles}
    tagged, series = _group(articles)
    wanted = None if former_tags is None else _near_edits(articles, former_tags, tagged)
    result = {}
    for place, facts in enumerate(articles):
        if wanted is not None and facts.slug not in wanted:
            continue
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


def _near_edits(
    articles: Sequence[Facts],
    former_tags: Mapping[int, Collection[str]],
    tagged: Mapping[str, list[int]],
) -> set[str]:
    """The slugs of all articles that may show an edited one, or that compare it with others."""
    near: set[int] = set()
    for place, former in former_tags.items():
        near.update((max(0, place - 1), place, min(place + 1, len(articles) - 1)))
        tags = articles[place].tags
        for tag in {*tags, *former}:
            places = tagged.get(tag, [])
            if tag in tags and tag in former:
                near.update(_nearest(place, places))
            else:  # how much the tag counts has changed
                near.update(places)
    slugs = {articles[place].slug for place in near}
    return slugs.union(facts.slug for facts in articles if facts.series or facts.chosen)


def _nearest(place: int, places: Sequence[int]) -> Sequence[int]:
    """Those of the indexes of a tag's articles that are compared with this one, itself included."""
    at = bisect_left(places, place)
    return places[max(0, at - NEAREST) : at + NEAREST + 1]


def _related(place: int, facts: Facts, tagged: Mapping[str, list[int]]) -> list[int]:
    """Indexes of articles that share tags with this one, the most similar first.

    A rare tag counts more than a common one; among equals the nearest in time comes first.
    """
    score: dict[int, float] = {}
    for tag in dict.fromkeys(facts.tags):
        places = tagged[tag]
        weight = 1 / log2(1 + len(places))
        for other in _nearest(place, places):
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
    has_all = has_all_texts(context)
    for content in new_texts(context):
        content.outline = outline(content._content or "")
        if not has_all:
            before = context[FORMER_TEXTS][content.get_relative_source_path()]
            content.neighbours = before.neighbours
            facts_of(content).neighbours = facts_of(before).neighbours
    if not has_all:
        return
    articles = sorted(context.get("articles", ()), key=age_order)
    by_slug = neighbours(list(map(_facts, articles)), _former_tags(articles, context))
    listed = set(articles)
    for content in all_texts(context):  # a translation has the slug of its original
        around = by_slug.get(content.slug) if content in listed else Neighbours()
        if around is None:
            continue
        key = blake2b(repr(around).encode(errors="surrogatepass"), digest_size=16).digest()
        if key != facts_of(content).neighbours:
            content.neighbours, facts_of(content).neighbours = around, key


def _former_tags(
    articles: Sequence[Any], context: MutableMapping[str, Any]
) -> dict[int, list[str]] | None:
    """By index of each new article, the tags that it had in the last build.

    None if an article may have been added, removed or moved since then.
    """
    former: Mapping[str, Any] = context.get(FORMER_TEXTS, {})
    new = {text.get_relative_source_path(): text for text in new_texts(context)}
    if former.keys() != new.keys() or not all(
        _has_same_place(new[path], text) for path, text in former.items()
    ):
        return None
    tags_of = {new[path]: _tags(text) for path, text in former.items()}
    return {place: tags_of[text] for place, text in enumerate(articles) if text in tags_of}


def _has_same_place(new: Any, former: Any) -> bool:
    """Whether a text is at the same place among all articles as in the last build, or still at
    none. That of a text with translations depends on them."""
    return (
        isinstance(new, Article) == isinstance(former, Article)
        and _place(new) == _place(former)
        and not new.translations
        and not facts_of(former).translations
    )


def _place(text: Any) -> tuple[Any, ...]:
    return text.status, getattr(text, "date", None), text.slug, text.lang


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
        tags=tuple(_tags(article)),
        series=str(own.get("series") or ""),
        chosen=tuple(chosen) if not isinstance(chosen, str) else tuple(_split_list(chosen)),
    )


def _tags(text: Any) -> list[str]:
    return [tag.slug for tag in vars(text).get("tags", ())]


def _split_list(text: str) -> list[str]:
    return [slug.strip() for slug in text.split(",") if slug.strip()]


def register() -> None:
    """Called by Pelican."""
    connect_last(signals.all_generators_finalized, add_article_nav)
