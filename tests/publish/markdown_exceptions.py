"""Where the engine differs from GitHub's engine, the judge, on purpose; each with its reason.

A random document is compared after each of these places in it is written in a way that both read
alike. A test proves of each example that both differ, what the page shows, and that the other way
of writing makes them equal.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Rewrite:
    """Writes a place in a text in another way."""

    place: re.Pattern[str]
    instead: str | Callable[[re.Match[str]], str]
    """What stands there afterwards, as `re.sub` reads it."""


@dataclass(frozen=True)
class Difference:
    """A construct that the engine and the judge read in different ways."""

    reason: str
    rewrites: tuple[Rewrite, ...]
    examples: tuple[tuple[str, str], ...]
    """Texts, and what the page shows for them."""

    def removed(self, text: str) -> str:
        """The text with the construct written in a way that both read alike."""
        for rewrite in self.rewrites:
            text = rewrite.place.sub(rewrite.instead, text)
        return text


def _at(pattern: str, instead: str | Callable[[re.Match[str]], str]) -> Rewrite:
    return Rewrite(re.compile(pattern, re.MULTILINE), instead)


def _width(lead: str) -> int:
    """The columns before a text. A quote may have one blank behind its mark."""
    return len(lead.expandtabs(4).replace("> ", ">"))


def _without_lazy_tag(lines: re.Match[str]) -> str:
    leads = re.findall(_LINE, lines["before"], re.MULTILINE)
    deepest = max(leads, key=lambda lead: (lead.count(">"), _width(lead)))
    is_lazy = lines["tag"].count(">") < deepest.count(">") or _width(lines["tag"]) < _width(deepest)
    return f"{lines[0]}w " if is_lazy else lines[0]


def _without_lazy_span(span: re.Match[str]) -> str:
    """Code, a title or HTML of several lines, without its marks if a later line is lazy."""
    above = f"{span.string[: span.start()]}w"
    if span[0].startswith("```") and re.search(rf"{_LINE}w\Z", above, re.MULTILINE):
        return span[0]  # a fence
    paragraph = re.split(r"^[ \t>]*\n", above, flags=re.MULTILINE)[-1]
    leads = re.findall(_LINE, paragraph, re.MULTILINE)
    deepest = max(leads, key=lambda lead: (lead.count(">"), _width(lead)))
    for lead in re.findall(r"\n([ \t>]*)", span["words"]):
        inside = re.match(rf"[ \t]*(?:>[ \t]*){{0,{deepest.count('>')}}}", lead)
        width = _width(inside[0]) if inside else 0
        is_deep = re.match(rf"{_DEEP_LINE}>", lead)
        if lead.count(">") < deepest.count(">") or width < _width(deepest) or is_deep:
            return f"w{span['words']}w"
    return span[0]


def _without_lazy_head(lines: re.Match[str]) -> str:
    is_lazy = _width(lines["head"]) != _width(lines["dashes"])
    return f"{lines[0]}w " if is_lazy else lines[0]


def _without_deep_rows(table: re.Match[str]) -> str:
    dashes, *rows = table[0].split("\n")
    width = _width(table["lead"]) + 1
    leads = [row[: len(row) - len(row.lstrip(" \t>"))] for row in rows]
    is_deep = [
        _width(lead) >= width or bool(re.search("> {5,}$", lead.expandtabs(4))) for lead in leads
    ]
    return "\n".join(
        [dashes, *("\n" * deep + row for deep, row in zip(is_deep, rows, strict=True))]
    )


def _without_open_html(lines: re.Match[str]) -> str:
    is_closed = _width(lines["end"]) >= _width(lines["start"])
    return lines[0] if is_closed else f"{lines['start']}w{lines['blank']}"


def _without_open_script(lines: re.Match[str]) -> str:
    is_closed = _width(lines["end"]) >= _width(lines["start"])
    words = f"{lines['start']}script\n{lines['end']}{lines['rest']}script"
    return lines[0] if is_closed else words


def _without_lazy_fence(fence: re.Match[str]) -> str:
    before = re.split(r"^[ \t>]*\n", fence.string[: fence.start()], flags=re.MULTILINE)[-1]
    quotes, width = f"{fence['lead']}{fence['marks']}".count(">"), _width(fence["lead"])
    is_lazy = any(
        quotes < lead.count(">") or (width < _width(lead) and lead.strip(" \t>"))
        for lead in re.findall(_LINE, before, re.MULTILINE)
    )
    return f"{fence['lead']}{fence['marks']}w" if is_lazy else fence[0]


def _without_open_backticks(ticks: re.Match[str]) -> str:
    paragraph = re.split(r"\n[ \t>]*(?:\n|```)", ticks.string[ticks.end() :], maxsplit=1)[0]
    behind: list[str] = re.findall("`+", paragraph)
    is_open = ticks[0] not in behind
    return "w" if is_open and any(behind.count(other) > 2 for other in behind) else ticks[0]


_DEEP: Final = r"(?: {2}| ?\t)"
_DEEP_LINE: Final = r"(?: {4}|\t)[ \t]*"
_MARK: Final = r"(?:[-+*]|\d+[.)])"
_LINE: Final = rf"^[ \t>]*(?:{_MARK}[ \t][ \t>]*)*"
"""The start of a line, with the marks of quotes and list items."""
_IN_ITEM: Final = rf"(?=[ \t>]*(?:{_MARK}[ \t]|{_DEEP})){_LINE[1:]}"
"""The same of a line in a list."""
_NEXT: Final = r"(?:\n[ \t>]*[^ \t>\n].*)"
"""A line that is not empty."""
_MORE_OF_LIST: Final = rf"(?:[ \t>]*\n)*[ \t>]*(?:{_MARK}[ \t\n]|{_DEEP})"
"""The next item, or more blocks of the same one, behind empty lines."""
_RULE: Final = r"(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})"
_DEFINITION: Final = rf"\[\w+\]:.*{_NEXT}{{0,3}}?"
_IN_BRACKETS: Final = r"(?:\\(?:\W|(?=\w))|[^\[\]\\\n]|\n(?![ \t]*\n))"
_CLOSED: Final = (
    rf"(?:{_IN_BRACKETS}|\[(?:{_IN_BRACKETS}|\[(?:{_IN_BRACKETS}|\[{_IN_BRACKETS}*\])*\])*\])"
)
"""A character, or brackets that are closed."""
_PAIR: Final = rf"\[{_CLOSED}*?\]"
_ADDRESS: Final = r"(?:https?:|www\.)\S*"
_TAG_ALONE: Final = r"(?:</?(?:ins|br?)\b[^>\n]*>|</(?:pre|script)>)[ \t]*$"
_DASHES: Final = r"(?=.*[|:])\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$"

UNKNOWN_TAGS: Final = "`<token>` is no HTML element, so it is text; a picture's words have no HTML"
HIDES_THE_REST: Final = "raw HTML that nothing closes would hide the rest of the page"
DIFFERENCES: Final = (
    Difference(
        UNKNOWN_TAGS,
        (
            _at(rf"({_LINE})(?=<token>[ \t]*$)", r"\1w "),
            _at(
                rf"(?<!\\)(!\[{_CLOSED}*?)<(?:!--c--|br|/?[ab]|b title='x')>(?={_CLOSED}*\])", r"\1"
            ),
        ),
        (
            ("<token>\n", "<p>&lt;token&gt;</p>"),
            ("![a<!--c-->](/b)\n", '<p><img alt="a" src="/b"></p>'),
        ),
    ),
    Difference(
        HIDES_THE_REST,
        (
            _at(
                rf"(?P<start>{_LINE})<(?:!-- a|\?php|!\[CDATA\[)"
                r"(?P<blank>\n[ \t>]*\n(?=(?P<end>[ \t>]*)(?:b -->|\*a\*(?: \?|\]\])>)))",
                _without_open_html,
            ),
            _at(r"<(?=b\b[^>\n]*$)", ""),
            _at(
                rf"(?P<start>{_LINE})<script>\n(?P<end>[ \t>]*)(?P<rest>[^<]*)</script>",
                _without_open_script,
            ),
            _at(r"(\[[ xX]\][ \t].*\n?[ \t>]*)<script>([^<]*)</script>", r"\1script\2script"),
            _at(
                rf"([^ \t>\n].*\n)(?=[ \t>]*(?:{_MARK}[ \t][ \t>]*)*<(?:script>|\?|!-- a\n|!\[))",
                r"\1\n",
            ),
        ),
        (
            ("- <!-- a\n\nb -->\n", "<ul><li><!-- a\n--></li></ul><p>b --&gt;</p>"),
            (
                "- [ ] <script>\n  a\n\n  b</script>\n",
                "<ul><li><p><input>&lt;script&gt;\na</p><p>b&lt;/script&gt;</p></li></ul>",
            ),
        ),
    ),
    Difference(
        "a line without the mark of its quote or item goes on with its paragraph, as words",
        (
            _at(
                rf"(?P<before>(?:^[ \t>]*[^ \t>\n].*\n)+)(?P<tag>[ \t>]*)(?={_TAG_ALONE})",
                _without_lazy_tag,
            ),
            _at(
                rf"(?<=\S\n)(?P<head>[ \t>]*)[^ \t>\n].*\n(?P<dashes>[ \t>]*)(?={_DASHES})",
                _without_lazy_head,
            ),
            _at(r"([^ \t>\n].*\n[ \t>]+)(?=\[\w+\]:)", r"\1w "),
            _at(r"^([ \t>]* {4}[ \t>]*)(?=` )", r"\1w "),
            _at(r"(?<![^ \t>\n])(`{1,2})(?=[ \t]*\n[ \t>]* {2})", r"\1w"),
            _at(
                r"(?<![`\\])(?P<mark>`+)(?!`)(?P<words>(?:[^`\n]|\n(?![ \t]*\n))+)(?P=mark)(?!`)",
                _without_lazy_span,
            ),
            _at(r"'(?P<words>title\n[ \t>]*of two lines)'", _without_lazy_span),
            _at(r"<(?P<words>\?php(?:[^<\n]|\n(?![ \t]*\n))*?\?)>", _without_lazy_span),
            _at(r"^(?P<lead>[ \t>]*(?: {4}|\t))(?P<marks>[ \t>]*)`{3}.*", _without_lazy_fence),
            _at(rf"(?<!\\)(!\[{_CLOSED}*?)\\(?=\n[ \t>]* {{2}}{_CLOSED}*\])", r"\1"),
        ),
        (
            ("> ![a\\\n    b](/c)\n", '<blockquote><p><img alt="a b" src="/c"></p></blockquote>'),
            (
                "-    [ ] a\n    > ```\n    > ```\n",
                "<ul><li><input>a\n&gt; <code>&gt;</code></li></ul>",
            ),
            ("> ` a\n `\n", "<blockquote><p><code>a</code></p></blockquote>"),
            ("> a\n<ins>\n", "<blockquote><p>a\n<ins></p></blockquote>"),
            ("> a\nb | c\n> --|--\n", "<blockquote><p>a\nb | c\n--|--</p></blockquote>"),
        ),
    ),
    Difference(
        "empty lines after `***`, a definition, words of a quote make a list loose; no table does",
        (
            _at(rf"^({_IN_ITEM})(?={_RULE}\n[ \t>]*\n{_MORE_OF_LIST})", r"\1w "),
            _at(rf"^(?P<lead>[ \t>]*{_DEEP}[ \t>]*)(?={_DASHES}\n(?!(?P=lead)|[ \t>]*$))", r"\1w "),
            _at(rf"^({_IN_ITEM})(?={_DEFINITION}\n[ \t>]*\n)", r"\1w "),
            _at(
                rf"^([ \t>]*\n(?P<lead>[ \t>]*{_DEEP}[ \t>]*))"
                rf"(?={_DEFINITION}\n(?:[ \t>]*\n)*(?!(?P=lead)))",
                r"\1w ",
            ),
            _at(
                rf"^(.*>[ \t]*(?:{_MARK}(?:[ \t].*)?|{_DEEP}.*)\n(?:[ \t]*[^ \t>\n].*\n)*)"
                rf"(?P<around>[ \t>]*{_DEEP}[ \t]*)>[ \t>]*\n"
                rf"(?:(?P=around)>[ \t>]*\n)*(?!(?P=around)>)(?={_MORE_OF_LIST})",
                r"\1\n",
            ),
        ),
        (
            (
                "1. > - a\n   >\n2. b\n",
                "<ol><li><blockquote><ul><li>a</li></ul></blockquote></li><li><p>b</p></li></ol>",
            ),
            (
                "- a | b\n  --|--\n- c\n",
                "<ul><li><table><thead><tr><th>a</th><th>b</th></tr></thead></table></li>"
                "<li>c</li></ul>",
            ),
            ("- ***\n\n- a\n", "<ul><li><hr></li><li><p>a</p></li></ul>"),
            ("- [b]: /c\n\n  a\n", "<ul><li><p>a</p></li></ul>"),
            ("- a\n\n  [b]: /c\n", "<ul><li><p>a</p></li></ul>"),
        ),
    ),
    Difference(
        "single `~` inside a word is a range: 5~6 and 7~8 strike nothing out",
        (_at(r"(?<=\w)~(?=\w)", "-"),),
        (("5~6 and 7~8\n", "<p>5~6 and 7~8</p>"),),
    ),
    Difference(
        "a `[`, backticks or title without an end hide nothing behind them; no link is in a link",
        (
            _at(rf"(?<!\\)\[(?={_CLOSED}*?(?<!<)(?:https?:|www\.|<\S+@\S+>{_CLOSED}*?\S@))", "("),
            _at(r"(?<![`\\])`+", _without_open_backticks),
            _at(rf"(?<![!\\])\[(?={_CLOSED}*?{_PAIR}{_CLOSED}*?{_PAIR}{_CLOSED}*\]\()", "("),
            _at(rf"({_LINE}\[\w+\]:.*\n[ \t>]*)(?=(?P<quote>[\"'])[^\"'\n]*(?P=quote)\S)", r"\1w "),
        ),
        (
            ("[ [a](/b) [c](d d](/e)\n", '<p>[ <a href="/b">a</a> [c](d d](/e)</p>'),
            (
                "[a]\n\n[a]: /b\n'c')\n",
                "<p><a href=\"/b\">a</a></p><p>'c')</p>",
            ),
            ("`` `a` `b`\n", "<p>`` <code>a</code> <code>b</code></p>"),
            (
                "[0, 1) https://e.example\n",
                '<p>[0, 1) <a href="https://e.example">https://e.example</a></p>',
            ),
        ),
    ),
    Difference(
        "Markdown counts in a bare address: an entity, and the `\\` of a break at its end",
        (_at(rf"({_ADDRESS})&\w+;(?=\S)", r"\1"), _at(rf"({_ADDRESS})\\$", r"\1")),
        (
            (
                "https://e.example/?b=1&amp;c=2\n",
                '<p><a href="https://e.example/?b=1&amp;c=2">https://e.example/?b=1&amp;c=2</a></p>',
            ),
            (
                "https://e.example\\\na\n",
                '<p><a href="https://e.example">https://e.example</a><br>\na</p>',
            ),
        ),
    ),
    Difference(
        "a table needs a `|` in its head, may have dashes `- | -`, and changes nothing above",
        (
            _at(rf"^([^|\n]*\n[ \t>]*)(?={_DASHES})", r"\1w "),
            _at(r"^([^|\n]*\|[^|\n]*\n[ \t>]*)(?=-+:|:-+:?[ \t]*$)", r"\1w "),
            _at(rf"^([ \t>]*)- (?={_DASHES})", r"\1-- "),
            _at(rf"({_LINE})(?=\[\w+\]:.*{_NEXT}*\n.*\n[ \t>]*{_DASHES})", r"\1w "),
            _at(rf"`\\\|`(?=.*{_NEXT}+?\n[ \t>]*{_DASHES})", "`x`"),
        ),
        (
            ("a\n|-\n", "<p>a\n|-</p>"),
            ("a |\n:-\n", "<p>a |\n:-</p>"),
            (
                "a | b\n- | -\n",
                "<table><thead><tr><th>a</th><th>b</th></tr></thead></table>",
            ),
            (
                "[a]: b\n| c |\n|---|\n",
                "<table><thead><tr><th>c</th></tr></thead></table>",
            ),
            (
                "`\\|`\n| a |\n|---|\n",
                "<p><code>\\|</code></p><table><thead><tr><th>a</th></tr></thead></table>",
            ),
        ),
    ),
    Difference(
        "a line below a table is a row, also if it is indented or a tag; `|` alone is words",
        (
            _at(rf"^(?P<lead>[ \t>]*)(?![ \t>]){_DASHES}{_NEXT}+", _without_deep_rows),
            _at(rf"^([ \t>]*{_DASHES}{_NEXT}*?\n[ \t>]*)(?={_TAG_ALONE})", r"\1w "),
            _at(rf"({_LINE}\|)[ \t]*$", r"\1 w"),
        ),
        (
            (
                "| a |\n|---|\n    b\n",
                "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>",
            ),
            (
                "- a | b\n  --|--\n  |\n",
                "<ul><li><table><thead><tr><th>a</th><th>b</th></tr></thead></table>|</li></ul>",
            ),
            (
                "| a |\n|---|\n<ins>\n",
                "<table><thead><tr><th>a</th></tr></thead>"
                "<tbody><tr><td><ins></td></tr></tbody></table>",
            ),
        ),
    ),
    Difference(
        "an item begins with at most one empty line, also if that has blanks",
        (
            _at(rf"({_LINE}{_MARK})[ \t]*(?=\n[ \t>]*[ \t]{{2}}$)", r"\1 w"),
            _at(rf"^(.*>[ \t]*{_MARK})(?=[ \t]*\n[ \t]*$)", r"\1 w"),
        ),
        (("-\n  \n  a\n", "<ul><li></li></ul><p>a</p>"),),
    ),
    Difference(
        "a task is a paragraph that begins with a box: no heading, table, HTML, definition",
        (
            _at(rf"({_LINE})\[[ xX]\][ \t]*(?=<|.*\|)", r"\1"),
            _at(rf"({_LINE})\[(?=[ \t]*\n[ \t>]*\])", r"\1("),
            _at(
                rf"(>.*\n(?:[ \t]*[^ \t>\n].*\n)*[ \t]*{_DEEP_LINE}{_MARK}[ \t]+)\[[ xX]\]",
                r"\1( )",
            ),
            _at(
                rf"({_LINE})\[[ xX]\](?=[ \t]*(?:\[[^\]\n]*\]:.*)?$|.*\[[xX]\]"
                rf"|[ \t]*[\u2003\u00a0]|.*{_NEXT}*?\n[ \t>]*(?:-+|=+|[|:-][ |:-]+)[ \t]*$)",
                r"\1( )",
            ),
        ),
        (
            ("- [ ] \n", "<ul><li>[ ]</li></ul>"),
            (
                "- > a\n      - [ ] b\n",
                "<ul><li><blockquote><p>a\n- [ ] b</p></blockquote></li></ul>",
            ),
            ("- [ ] a\n  ---\n", "<ul><li><h2>[ ] a</h2></li></ul>"),
            (
                "- [ ] a | b\n  --|--\n",
                "<ul><li><table><thead><tr><th>[ ] a</th><th>b</th></tr></thead></table></li></ul>",
            ),
        ),
    ),
    Difference(
        "a fence, dashes of a table or `>` behind a tab that a quote or item takes a part of",
        (
            _at(r"^[ \t>]*\t[ \t>]*(?=`{3}|~{3})", lambda lead: lead[0].expandtabs(4)),
            _at(r"(^ {0,3}>.*\n) {0,3}\t(?=[ \t]*>)", r"\1    "),
            _at(rf"^([ \t>]*\t[ \t>]*)(?={_DASHES})", r"\1w "),
        ),
        (
            (">\t~~~\n>\ta\n", "<blockquote><pre><code>a</code></pre></blockquote>"),
            ("> a | b\n> \t--|--\n", "<blockquote><p>a | b\n--|--</p></blockquote>"),
            (">\n\t>\n", "<blockquote></blockquote>"),
        ),
    ),
)


def without_differences(text: str) -> str:
    """A text with every known difference written in a way that both engines read alike."""
    before = ""
    while text != before:
        before = text
        for difference in DIFFERENCES:
            text = difference.removed(text)
    return text
