"""A text of unclosed brackets is reported quickly, with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publish.checks.outline import outline_of
from publish.checks.unclosed_brackets import _brackets

SIZE = 60_000
"""A post with this many characters of `[a](` took 51 seconds, while publishing was locked."""


@pytest.mark.parametrize("mark", ["[a](", "[", "![a](", "[a][", "[a](<", "> [a](\n", "<a ", "<!x "])
def test_a_text_that_would_take_minutes_to_render_is_reported_with_its_line(mark: str) -> None:
    text = f"Some words.\n\n{mark * (SIZE // len(mark))}\n"
    assert outline_of(text, first_line=10).unclosed == 12


def test_deeply_nested_brackets_are_reported() -> None:
    assert outline_of("[" * 30_000 + "]" * 30_000).unclosed == 1


@pytest.mark.parametrize(
    "text",
    [
        "- [A link](/to/a/page/) and *more* (of it).\n" * 2000,
        "[a]: /somewhere/\n\n" + "[a] " * 15_000,
        "```\n" + "[" * SIZE + "\n```\n",
        "`" + "[" * SIZE + "`\n",
        "\\[" * (SIZE // 2),
        "An interval [0, 1) and a smile :-(\n\n" * 1500,
        "1 < 2, a <b, <br>\n" * 3000,
        "| [a](b) | [c](d) |\n|---|---|\n" + "| [a](b) | [x](y) |\n" * 2000,
    ],
)
def test_long_texts_with_ordinary_brackets_are_accepted(text: str) -> None:
    assert outline_of(text).unclosed is None


def searched_characters(text: str) -> int:
    """How far Python-Markdown searches from each `[`, and from each `(` after a `]`."""
    masked = list(text)
    place = 0
    while place < len(text):
        if text[place] == "\\":
            masked[place : place + 2] = "x" * len(masked[place : place + 2])
            place += 1
        place += 1
    total = 0
    for block in "".join(masked).split("\n\n"):
        for start, mark in enumerate(block):
            if mark == "[" or (mark == "(" and start and block[start - 1] == "]"):
                total += _end(block, start, mark, {"[": "]", "(": ")"}[mark]) - start
    return total


def _end(block: str, start: int, opens: str, closes: str) -> int:
    depth = 0
    for place in range(start, len(block)):
        depth += (block[place] == opens) - (block[place] == closes)
        if not depth:
            return place
    return len(block)


@given(st.text("[]()\\a\n"))
def test_one_pass_counts_the_same_as_a_search_from_each_bracket(text: str) -> None:
    text = text.replace("\n\n\n", "\n\n")
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    assert sum(length for _, length in _brackets(text)) == searched_characters(text)


def test_unclosed_brackets_in_an_answer_are_reported_with_its_line() -> None:
    sound, unclosed = outline_of("Words."), outline_of("[" * SIZE, first_line=7)
    assert sound.with_answers([sound, unclosed]).unclosed == 7
