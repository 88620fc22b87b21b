"""The numbers beside a chart of counts."""

import pytest

from capture.web.desk.chart import scale


@pytest.mark.parametrize(
    ("highest", "numbers"),
    [
        (0, [0]),
        (1, [0, 1]),
        (4, [0, 1, 2, 3, 4]),
        (5, [0, 2, 4]),
        (31, [0, 10, 20, 30]),
        (549, [0, 200, 400]),
        (2_000, [0, 500, 1_000, 1_500, 2_000]),
        (1_234_567, [0, 500_000, 1_000_000]),
    ],
)
def test_a_scale_has_few_round_numbers_and_none_above_the_highest_bar(
    highest: int, numbers: list[int]
) -> None:
    assert scale(highest) == numbers
