"""Random documents: nested lists, quotes, code, tables, emphasis and HTML, written in odd ways."""

import re
from typing import Final

from hypothesis import strategies as st

Lines = list[str]

_MARKDOWN: Final = r"""
one two, three. it's 4 *em* **strong** ***both*** _low_ a_b_c `code` ``a`b`` ~~gone~~ ~x~ *open
[link](/x) [link](<y> "t") ![dot](d.png) [ref] [Ref][] [text][ref] [none] <b>bold</b> &amp; &copy;
<https://e.example/?a=1&b=2> https://e.example/p www.example.org a@example.org <token> List<String>
& < > \* \[x\] * ** _ ] ! # 1. - + é 安装 \
"""
_WORDS: Final = st.sampled_from(_MARKDOWN.split())
_BREAKS: Final = st.sampled_from(["\n", "\n", "\n", "  \n", "\\\n"])
_DEFINITION: Final = '[ref]: /to "there"'


@st.composite
def _sentences(draw: st.DrawFn) -> str:
    """One line of words."""
    return " ".join(draw(st.lists(_WORDS, min_size=1, max_size=6)))


@st.composite
def _paragraph(draw: st.DrawFn) -> Lines:
    lines = draw(st.lists(_sentences(), min_size=1, max_size=3))
    text = "".join(f"w {line} w{draw(_BREAKS)}" for line in lines)
    return text.rstrip("\\ \n").split("\n")


@st.composite
def _heading(draw: st.DrawFn) -> Lines:
    if draw(st.booleans()):
        return [f"{'#' * draw(st.integers(1, 6))} {draw(_sentences())}"]
    return [f"w {draw(_sentences())} w", draw(st.sampled_from(["---", "====="]))]


@st.composite
def _code(draw: st.DrawFn) -> Lines:
    lines = draw(
        st.lists(
            st.sampled_from(["x = 1", "  y < 2", "", "- a", "\ttab", "~~~", "a < b"]), max_size=4
        )
    )
    if draw(st.booleans()):
        mark = draw(st.sampled_from(["```", "~~~~", "`````"]))
        return [f"{mark}{draw(st.sampled_from(['', 'python', ' text']))}", *lines, mark]
    return ["    start", *(f"    {line}" for line in lines), "    end"]


@st.composite
def _table(draw: st.DrawFn) -> Lines:
    width = draw(st.integers(1, 3))
    cells = st.lists(
        st.sampled_from(["a", "*b*", "`c`", "1 \\| 2", "", "[x](/y)"]),
        min_size=width,
        max_size=width,
    ).map(lambda row: f"| {' | '.join(row)} |")
    marks = draw(
        st.lists(st.sampled_from(["---", ":--", ":-:", "--:"]), min_size=width, max_size=width)
    )
    head = "| " + " | ".join(["h"] * width) + " |"
    return [head, f"|{'|'.join(marks)}|", *draw(st.lists(cells, min_size=1, max_size=3))]


_HTML: Final = st.sampled_from(
    [
        ["<div>", "*x*", "</div>"],
        ["<!-- a", "", "b -->"],
        ["<details>", "<summary>s</summary>", "", "*open*", "", "</details>"],
        ["<p>y</p>"],
        ["<ins>", "", "z", "", "</ins>"],
    ]
)


@st.composite
def _list(draw: st.DrawFn, blocks: st.SearchStrategy[list[Lines]]) -> Lines:
    mark = draw(st.sampled_from(["-", "*", "+", "1.", "7)", "10."]))
    lead, gap = " " * draw(st.integers(0, 2)), " " * draw(st.integers(1, 3))
    indent = " " * len(f"{lead}{mark}{gap}")
    is_loose = draw(st.booleans())
    lines: Lines = []
    for item in draw(st.lists(blocks, min_size=1, max_size=3)):
        inner = _joined(item, is_loose or draw(st.booleans()))
        lines += [
            f"{lead}{mark}{gap}{inner[0]}",
            *(f"{indent}{line}" if line else "" for line in inner[1:]),
        ]
        lines += [""] if is_loose and not _NO_BLANK_AFTER.search(lines[-1]) else []
    return lines


@st.composite
def _quote(draw: st.DrawFn, blocks: st.SearchStrategy[list[Lines]]) -> Lines:
    gap = draw(st.sampled_from([" ", " ", ""]))
    lines = _joined(draw(blocks), draw(st.booleans()))
    return [f">{gap}{line}" if line.strip() else ">" for line in lines]


_NO_BLANK_AFTER: Final = re.compile(r"#{1,6} |\*\*\*$|---$|=====$|^ *>|[`~]{3}")
"""cmark does not count an empty line after these, so it shows a loose list as a tight one."""


def _joined(blocks: list[Lines], is_spaced: bool) -> Lines:
    lines: Lines = []
    for block in blocks:
        is_apart = lines and is_spaced and not _NO_BLANK_AFTER.search(lines[-1])
        is_apart = is_apart or (lines and lines[-1].endswith("|"))  # indented code would be a row
        lines += ([""] if is_apart else []) + block
    return lines


def documents() -> st.SearchStrategy[str]:
    """Texts of a few blocks, nested up to four deep."""
    leaf = st.one_of(
        _paragraph(), _paragraph(), _heading(), _code(), _table(), _HTML, st.just(["***"])
    )
    block = st.recursive(
        leaf,
        lambda inner: st.one_of(
            _list(st.lists(inner, min_size=1, max_size=3)),
            _list(st.lists(inner, min_size=1, max_size=3)),
            _quote(st.lists(inner, min_size=1, max_size=3)),
        ),
        max_leaves=12,
    )
    return st.builds(
        lambda blocks, is_spaced: "\n".join([*_joined(blocks, is_spaced), "", _DEFINITION, ""]),
        st.lists(block, min_size=1, max_size=4),
        st.booleans(),
    )
