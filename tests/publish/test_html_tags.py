"""Words in angle brackets: the page shows them, and `check` names those that it cannot show."""

import re
from functools import cache
from html import unescape
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import Markdown

from publish.checks.outline import outline_of
from tests.long import LONG, rounds
from tests.publish.markdown_structure import site_markdown

WORDS: Final = [
    *("<token>", "</token>", "<my-element>", "<T>", "Map<String, List<Integer>>", "<Foo.Bar>"),
    *("<command>", "<path>", "<line>", "<text>", "<image>", "<filter>", "<set>", "<none>"),
    *("<title>", "</title>", "<title/>", "<textarea>", "<xmp>", "<template>", "<select>"),
    *("<script>", "<style>", "<iframe>", "<noscript>", "<video>", "<plaintext>", "<object>"),
    *("<token attr='a b'>", "<>", "<1>", "a <b", "a<b", "<a", "1 < 2 > 1", "<_x>", "<new\ntoken>"),
]
HTML: Final = [
    *("a<br>b", "a<BR/>b", "<b>c</b>", "<kbd>Ctrl</kbd>", "<sub>2</sub>", "<mark>m</mark>"),
    *("<svg width='1'><path d='M0 0'/><title>t</title></svg>", "<math><mi>x</mi></math>"),
    *("<select><option>x</option></select>", "<template>x</template>", "<!-- a comment -->"),
    *("a<wbr>b", '<iframe src="/x"/>'),
    "<details>\n<summary>s</summary>\n\n*x*\n\n</details>",
    "<textarea>\n\n*x*\n\n</textarea>",
    "<svg>\n\n<g>\n\n</g>\n\n</svg>",
]


@cache
def markdown() -> Markdown:
    return site_markdown()


def visible(text: str) -> str:
    """The words that a browser shows of a text, with single blanks."""
    html = markdown().reset().convert(f"\n{text}\n")
    return " ".join(unescape(re.sub("<[^>]*>", "", html)).translate(QUOTES).split())


QUOTES: Final = str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''")


@pytest.mark.parametrize("words", WORDS)
def test_what_is_no_html_is_shown(words: str) -> None:
    shown = " ".join(words.split())
    assert visible(words) == shown
    assert visible(f"Type {words} now.") == f"Type {shown} now."
    if "\n" not in words:
        assert visible(f"# {words}\n\n- {words}\n\n> {words}\n") == f"{shown} {shown} {shown}"


@pytest.mark.parametrize("source", HTML)
def test_html_is_kept(source: str) -> None:
    html = markdown().reset().convert(f"\n{source}\n")
    assert "&lt;" not in html
    assert outline_of(source).problems == ()


def test_an_unknown_tag_in_the_text_of_a_picture_is_part_of_it() -> None:
    assert '<img alt="The &lt;token&gt;" ' in markdown().reset().convert(
        "\n![The <token>](x.png)\n"
    )
    assert outline_of("![The <token>](x.png)").pictures[0].alt == "The <token>"


@pytest.mark.parametrize("before", ["", "<div>\n<!-- a -->\n</div>\n"])
def test_a_comment_without_its_end_hides_the_text_and_not_the_page(before: str) -> None:
    text = f"A\n\n{before}<!-- b\n\nc\n"
    html = markdown().reset().convert(f"\n{text}")
    assert html.count("<!--") == html.count("-->")
    assert html.endswith("-->" if not before else "-->\n<p>c</p>")
    (problem,) = outline_of(text, 10).problems
    assert (problem.line, problem.message) == (
        12 + before.count("\n"),
        "`<!--` hides the rest of the text: add `-->` behind the comment",
    )


@pytest.mark.parametrize(
    ("text", "line", "tag", "reason"),
    [
        ("A\n\n<div>\n<token>\n</div>", 13, "token", "HTML has no such element"),
        ("A\n\n<p>the <x> b</p>", 12, "x", "HTML has no such element"),
        ("A\n\nto <output> it", 12, "output", "it is HTML, here without its end"),
        ("A\n\n- <data>\n- b", 12, "data", "it is HTML, here without its end"),
    ],
)
def test_check_names_a_tag_that_readers_do_not_see(
    text: str, line: int, tag: str, reason: str
) -> None:
    (problem,) = outline_of(text, 10).problems
    assert problem.line == line
    assert problem.message.startswith(
        f"`<{tag}>` is not shown, because {reason}: write `&lt;{tag}>`"
    )


@pytest.mark.parametrize(
    "text",
    [
        *("a<br>b", "<p>One\n<li>two", "<b>a</b> <b>c</b>", '<a name="x">', "`<data>`"),
        *("    <data>\n", '<div markdown="1">\n\nA *word*.\n\n</div>'),
        "<details markdown>\n<summary>a</summary>\n\n*b*\n\n</details>",
    ],
)
def test_html_that_needs_no_end_and_code_are_no_problem(text: str) -> None:
    assert outline_of(text).problems == ()


_WORDS: Final = ("path", "Image", "title", "command", "script", "T, K", "a.b", "new name", "1")
_NAMES: Final = st.one_of(
    st.from_regex(r"[b-gj-z][a-z0-9]{0,6}q[a-z0-9-]{0,4}", fullmatch=True), st.sampled_from(_WORDS)
)
_BRACKETS: Final = st.sampled_from(["<{}>", "</{}>", "List<{}>", "<{}>x", "(<{}>)", "<{}/>"])
_BESIDE: Final = st.sampled_from(
    ["{}", "*{}*", "**a {}**", "[{}](/u)", "`c` {} *d*", "~~{}~~", "{}[^1]", "a_b {} c_d", "\\*{}"]
)
_TABLE: Final = "| w {} |\n|---|\n| w {} |"
_PLACES: Final = st.sampled_from(
    [
        *("{}", "# w {}", "- w {}\n  - w {}", "> w {}", "> [!NOTE]\n> w {}", "w  \n{}", _TABLE),
        *("!!! note\n    w {}", '!!! tip "w {}"\n    {}', "w\n:   w {}", "1. w\n\n   w {}"),
    ]
)


@settings(max_examples=rounds(150, 5_000), derandomize=not LONG, deadline=None)
@given(_NAMES, _BRACKETS, _BESIDE, _PLACES)
def test_random_words_in_brackets_never_vanish(
    name: str, brackets: str, beside: str, place: str
) -> None:
    words = brackets.format(name)
    text = place.replace("{}", beside.format(words)) + "\n\n[^1]: note\n"
    assert visible(text).count(words) == place.count("{}")
