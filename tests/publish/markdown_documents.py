"""Random documents: nested lists, quotes, code, tables, emphasis, HTML and links.

They are written in odd ways: with lazy lines, tabs, blanks at both ends of lines, and marks that
nothing closes.
"""

from typing import Final

from hypothesis import strategies as st

Lines = list[str]

_MARKDOWN: Final = r"""
one two, three. it's 4 *em* **strong** ***both*** _low_ __under__ a_b_c *open close* **open close**
`code` ``a`b`` ` ~~gone~~ ~x~ ~~ [link](/x) [link](<y> "t") [link](/a(b)c) [link](</a> 'x\*y')
![dot](d.png) ![*a* b](</d.png>) [ref] [Ref][] [text][ref] [none] [none][] [*a*](/x)
[![i](j)](/k) <b>bold</b> <br> <!--c--> <b title='x'> &amp; &copy; &#35; &#x41; &none; &ouml;
<https://e.example/?a=1&b=2> <a@example.org> https://e.example/p www.example.org a@example.org
https://e.example/(a) https://e.example/?b=1&amp;c. List<String> <token> & <
> | \| \* \[y\] \< \& \`
* ** *** _ __ ] [ ! # ## - + = 1. 12) é 安装 “q” — \ \\ a\
"""
_WORDS: Final = st.sampled_from([*_MARKDOWN.split(), "a\u00a0b", "\u2003", "a  b", "a\tb", "` a `"])
_BREAKS: Final = st.sampled_from(["\n", "\n", "\n", "  \n", "\\\n", " \n", " \t\n"])
_LEADS: Final = st.sampled_from(["", "", "", "", " ", "  ", "   "])
_BLANK: Final = st.sampled_from([[], [], [""], [""], ["", ""], ["  "]])
_RULE_OR_DEFINITION: Final = st.sampled_from(
    [
        ["***"],
        ['[ref]: /to "there"'],
        ["[Ref]: <a b> 't'"],
        ["[ref]:", "  /second", "  'title", "  of two lines'"],
        ['[ref]: /x "t" no'],
        ["[other]: /y"],
    ]
)


@st.composite
def _sentences(draw: st.DrawFn) -> str:
    """One line of words."""
    return " ".join(draw(st.lists(_WORDS, min_size=1, max_size=6)))


@st.composite
def _paragraph(draw: st.DrawFn) -> Lines:
    lines = draw(st.lists(_sentences(), min_size=1, max_size=3))
    leads = [draw(_LEADS), *(draw(st.sampled_from(["", "", "  ", "      "])) for _ in lines[1:])]
    text = "".join(f"{lead}{line}{draw(_BREAKS)}" for lead, line in zip(leads, lines, strict=True))
    return text.removesuffix("\n").split("\n")


@st.composite
def _heading(draw: st.DrawFn) -> Lines:
    if draw(st.booleans()):
        closing = draw(st.sampled_from(["", "", " #", " ###  ", "#", " \\#"]))
        return [f"{draw(_LEADS)}{'#' * draw(st.integers(1, 7))} {draw(_sentences())}{closing}"]
    return [*draw(_paragraph()), draw(_LEADS) + draw(st.sampled_from(["-", "---", "=", "=====  "]))]


@st.composite
def _code(draw: st.DrawFn) -> Lines:
    line = st.sampled_from(
        ["x = 1", "  y < 2", "", "- a", "\ttab", "~~~", "```", "a &lt; b", "> q"]
    )
    lines = draw(st.lists(line, max_size=4))
    if draw(st.booleans()):
        lead = draw(_LEADS)
        mark = draw(st.sampled_from(["```", "~~~~", "`````"]))
        info = draw(st.sampled_from(["", "python", " text", " a\\*b &amp;"]))
        end = draw(st.sampled_from([[mark], [f"  {mark}{mark[0]}  "], []]))
        return [f"{lead}{mark}{info}", *(f"{lead}{line}" for line in lines), *end]
    lead = draw(st.sampled_from(["    ", "     ", "\t"]))
    return [f"{lead}start", *(f"{lead}{line}" if line else "" for line in lines), f"{lead}end"]


