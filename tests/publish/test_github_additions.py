"""Alerts and footnotes against two engines that read them as GitHub does."""

import re
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import Markdown

from publish.checks.outline import outline_of
from tests.long import LONG, rounds
from tests.publish.markdown_structure import (
    judge,
    second_judge,
    site_markdown,
    structure,
    with_same_footnotes,
)

ALERTS: Final = [
    "> [!NOTE]\n> Salt the water.\n",
    "> [!tip]\n> Salt.\n\nAfter.\n",
    "> [!Important]\n> One\n> two.\n",
    "> [!WARNING]\n>\n> Hot.\n",
    "> [!CAUTION]\n> - a\n> - b\n>\n> ```py\n> x\n> ```\n>\n> | a |\n> |---|\n> | b |\n",
    "> [!NOTE]\n",
    "> [!NOTE]\n\nAfter.\n",
    "> [!NOTE]  \n> Blanks before.\n",
    "> [!NOTE]\t\n> A tab before.\n",
    "   > [!NOTE]\n   > Indented.\n",
    "    > [!NOTE]\n    > Code.\n",
    "> [!NOTE]\n> # Heading\n",
    "> [!NOTE]\n> ---\n",
    "> [!NOTE]\n> <div>x</div>\n",
    "> [!NOTE]\n> a\n\n> [!TIP]\n> b\n",
    "- a\n  > [!NOTE]\n  > in an item\n- b\n",
    "1. a\n\n   > [!NOTE]\n   > in a loose item\n\n   c\n",
    "- > [!NOTE]\n  > first in an item\n",
    "> > [!NOTE]\n> > in a quote\n>\n> after\n",
    "> [!NOTE]\n> > [!TIP]\n> > in an alert\n>\n> after\n",
    "> [!NOTE]\n> 1. a\n>    > [!TIP]\n>    > in a list in an alert\n",
    "A paragraph.\n> [!NOTE]\n> directly below\n",
    "> [!NOTE]\n> *a*\nlazy\n",
    "> [!NOTE]\n> a[^1]\n>\n> [^1]: b\n",
    "> [!INFO]\n> Not one of the five kinds.\n",
    "> a\n> [!NOTE]\n> Not first.\n",
    "> [!NOTE]\n> a\n> [!TIP]\n> Not first.\n",
    ">  [!NOTE]\n> Two blanks.\n",
    "> \\[!NOTE]\n> Escaped.\n",
    "> [! NOTE]\n> A blank.\n",
    "> **[!NOTE]**\n> Strong.\n",
    "> ## [!NOTE]\n> A heading.\n",
    "[!NOTE]\nNo quote.\n",
]
OTHER_ALERTS: Final = {
    # comrak takes the words for a title; GitHub shows a quote.
    "> [!NOTE] Mind *this*\n> a\n": "<blockquote><p>[!NOTE] Mind <em>this</em> a</p></blockquote>",
    # comrak wants a blank; GitHub reads the quote first, and then its text.
    ">[!NOTE]\n>a\n": "<div><p>Note</p><p>a</p></div>",
    # The same: indented words continue the paragraph that begins with the mark.
    "> [!NOTE]\n>     a\n": "<div><p>Note</p><p>a</p></div>",
    "> [!NOTE]\nlazy\n": "<div><p>Note</p><p>lazy</p></div>",
}
FOOTNOTES: Final = [
    "a[^1]\n\n[^1]: b\n",
    "a[^1] b[^1] c[^1]\n\n[^1]: d\n",
    "a[^1][^2]\n\n[^1]: b\n[^2]: c\n",
    "b[^2] a[^1]\n\n[^1]: second\n[^2]: first\n",
    "[^1]: before\n\na[^1]\n",
    "a[^1]\n\n[^1]: b\n\n    two *p*\n\n    - l\n    - m\n\nafter\n",
    "a[^1]\n\n[^1]: b\nlazy\nlines\n",
    "a[^1]\n\n[^1]:\n    on the next line\n",
    "| a[^1] | b |\n|--|--|\n| c[^2] | d |\n\n[^1]: x\n[^2]: y\n",
    "- a[^1]\n- b\n\n  [^1]: in an item\n",
    "> a[^1]\n>\n> [^1]: in a quote\n",
    "a[^1]\n\n> [^1]: in another quote\n> y\n",
    "a[^1]\n\n- b\n\n[^1]: between lists\n\n- c\n",
    "# A[^1]\n\n[^1]: b\n",
    "**a[^1]** ~~b[^1]~~ [c[^1]](d)\n\n[^1]: e\n",
    "a[^1]\n\n[^1]:\n\n    ```py\n    c\n    ```\n",
    "a[^1]\n\n[^1]: b\n\n        code\n",
    "a[^1]\n\n[^1]: - b\n    - c\n",
    "a[^1]\n\n[^1]: > b\n",
    "a[^1]\n\n[^1]: # B\n",
    "a[^1]\n\n[^1]: | a |\n    |---|\n    | b |\n",
    "a[^1]\n\n[^1]: <div>b</div>\n",
    "a[^1]\n\n[^1]: https://e.example and [l]\n\n[l]: /u\n",
    "a[^1]\n\n[^1]: b[^2]\n[^2]: c[^1]\n",
    "a[^1] b[^1]\n\n[^1]: c[^1]\n",
    "a[^1]\n\n[^1]: b\n[^2]: unused\n",
    "a[^no]\n",
    "a[^A] b[^a]\n\n[^a]: c\n",
    "a[^stra\u00dfe] b[^STRASSE]\n\n[^Stra\u00dfe]: c\n",
    "a[^x-1] b[^x.2] c[^x_3] d[^x:4]\n\n[^x-1]: 1\n[^x.2]: 2\n[^x_3]: 3\n[^x:4]: 4\n",
    "a[^*] b[^*] c[^**] *d[^_]* _\n\n[^*]: x\n[^**]: y\n[^_]: z\n",
    "a[^*b*] c[^~]~~\n\n[^*b*]: x\n[^~]: y\n",
    "`a[^x`]` b[^x`]\n\n[^x`]: c\n",
    "a\\[^1] `b[^1]`\n\n[^1]: no reference\n",
    "a[^1](b)\n\n[^1]: a link\n",
    "a[^1]: b\n\n[^1]: c\n",
    "a[^]\n\n[^]: /a-link\n",
    "a[^1]\n\n    [^1]: code\n",
]
LABELS: Final = (
    r"a\[b",
    r"a\*b",
    r"a\\b",
    "a&amp;b",
    "a`b`",
    "a<b>",
    "a<!--b-->",
    "https://a.example",
)
"""Labels with marks, which are words; comrak reads some as Markdown."""
OTHER_FOOTNOTES: Final = {
    # GitHub makes links to the words of the definition, which nobody can mean.
    "a[^b c]\n\n[^b c]: d\n": "a[^b]\n\n[^b]: d\n",
    # A footnote works in a definition list, which GitHub does not have.
    "T\n:   a[^1]\n\n[^1]: b\n": "T\n:   a[^other]\n\n[^other]: b\n",
    # GitHub shows a footnote of a picture's text, and a link back that leads nowhere.
    "![a[^1]](b)\n\n[^1]: c\n": "<p><img alt='a[^1]' src='b'></p>\n",
    # The same: the only link to it is in the footnote itself.
    "a\n\n[^1]: b[^1]\n": "a\n",
}


