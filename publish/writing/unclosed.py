"""Brackets that are opened and not closed, so often that making the page would take minutes.

Python-Markdown looks from each `[` and each `](` for its end, through all of the paragraph if there
is none, and its reader of HTML from each `<a` likewise: a text of such marks takes it a time that
grows with the square of its length. What it will have to look through is counted here in one pass.
"""

import re
from collections.abc import Iterator
from typing import Final

MOST: Final = 5_000_000
"""Signs to look through: about a second of Python-Markdown's time. A long post has 20,000."""
_MARK: Final = re.compile(r"\\.|[\[\]()]|\n[ \t>]*(?=\n)", re.DOTALL)
_TAG: Final = re.compile(r"<(?=[a-zA-Z/!?])")


def first_unclosed(text: str) -> int | None:
    """Where the bracket stands from which there is most to look through, if it is too much.

    `text` without its code. None if the page is made quickly.
    """
    if len(text) * sum(map(text.count, ("[", "(", "<"))) <= MOST:  # nearly every text
        return None
    total, longest, place = 0, 0, 0
    for start, length in (*_brackets(text), *_tags(text)):
        total += length
        if length > longest:
            longest, place = length, start
    return place if total > MOST else None


def _brackets(text: str) -> Iterator[tuple[int, int]]:
    """Where each begins, and how far it is to its end or to that of its paragraph."""
    square: list[int] = []
    round_: list[tuple[int, bool]] = []
    before = -2  # where the last `]` stood
    for found in _MARK.finditer(text):
        mark, place = found[0], found.start()
        if mark == "[":
            square.append(place)
        elif mark == "(":
            round_.append((place, before == place - 1))
        elif mark == "]":
            before = place
            if square:
                start = square.pop()
                yield start, place - start
        elif mark == ")":
            if round_:
                start, is_link = round_.pop()
                if is_link:
                    yield start, place - start
        elif mark[0] == "\n":
            yield from _to_the_end(place, square, round_)
    yield from _to_the_end(len(text), square, round_)


def _to_the_end(
    end: int, square: list[int], round_: list[tuple[int, bool]]
) -> Iterator[tuple[int, int]]:
    yield from ((start, end - start) for start in square)
    yield from ((start, end - start) for start, is_link in round_ if is_link)
    square.clear()
    round_.clear()


def _tags(text: str) -> Iterator[tuple[int, int]]:
    end = -1
    for found in _TAG.finditer(text):
        if end <= found.start() and end != len(text):
            end = text.find(">", found.start())
            end = len(text) if end < 0 else end
        yield found.start(), end - found.start()
