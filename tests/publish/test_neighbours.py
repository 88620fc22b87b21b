"""The neighbours of articles: by time, by tags, in a series."""

from collections import Counter
from math import log2
from random import Random

import pytest

from publish.plugins.article_nav import NEAREST, RELATED, Facts, Reference, neighbours


def article(slug: str, *tags: str, series: str = "", chosen: tuple[str, ...] = ()) -> Facts:
    return Facts(slug, Reference(slug.upper(), f"{slug}/", "", ""), tags, series, chosen)


def titles(references: tuple[Reference, ...]) -> list[str]:
    return [reference.title for reference in references]


def test_the_article_before_is_older_and_the_next_newer() -> None:
    by_slug = neighbours([article("a"), article("b"), article("c")])
    assert by_slug["b"].older == article("a").reference
    assert by_slug["b"].newer == article("c").reference
    assert by_slug["a"].older is None
    assert by_slug["c"].newer is None


def test_articles_with_more_shared_tags_come_first_and_unrelated_ones_never() -> None:
    one = article("one", "x")
    by_slug = neighbours(
        [one, article("no", "z"), article("two", "x", "y"), article("me", "x", "y")]
    )
    assert titles(by_slug["me"].related) == ["TWO", "ONE"]


def test_a_rare_tag_counts_more_than_a_common_one() -> None:
    common = [article(f"c{number}", "common") for number in range(6)]
    by_slug = neighbours([article("rare", "rare"), *common, article("me", "common", "rare")])
    assert titles(by_slug["me"].related)[0] == "RARE"


def test_chosen_articles_come_first_and_missing_ones_are_left_out() -> None:
    me = article("me", "x", chosen=("far", "gone"))
    by_slug = neighbours([article("far"), article("near", "x"), me])
    assert titles(by_slug["me"].related) == ["FAR", "NEAR"]


def test_a_series_counts_its_parts_from_the_oldest() -> None:
    by_slug = neighbours([article("a", series="S"), article("b"), article("c", series="S")])
    series = by_slug["c"].series
    assert series is not None
    assert (series.place, titles(series.parts)) == (2, ["A", "C"])
    assert by_slug["b"].series is None


def test_only_the_nearest_articles_can_be_related() -> None:
    many = [article(f"n{number}", "x") for number in range(100)]
    before = neighbours(many)["n50"]
    far = 50 + NEAREST + 1
    changed = [*many[:far], *(article(f"m{number}", "x") for number in range(far, 100))]
    assert neighbours(changed)["n50"] == before


def test_related_articles_are_the_best_of_all_that_share_a_tag() -> None:
    choose = Random(1)
    tags = [f"t{number}" for number in range(12)]
    articles = [article(f"a{number}", *choose.choices(tags, k=3)) for number in range(80)]
    counts = Counter(tag for other in articles for tag in set(other.tags))
    by_slug = neighbours(articles)
    for place, me in enumerate(articles):
        scores = {}
        for tag in set(me.tags):
            places = [at for at, other in enumerate(articles) if tag in other.tags]
            own = places.index(place)
            for at in (*places[max(0, own - NEAREST) : own], *places[own + 1 :][:NEAREST]):
                scores.setdefault(at, []).append(1 / log2(1 + counts[tag]))
        best = sorted(scores, key=lambda at: (-round(sum(scores[at]), 9), abs(at - place), at))
        assert titles(by_slug[me.slug].related) == [f"A{at}" for at in best[:RELATED]]


@pytest.mark.parametrize("seed", range(40))
def test_after_edits_only_articles_near_them_have_other_neighbours(seed: int) -> None:
    choose = Random(seed)
    tags = [f"t{number}" for number in range(choose.choice([3, 30]))]

    def made(number: int, title: str) -> Facts:
        slug = f"a{number}"
        own = tuple(choose.choices(tags, k=choose.randrange(4)))
        chosen = tuple(f"a{choose.randrange(130)}" for _ in range(choose.choice([0, 0, 0, 2])))
        series = choose.choice(["", "", "", "S", "T"])
        return Facts(slug, Reference(title, f"{slug}/", "", ""), own, series, chosen)

    before = [made(number, "before") for number in range(120)]
    edited = choose.sample(range(120), k=choose.choice([0, 1, 2, 5]))
    if choose.random() < 0.2:
        edited += {0, 119}.difference(edited)
    after = list(before)
    for place in edited:
        other = made(place, "after")
        is_title_alone = choose.random() < 0.5
        after[place] = (
            before[place]._replace(reference=other.reference) if is_title_alone else other
        )
    changed = neighbours(after, {place: before[place].tags for place in edited})
    assert {**neighbours(before), **changed} == neighbours(after)


def test_after_an_edit_of_a_title_few_neighbours_are_found_again() -> None:
    articles = [article(f"a{number}", f"t{number % 4}", f"u{number % 7}") for number in range(900)]
    changed = neighbours(articles, {450: articles[450].tags})
    assert len(changed) <= 3 + 2 * 2 * NEAREST
    assert len(neighbours(articles, {})) == 0


def test_a_tag_that_an_edit_makes_rarer_counts_more_for_articles_far_away() -> None:
    near = [article("x", "x"), article("me", "x", "y"), article("y", "y")]
    far = [article(f"{tag}{number}", tag) for number in range(40) for tag in "xy"]
    before, after = [*near, *far], [*near, *far[:-1], article("y39")]
    changed = neighbours(after, {len(after) - 1: ("y",)})
    assert titles(neighbours(before)["me"].related)[:2] == ["X", "Y"]
    assert titles(changed["me"].related)[:2] == ["Y", "Y0"]
    assert {**neighbours(before), **changed} == neighbours(after)