@pytest.fixture(scope="module")
def markdown() -> Markdown:
    return site_markdown()


@pytest.mark.parametrize("text", ALERTS)
def test_an_alert_has_the_structure_that_comrak_gives_it(markdown: Markdown, text: str) -> None:
    made = with_same_footnotes(markdown.reset().convert(f"\n{text}"))
    assert structure(made) == structure(with_same_footnotes(second_judge(text)))


@pytest.mark.parametrize("text", OTHER_ALERTS)
def test_an_alert_is_read_as_on_github_where_comrak_differs(markdown: Markdown, text: str) -> None:
    assert structure(markdown.reset().convert(f"\n{text}")) == structure(OTHER_ALERTS[text])


@pytest.mark.parametrize("kind", ["Note", "Tip", "Important", "Warning", "Caution"])
def test_each_kind_of_alert_has_its_class_and_its_title(markdown: Markdown, kind: str) -> None:
    html = markdown.reset().convert(f"\n> [!{kind.upper()}]\n> a\n")
    assert f'<div class="admonition {kind.lower()}" role="note">' in html
    assert f'<p class="admonition-title">{kind}</p>' in html


@pytest.mark.parametrize("text", FOOTNOTES)
def test_footnotes_have_the_structure_that_both_engines_give_them(
    markdown: Markdown, text: str
) -> None:
    html = markdown.reset().convert(f"\n{text}")
    made = structure(with_same_footnotes(html))
    assert made == structure(with_same_footnotes(second_judge(text)))
    assert made == structure(with_same_footnotes(judge(text)))
    assert_every_link_leads_to_one_place(html)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("note", ["\n\n[^{}]: c\n", ""])
