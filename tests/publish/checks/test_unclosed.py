"""A text of unclosed brackets is reported quickly, with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publish.checks import outline as unclosed
from publish.checks.outline import outline_of

SIZE = 60_000
"""A post of `[a](` of so many characters took 51 seconds, under the lock of publishing."""


@pytest.mark.parametrize("mark", ["[a](", "[", "![a](", "[a][", "[a](<", "> [a](\n", "<a ", "<!x "])
def test_a_text_that_would_take_minutes_is_reported_with_its_line(mark: str) -> None:
    text = f"Some words.\n\n{mark * (SIZE // len(mark))}\n"
    assert outline_of(text, first_line=10).unclosed == 12


def test_brackets_within_brackets_are_looked_through_as_well() -> None:
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
def test_long_texts_of_ordinary_marks_are_taken(text: str) -> None:
    assert outline_of(text).unclosed is None


def slowly(text: str) -> int:
    """What Python-Markdown looks through: from each `[`, and from each `(` after a `]`."""
    masked = list(text)
    place = 0
    while place < len(text):
        if text[place] == "\\":
            masked[place : place + 2] = "x" * len(masked[place : place + 2])
            place += 1
        place += 1
    total = 0
    for block in "".join(masked).split("\n\n"):
        for start, sign in enumerate(block):
            if sign == "[" or (sign == "(" and start and block[start - 1] == "]"):
                total += _end(block, start, sign, {"[": "]", "(": ")"}[sign]) - start
    return total


def _end(block: str, start: int, opens: str, closes: str) -> int:
    depth = 0
    for place in range(start, len(block)):
        depth += (block[place] == opens) - (block[place] == closes)
        if not depth:
            return place
    return len(block)


@given(st.text("[]()\\a\n"))
def test_one_pass_counts_what_looking_from_each_bracket_would(text: str) -> None:
    text = text.replace("\n\n\n", "\n\n")
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    assert sum(length for _, length in unclosed._brackets(text)) == slowly(text)


def test_a_post_is_refused_and_an_answer_in_its_head_too() -> None:
    sound, endless = outline_of("Words."), outline_of("[" * SIZE, first_line=7)
    assert sound.with_answers([sound, endless]).unclosed == 7
