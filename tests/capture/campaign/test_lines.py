"""The line number of a key."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from capture.campaign.problems import Lines, first_open_line

TEXT = '''\
# a comment = 1
title = "one"  # first = 2

inline = { rate = 5 }
words = """
price = 3
[price]
"""
list = [
    "a",   # not = here
    "b",
]

[price]
# rate = 1
rate = 50
other.dotted = 1

[fields.email]
label = "E-mail"
'''


def test_lines_are_found_past_comments_texts_lists_and_inline_tables() -> None:
    lines = Lines(TEXT)
    expected = {
        ("title",): 2,
        ("inline", "rate"): 4,
        ("words",): 5,
        ("list",): 9,
        ("list", 1): 9,
        ("price",): 14,
        ("price", "rate"): 16,
        ("price", "other", "dotted"): 17,
        ("fields",): 19,
        ("fields", "email"): 19,
        ("fields", "email", "label"): 20,
    }
    assert {path: lines.line_of(path) for path in expected} == expected


def test_a_missing_key_points_to_the_header_of_its_table() -> None:
    assert Lines(TEXT).line_of(("price", "model")) == 14
    assert Lines(TEXT).line_of(("fields", "phone", "label")) == 19


def test_a_missing_key_without_a_table_has_no_line() -> None:
    assert Lines(TEXT).line_of(("client",)) is None


def test_windows_line_ends_count_as_one_line_each() -> None:
    assert Lines(TEXT.replace("\n", "\r\n")).line_of(("fields", "email", "label")) == 20


def test_an_unclosed_list_is_reported_at_its_first_line() -> None:
    assert first_open_line("a = 1\n\nb = [\n  1,\n[c]\n", until=5) == 3
    assert first_open_line("a = 1\n\nb = [\n  1,\n]\n", until=5) is None


names = st.text("abcdefgh_-0123456789", min_size=1, max_size=6)
values = st.sampled_from(
    [
        "1",
        "5.00",
        "true",
        "2026-11-01",
        '"a # b = [c]"',
        "'literal \"'",
        "[1, 2]",
        "[\n  1, # one = 1\n\n  2,\n]",
        '"""\n[table]\nkey = 1\n"""',
        "'''\nx = 1\n'''",
        "{ a = 1, b = [\n1] }",
    ]
)
between = st.sampled_from(["", "\n", "# note = 1\n", "  # [note]\n\n", "\t\n"])
tables = st.dictionaries(names, st.dictionaries(names, values, max_size=4), max_size=4)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, dict[tuple[str, ...], int]]:
    """A TOML text, and the line of each key and table header that was written into it."""
    text = ""
    written: dict[tuple[str, ...], int] = {}

    def write(path: tuple[str, ...], statement: str) -> None:
        nonlocal text
        text += draw(between)
        written[path] = text.count("\n") + 1
        text += statement + draw(st.sampled_from(["", " # tail = 1"])) + "\n"

    sections = draw(tables)
    for key, value in draw(st.dictionaries(names, values, max_size=4)).items():
        if key not in sections:
            write((key,), f"{key} = {value}")
    for name, section in sections.items():
        write((name,), f"[{name}]")
        for key, value in section.items():
            write((name, key), f"{key} = {value}")
    return text, written


@given(files())
def test_the_line_is_right_for_every_key_of_any_file(file) -> None:
    text, written = file
    tomllib.loads(text)
    lines = Lines(text)
    assert {path: lines.line_of(path) for path in written} == written


@given(files(), names)
def test_a_missing_key_points_to_its_table_in_any_file(file, name) -> None:
    text, written = file
    path = (*next(iter(written), ()), "table", name, name)
    expected = next(
        (written[path[:end]] for end in range(len(path), 0, -1) if path[:end] in written), None
    )
    assert Lines(text).line_of(path) == expected
