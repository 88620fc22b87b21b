"""What a page would show in another way than its writer expects is a finding with its line."""

import pytest

from publish.checks.outline import outline_of
from tests.publish.checks.conftest import Desk
from tests.publish.markdown_structure import site_markdown


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (12, "Words.\n\nSee [a][b].", "`[a][b]` is no link, because nothing defines `b`"),
        (12, "Words.\n\n![a][b]", "`![a][b]` is no link, because nothing defines `b`"),
        (12, "Words.\n\n[a][]", "`[a][]` is no link, because nothing defines `a`"),
        (
            12,
            "Words.\n\n<{filename}x.md>",
            "`<{filename}x.md>` is no link: write `[text]({filename}x.md)`",
        ),
        (12, "Words.\n\n## A[^1]\n\n[^1]: B.", "`[^1]` in a heading"),
        (12, "|a|\n|-|\n| `b|c` |\n| d |", "`c`` is not shown"),
        (12, "Words.\n\nA[^1].", "`[^1]` has no footnote"),
        (12, "Words.\n\n[^1]: A.", "`[^1]:` is not shown, because no `[^1]` leads to it"),
        (12, "Words.\n\n[^1]: A[^1].", "`[^1]:` is not shown, because no `[^1]` leads to it"),
        (13, "a[^x]\n\n[^X]: A.\n[^x]: B.", "`[^x]:` is not shown, because line 12 has this"),
        (12, "Words.\n\n[A[^1]](b)\n\n[^1]: B.", "`[^1]` in the text of a link: put it behind"),
        (12, "Words.\n\n![A[^1]](b)\n\n[^1]: B.", "`[^1]` in the text of a picture"),
        (12, "Words.\n\n> [!INFO]\n> A.", "`[!INFO]` is no alert, so it is shown as text: write"),
        (12, "Words.\n\n- >[!tip] A\n  > b", "`[!tip]` is no alert with other words on its line"),
        (12, '## A\n\n<b id="a">x</b>', '`id="a"` is the id of the heading in line 10 too'),
        (15, "Words.\n\n- One\n\n    !!! note\n        [a][b]", "`[a][b]` is no link"),
    ],
)
def test_a_construct_that_would_be_dropped_is_a_problem_of_its_line(
    line: int, text: str, message: str
) -> None:
    problems = outline_of(text, first_line=10).problems
    assert [problem.line for problem in problems] == [line]
    assert problems[0].message.startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        "[a][b] and [B]\n\n!!! note\n    [b]: /x\n",
        "!!! note\n    [a][b] and c[^1]\n\n[b]: /x\n\n[^1]: d",
        "`[a][b]` and `<{filename}x.md>` and `[^1]`\n\n    [a][b] <{filename}x> [^1]",
        "[x](<{filename}a b.md>)\n\n[y]: <{filename}c.md>",
        "|a|b|\n|-|-|\n|c|d|\n| e | f |  \ng|h\n> |a|\n> |-|\n> |b|\n",
        "a[^A] b[^b c]: d[^*]\n\n[^a]: e[^2]\n[^B  C]: f\n[^2]: g\n[^*]: h",
        "!!! note\n    a[^1]\n\n    [^2]: b\n\nc[^2]\n\n[^1]: d",
        "> [!NOTE]\n> a\n\n> [!tip]  \n> b\n\n> [!x](/a)\n\n> c\n> [!z]\n\n[!x]: /b",
        "a \\[^1] and \\[b][c] and [ ] [x] [sic]",
        '## A\n\n<b id="b">x</b> <a name="a"></a>',
    ],
)
def test_what_the_page_shows_as_written_is_no_problem(text: str) -> None:
    assert outline_of(text).problems == ()


def test_a_problem_is_a_warning_of_the_rule_markdown(desk: Desk) -> None:
    desk.post("One [a][b] two.")
    _, findings = desk.check()
    assert [finding.rule for finding in findings.warnings] == ["markdown"]


@pytest.mark.parametrize(
    "text",
    [
        "1. Press.\n   - If [not](a.md), ask.\n",
        '!!! note "[T](t.md)"\n    [a](b.md)\n\n    ## In a note\n',
        "> [!TIP]\n> [a](b.md)\n",
        '<div markdown="1" id="d">\n\n[a](b.md)\n\n## In HTML\n\n</div>\n',
        "| [a](b.md) |\n|---|\n| ![c](d.png) |\n",
        "A [x], a <token> and a List<String>.[^1]\n\n[x]: y.md\n\n[^1]: [z](z.md)\n",
        "[a](b.md){#c} and `[d](e.md)`\n\n    [f](g.md)\n",
        "<foo>\n<div markdown>\n\n<div markdown>\n\n[a](b.md)\n\n</div>\n\n</div>\n",
        '<a href="h.md">i</a> <img src="j.png" alt="k">\n',
    ],
)
def test_check_and_page_find_the_same_links_and_anchors(text: str) -> None:
    html = site_markdown().convert(f"\n{text}")
    outline = outline_of(text)
    for link in outline.links:
        assert f'="{link.target}"' in html
    for anchor in outline.anchors:
        assert f'id="{anchor}"' in html
    assert html.count('.md"') + html.count('.png"') == len(outline.links)


def test_a_text_of_comments_or_lists_without_an_end_is_read_to_its_end() -> None:
    (problem,) = outline_of("<!-- " * 50_000).problems
    assert "hides the rest" in problem.message
    assert "own" in outline_of("{: " * 50_000 + "\n\n*a*{: #own }\n").anchors
