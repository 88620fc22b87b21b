"""Finds brackets that are never closed, if they would make a page slow to render.

Python-Markdown searches from each `[`, `](` and `<a` for its end, to the end of the paragraph if
there is none. So its time grows with the square of the number of unclosed brackets. One pass here
counts the characters that it will have to search.
"""

import re
from collections.abc import Iterator
from typing import Final

MAX_SEARCHED_CHARACTERS: Final = 5_000_000
"""About one second for Python-Markdown. A long post needs 20,000."""
_MARK: Final = re.compile(r"\\.|[\[\]()]|\n[ \t>]*(?=\n)", re.DOTALL)
_TAG: Final = re.compile(r"<(?=[a-zA-Z/!?])")


def first_unclosed(text: str) -> int | None:
    """The offset of the bracket with the longest search, if all searches together are too long.

    None if they are not. `text` must be without code.
    """
    if (
        len(text) * sum(map(text.count, ("[", "(", "<"))) <= MAX_SEARCHED_CHARACTERS
    ):  # nearly every text
        return None
    total, longest, place = 0, 0, 0
    for start, length in (*_brackets(text), *_tags(text)):
        total += length
        if length > longest:
            longest, place = length, start
    return place if total > MAX_SEARCHED_CHARACTERS else None


def _brackets(text: str) -> Iterator[tuple[int, int]]:
    """Offset of each bracket, and the distance to its end or to the end of the paragraph."""
    square: list[int] = []
    round_: list[tuple[int, bool]] = []
    last_close = -2  # the offset of the last `]`
    for match in _MARK.finditer(text):
        mark, place = match[0], match.start()
        if mark == "[":
            square.append(place)
        elif mark == "(":
            round_.append((place, last_close == place - 1))
        elif mark == "]":
            last_close = place
            if square:
                start = square.pop()
                yield start, place - start
        elif mark == ")":
            if round_:
                start, is_link = round_.pop()
                if is_link:
                    yield start, place - start
        elif mark[0] == "\n":
            yield from _still_open(place, square, round_)
    yield from _still_open(len(text), square, round_)


def _still_open(
    end: int, square: list[int], round_: list[tuple[int, bool]]
) -> Iterator[tuple[int, int]]:
    yield from ((start, end - start) for start in square)
    yield from ((start, end - start) for start, is_link in round_ if is_link)
    square.clear()
    round_.clear()


def _tags(text: str) -> Iterator[tuple[int, int]]:
    end = -1
    for match in _TAG.finditer(text):
        if end <= match.start() and end != len(text):
            end = text.find(">", match.start())
            end = len(text) if end < 0 else end
        yield match.start(), end - match.start()
