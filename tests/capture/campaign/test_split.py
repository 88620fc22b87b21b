"""A criterion must not split a choice, and the proposals in the message do not either."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.campaign.rules.form import (
    accepted_choices,
    contains_span,
    cut_choices,
    split_choices,
    split_message,
    unsplit_bounds,
)
from capture.campaign.value_types import number_range

SPANS = {choice: number_range(choice) for choice in ("1-50", "51-200", "201+")}


@st.composite
def choices(draw: st.DrawFn) -> dict[str, tuple[int, int | None]]:
    """Adjacent choices from 1 on; the last may have no upper end."""
    ends = sorted(draw(st.sets(st.integers(1, 400), min_size=1, max_size=6)))
    starts = [1, *(end + 1 for end in ends)]
    spans = [*zip(starts, ends, strict=False)]
    if draw(st.booleans()):
        spans.append((starts[-1], None))
    return {f"{low}-{high}": (low, high) for low, high in spans}


bounds = st.integers(0, 450)
rules = st.one_of(
    st.tuples(st.sampled_from(["at_least", "at_most"]), bounds),
    st.tuples(st.just("between"), st.tuples(bounds, bounds).map(lambda pair: tuple(sorted(pair)))),
)


def meets(operator: str, operand, number: int) -> bool:
    """A simple reference implementation of the rule for one number."""
    if operator == "between":
        return operand[0] <= number <= operand[1]
    return number >= operand if operator == "at_least" else number <= operand


@given(rules, choices())
def test_a_choice_is_accepted_if_every_number_in_it_meets_the_rule(rule, spans) -> None:
    for span in spans.values():
        numbers = range(span[0], (span[1] or 1000) + 1)
        met = {meets(*rule, number) for number in numbers}
        assert contains_span(*rule, span) == (met.pop() if len(met) == 1 else None)


@given(rules, choices())
def test_the_proposed_bounds_split_no_choice(rule, spans) -> None:
    operator, operand = rule
    for other in unsplit_bounds(operator, operand, spans):
        assert split_choices(operator, other, spans) == []
        assert accepted_choices(operator, other, spans)


@given(rules, choices())
def test_the_proposed_choices_cover_the_split_one_and_are_not_split(rule, spans) -> None:
    for choice in split_choices(*rule, spans):
        pieces = [number_range(words) for words in cut_choices(*rule, spans[choice])]
        assert None not in [contains_span(*rule, piece) for piece in pieces]
        assert (pieces[0][0], pieces[-1][1]) == spans[choice]
        joints = pairwise(pieces)
        assert all(left[1] + 1 == right[0] for left, right in joints)


def test_the_nearest_bounds_below_and_above_are_proposed() -> None:
    assert unsplit_bounds("at_least", 101, SPANS) == [51, 201]
    assert unsplit_bounds("at_most", 100, SPANS) == [50, 200]


def test_at_most_splits_a_choice_without_an_upper_end() -> None:
    assert split_message("at_most", 500, SPANS) == (
        'would split the choice "201+"; use at_most = 200 (accepts "1-50", "51-200"), '
        'or offer "201-500" and "501+" instead of "201+"'
    )


def test_overlapping_choices_get_a_proposal_that_fits_both() -> None:
    spans = {choice: number_range(choice) for choice in ("50-100", "100-200")}
    assert split_message("at_least", 100, spans) == (
        'would split the choice "50-100"; use at_least = 50 (accepts "50-100", "100-200"), '
        'or offer "50-99" and "100" instead of "50-100"'
    )


@pytest.mark.parametrize("bound", [51, 201])
def test_the_first_number_of_a_choice_is_a_valid_bound(
    problems_after_change: Callable[..., list[str]], bound: int
) -> None:
    assert problems_after_change(("at_least = 51", f"at_least = {bound}")) == []
