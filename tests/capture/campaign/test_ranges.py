"""Number ranges from the text of a choice."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from capture.campaign.value_types import number_range

numbers = st.integers(min_value=0, max_value=10**9)
ways_to_write = st.sampled_from([str, "{:,}".format])


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("51-200", (51, 200)),
        ("51 \u2013 200", (51, 200)),
        ("51—200", (51, 200)),
        ("51 to 200", (51, 200)),
        ("between 51 and 200", (51, 200)),
        ("51-200 employees", (51, 200)),
        ("1,001 - 5,000", (1001, 5000)),
        ("1\u202f001 \u2013 5\u202f000", (1001, 5000)),
        ("1,001+", (1001, None)),
        ("1001 or more", (1001, None)),
        ("1000 and over", (1000, None)),
        ("at least 1000", (1000, None)),
        ("More than 1000", (1001, None)),
        ("> 1000", (1001, None)),
        ("≥1000", (1000, None)),
        ("under 50", (0, 49)),
        ("Fewer than 50", (0, 49)),
        ("up to 50", (0, 50)),
        ("50 or fewer", (0, 50)),
        ("10", (10, 10)),
        (" 10  employees ", (10, 10)),
        ("0", (0, 0)),
    ],
)
def test_text_gives_a_range(words: str, numbers: tuple[int, int | None]) -> None:
    assert number_range(words) == numbers


@pytest.mark.parametrize(
    "words",
    [
        *("", "Healthcare", "Other", "Top 500", "just me", "under 0", "200-51", "51-", "-51"),
        *("51 200", "1,00", "1.5", "10 %", "51-200-300", "+", "1001++", "more than", "²", "٣"),
        "5 " + "0" * 100,
    ],
)
def test_other_text_gives_no_range(words: str) -> None:
    assert number_range(words) is None


@given(numbers, numbers, ways_to_write, st.sampled_from(["-", " - ", "\u2013", " \u2013 ", " to "]))
def test_a_range_is_read_in_every_notation(low, high, write, dash) -> None:
    expected = (low, high) if low <= high else None
    assert number_range(f"{write(low)}{dash}{write(high)}") == expected


@given(numbers, ways_to_write)
def test_more_than_and_up_to_are_complements(number, write) -> None:
    above = number_range(f"more than {write(number)}")
    up_to = number_range(f"up to {write(number)}")
    assert (up_to, above) == ((0, number), (number + 1, None))


@given(numbers, ways_to_write)
def test_under_and_or_more_are_complements(number, write) -> None:
    assume(number > 0)
    below = number_range(f"under {write(number)}")
    or_more = number_range(f"{write(number)} or more")
    assert (below, or_more) == ((0, number - 1), (number, None))


@given(st.text())
def test_any_text_gives_an_ordered_range_or_none(words) -> None:
    span = number_range(words)
    assert span is None or span[1] is None or 0 <= span[0] <= span[1]