def test_marks_in_a_label_are_words(markdown: Markdown, label: str, note: str) -> None:
    text = f"*a[^{label}] b*{note.format(label)}"
    html = with_same_footnotes(markdown.reset().convert(f"\n{text}"))
    if not note:  # GitHub shows entities as they are written
        html = html.replace("&amp;", "&amp;amp;")
    assert structure(html) == structure(with_same_footnotes(judge(text)))
    messages = " ".join(problem.message for problem in outline_of(text, 1).problems)
    assert ("has no footnote" in messages) == (not note), messages


@pytest.mark.parametrize("text", OTHER_FOOTNOTES)
def test_footnotes_that_differ_are_read_like_a_text_that_does_not(
    markdown: Markdown, text: str
) -> None:
    html = markdown.reset().convert(f"\n{text}")
    same = markdown.reset().convert(f"\n{OTHER_FOOTNOTES[text]}")
    assert structure(with_same_footnotes(html)) == structure(with_same_footnotes(same))
    assert_every_link_leads_to_one_place(html)


def test_a_footnote_of_an_unused_footnote_is_left_out_too(markdown: Markdown) -> None:
    text = "[^9]: no[^3] [^2]\n[^2]: yes[^4]\n[^3]: no\n[^4]: yes\n\na[^2]\n"
    html = markdown.reset().convert(f"\n{text}")
    assert re.findall(r'<li id="fn:(\d)">', html) == ["2", "4"]
    assert_every_link_leads_to_one_place(html)


def assert_every_link_leads_to_one_place(html: str) -> None:
    ids = re.findall(r' id="([^"]*)"', html)
    assert [name for name in ids if " " in name] == []
    assert len(ids) == len(set(ids))
    assert [link for link in re.findall(r' href="#([^"]*)"', html) if link not in ids] == []


_LABELS: Final = st.sampled_from(["1", "2", "A", "a", "long-one", "x_y", "*"])
_WORDS: Final = st.sampled_from(["one", "*two*", "`x[^1]`", "it's", "[l](/u)", "\\[^1]", "&amp;"])


@st.composite
def _sentence(draw: st.DrawFn) -> str:
    words = st.one_of(_WORDS, _LABELS.map(lambda label: f"w[^{label}]"))
    return "w " + " ".join(draw(st.lists(words, min_size=1, max_size=4)))


@st.composite
def _texts_with_additions(draw: st.DrawFn) -> str:
    """Paragraphs, items and alerts with references, and some of the footnotes."""
    blocks = []
    for _ in range(draw(st.integers(1, 4))):
        body = draw(st.lists(_sentence(), min_size=1, max_size=2))
        kind = draw(st.sampled_from(["NOTE", "tip", "Warning", "INFO", ""]))
        lines = [f"> [!{kind}]", *(f"> {line}" for line in body)] if kind else body
        lead = draw(st.sampled_from(["", "", "- ", "1. ", "> "]))
        rest = lead if lead == "> " else " " * len(lead)
        blocks.append("\n".join([f"{lead}{lines[0]}", *(f"{rest}{line}" for line in lines[1:])]))
    for label in draw(st.lists(_LABELS, unique_by=str.casefold, max_size=5)):
        more = draw(st.sampled_from(["", "\n\n    more\n\n    - x", "\n\n    ```\n    c\n    ```"]))
        blocks.insert(draw(st.integers(0, len(blocks))), f"[^{label}]: w {draw(_WORDS)}{more}")
    return "\n\n".join(blocks) + "\n"


_made: Final[list[Markdown]] = []


@settings(max_examples=rounds(100, 3_000), derandomize=not LONG, deadline=None)
@given(_texts_with_additions())
def test_random_alerts_and_footnotes_have_the_structure_that_comrak_gives_them(text: str) -> None:
    markdown = _made[0] if _made else site_markdown()
    _made[:] = [markdown]
    html = markdown.reset().convert(f"\n{text}")
    assert structure(with_same_footnotes(html)) == structure(
        with_same_footnotes(second_judge(text))
    )
    assert_every_link_leads_to_one_place(html)


@settings(max_examples=rounds(100, 3_000), derandomize=not LONG, deadline=None)
@given(_texts_with_additions())
def test_each_id_of_a_random_footnote_is_an_anchor_for_check(text: str) -> None:
    markdown = _made[0] if _made else site_markdown()
    _made[:] = [markdown]
    html = markdown.reset().convert(f"\n{text}")
    ids = re.findall(r' id="(fn(?:ref)?:[^"]*)"', html)
    assert set(ids) <= set(outline_of(text).anchors)