@st.composite
def _table(draw: st.DrawFn) -> Lines:
    width = draw(st.integers(1, 3))
    cell = st.sampled_from(["a", "*b*", "`c`", "1 \\| 2", "", "[x](/y)", "`\\|`", "\u00a0"])
    rows = draw(st.lists(st.lists(cell, min_size=1, max_size=width + 1), min_size=1, max_size=3))
    mark = st.sampled_from(["---", ":--", ":-:", "--:", "-"])
    marks = draw(st.lists(mark, min_size=width, max_size=width))
    first, last = draw(st.sampled_from([("| ", " |"), ("|", "|"), ("", ""), ("| ", "")]))
    lines = [f"{first}{' | '.join(row)}{last}".lstrip() for row in [["h"] * width, marks, *rows]]
    lead = draw(st.sampled_from(["", "", " "]))
    return [f"{lead}{line}" for line in lines]


_HTML: Final = st.sampled_from(
    [
        ["<script>", "*a*", "", "b</script>"],
        ["<pre>*a*", "", "  b</pre> *c*"],
        ["<!-- a", "", "b -->"],
        ["<!-- a --> *b*"],
        ["<?php", "", "*a* ?>"],
        ["<!DOCTYPE html>"],
        ["<![CDATA[", "", "*a*]]>"],
        ["<div>", "*x*", "</div>"],
        ["<div>", "", "*x*", "", "</div>"],
        ["<details>", "<summary>s</summary>", "", "*open*", "", "</details>"],
        ["<p>y</p>"],
        ["<ins>", "", "z", "", "</ins>"],
        ["<b title='x'>", "*z*", "</b>"],
        ["<ins>*z*</ins>"],
    ]
)


@st.composite
def _list(draw: st.DrawFn, blocks: st.SearchStrategy[list[Lines]]) -> Lines:
    mark = draw(st.sampled_from(["-", "*", "+", "1.", "7)", "10.", "0."]))
    lead = draw(_LEADS)
    gap = draw(st.sampled_from([" ", " ", "  ", "   ", "    ", "     ", "\t"]))
    width = 1 if len(gap) == 5 else len(gap.expandtabs(4 - (len(lead) + len(mark)) % 4))
    indent = " " * (len(lead) + len(mark) + width)
    indent = draw(
        st.sampled_from([indent, indent, indent, f"{indent} ", indent.replace("    ", "\t")])
    )
    lines: Lines = []
    for item in draw(st.lists(blocks, min_size=1, max_size=3)):
        first, *others = _joined(draw, item)
        if draw(st.integers(0, 9)) == 0:
            first = draw(st.sampled_from(["[ ] ", "[x] ", "[X] "])) + first
        if draw(st.integers(0, 9)) == 0:  # the text begins on the next line
            first, others = "", [first, *others]
        lines += [
            f"{lead}{mark}{gap if first else ''}{first}",
            *(f"{indent}{line}" if line else "" for line in others),
            *draw(_BLANK),
        ]
    return lines


@st.composite
def _quote(draw: st.DrawFn, blocks: st.SearchStrategy[list[Lines]]) -> Lines:
    lead, gap = draw(_LEADS), draw(st.sampled_from([" ", " ", " ", "", "   "]))
    lines = _joined(draw, draw(blocks))
    return [f"{lead}>{gap}{line}".rstrip(" ") for line in lines]


@st.composite
def _lazy_lines(draw: st.DrawFn) -> Lines:
    """A paragraph in a quote or item whose later lines have no mark."""
    mark = draw(st.sampled_from(["> ", ">", "> > ", "- ", "1. ", "> - ", "- > "]))
    end = draw(st.sampled_from([[], ["***"], ["---"], ["==="], ["# h"], ["- a"], ["> b"]]))
    return [f"{mark}{draw(_sentences())}", draw(_sentences()), *end]


def _joined(draw: st.DrawFn, blocks: list[Lines]) -> Lines:
    lines: Lines = []
    for block in blocks:
        lines += ([] if not lines else draw(_BLANK)) + block
    return lines


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Texts of a few blocks, nested up to four deep."""
    leaf = st.one_of(
        *[_paragraph()] * 3,
        _lazy_lines(),
        _heading(),
        _code(),
        _table(),
        st.one_of(_HTML, _RULE_OR_DEFINITION),
    )
    containers = (_list, _list, _quote)
    block = st.recursive(
        leaf,
        lambda inner: st.one_of(
            container(st.lists(inner, min_size=1, max_size=3)) for container in containers
        ),
        max_leaves=8,
    )
    lines = _joined(draw, draw(st.lists(block, min_size=1, max_size=4)))
    return "\n".join([*lines, "", '[ref]: /to "there"', ""])
