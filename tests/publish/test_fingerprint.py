"""Fingerprints of the values that templates use."""

from dataclasses import dataclass
from typing import Any

import pytest
from pelican.contents import Article

from publish.build.fingerprint import UnknownValue, fingerprint


def text(known: bytes | None) -> Any:
    """An article, as far as a fingerprint needs it: stored texts know their own."""
    article = object.__new__(Article)
    if known is not None:
        article.stored_fingerprint = known
    return article


@dataclass(frozen=True)
class Pair:
    first: Any
    second: Any


A, B = text(b"a" * 16), text(b"b" * 16)
DIFFERENT: list[Any] = [
    *(None, True, 1, "1", b"1", "", "11", [], (), ["1"], [["1"]], ["1", "1"], ("1", "1"), {}),
    *(A, B, [A], [B], (A,), [A, B], [B, A], [A, A], [[A], B], [A, [B]], [A, "1"], ["1", A]),
    *([A, None], {"a": A}, {"b": A}, {"a": B}, {"a": [A]}, {"1"}, {"1", "2"}),
    *(Pair("1", "11"), Pair("11", "1"), Pair(A, B), Pair(B, A), Pair([A, B], [])),
]


def test_different_values_have_different_fingerprints() -> None:
    found = list(map(fingerprint, DIFFERENT))
    assert len(set(found)) == len(DIFFERENT)
    assert list(map(fingerprint, DIFFERENT)) == found


@pytest.mark.parametrize("value", [text(None), [A, text(None)], [text(None), A], ["1", text(None)]])
def test_what_shows_a_text_that_is_not_stored_has_no_fingerprint(value: object) -> None:
    with pytest.raises(UnknownValue, match=r"contents\.Article"):
        fingerprint(value)
