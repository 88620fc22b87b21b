"""Which articles stand beside one: older, newer, of its series, and on the same matters. Pure.

An article sees of another only a `Reference`, and of each of its tags only the articles nearest in
time: so the work grows with the number of articles, and a page depends on little.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Final

RELATED: Final = 3
NEAREST: Final = 8  # articles of a tag that are looked at, on either side


@dataclass(frozen=True)
class Reference:
    """All that one article's page may show of another article. `date` is ISO 8601."""

    title: str
    url: str
    date: str
    shown_date: str


@dataclass(frozen=True)
class Series:
    """Articles that belong together, oldest first; `place` is this article's, from 1."""

    name: str
    place: int
    parts: tuple[Reference, ...]


@dataclass(frozen=True)
class Facts:
    """What decides an article's neighbours."""

    slug: str
    reference: Reference
    tags: tuple[str, ...] = ()
    series: str = ""
    chosen: tuple[str, ...] = ()  # slugs that the writer named as related


@dataclass(frozen=True)
class Neighbours:
    """What stands beside one article."""

    older: Reference | None = None
    newer: Reference | None = None
    related: tuple[Reference, ...] = ()
    series: Series | None = None


def neighbours(articles: Sequence[Facts]) -> dict[str, Neighbours]:
    """The neighbours of each article by its slug; `articles` come oldest first."""
    by_slug = {facts.slug: facts for facts in articles}
    tagged, series = _groups(articles)
    found = {}
    for place, facts in enumerate(articles):
        chosen = [by_slug[slug].reference for slug in facts.chosen if slug in by_slug]
        like = [articles[other].reference for other in _alike(place, facts, tagged)]
        related = dict.fromkeys([*chosen, *like])
        found[facts.slug] = Neighbours(
            older=articles[place - 1].reference if place else None,
            newer=articles[place + 1].reference if place + 1 < len(articles) else None,
            related=tuple(related)[: max(RELATED, len(chosen))],
            series=_series(facts, series[facts.series]) if facts.series else None,
        )
    return found


def _groups(
    articles: Sequence[Facts],
) -> tuple[Mapping[str, list[int]], Mapping[str, list[Reference]]]:
    """The places of each tag's articles, in order; the articles of each series."""
    tagged: dict[str, list[int]] = defaultdict(list)
    series: dict[str, list[Reference]] = defaultdict(list)
    for place, facts in enumerate(articles):
        for tag in dict.fromkeys(facts.tags):
            tagged[tag].append(place)
        if facts.series:
            series[facts.series].append(facts.reference)
    return tagged, series


def _alike(place: int, facts: Facts, tagged: Mapping[str, list[int]]) -> list[int]:
    """Places of articles that share tags with this one, the most alike first.

    A rare tag says more than a common one; among equals the nearest in time wins.
    """
    score: dict[int, float] = defaultdict(float)
    for tag in dict.fromkeys(facts.tags):
        places = tagged[tag]
        at = bisect_left(places, place)
        for other in places[max(0, at - NEAREST) : at + NEAREST + 1]:
            if other != place:
                score[other] += 1 / log2(1 + len(places))
    return sorted(score, key=lambda other: (-score[other], abs(other - place), other))[:RELATED]


def _series(facts: Facts, parts: Sequence[Reference]) -> Series:
    return Series(facts.series, parts.index(facts.reference) + 1, tuple(parts))
