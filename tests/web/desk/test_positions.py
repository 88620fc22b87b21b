"""Positions in addresses: what a page wrote is read again, and any other text is no position."""

import pytest

from capture.web.desk.positions import read_number, read_position, show_position
from tests.samples import NOW


def test_a_position_is_read_as_it_was_written() -> None:
    assert read_position(show_position((NOW, "7ffwzp2npa6a"))) == (NOW, "7ffwzp2npa6a")


@pytest.mark.parametrize(
    "text",
    ["", "x", "~", "2026-11-30T10:15:00Z~", "2026-11-30T10:15:00~a", "0001-01-01T00:00:00+05:00~a"],
)
def test_any_other_text_is_no_position(text: str) -> None:
    assert read_position(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        (str(2**63 - 1), 2**63 - 1),
        *((text, None) for text in ("", "-1", "x", "\u0667", str(2**63), "9" * 5000)),
    ],
)
def test_a_number_is_one_that_the_database_stores(text: str, number: int | None) -> None:
    assert read_number(text) == number
