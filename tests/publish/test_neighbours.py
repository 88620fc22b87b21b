"""The neighbours of articles: by time, by tags, in a series."""

from collections import Counter
from math import log2
from random import Random

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
