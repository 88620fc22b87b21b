"""Where the engine differs from GitHub's engine, the judge, on purpose; each with its reason.

A random document is compared after each of these places in it is written in a way that both read
alike. A test proves of each example that both differ, what the page shows, and that the other way
of writing makes them equal.
"""

from typing import Final

from tests.publish.markdown_rewrites import (
    ADDRESS,
    CLOSED,
    DASHES,
    DEEP,
    DEEP_LINE,
    DEFINITION,
    IN_ITEM,
    LINE,
    MARK,
    MORE_OF_LIST,
    NEXT,
    PAIR,
    RULE,
    TAG_ALONE,
    Difference,
    at,
    without_deep_rows,
    without_lazy_fence,
    without_lazy_head,
    without_lazy_span,
    without_lazy_tag,
    without_open_backticks,
    without_open_html,
    without_open_script,
)

UNKNOWN_TAGS: Final = "`<token>` is no HTML element, so it is text; a picture's words have no HTML"
HIDES_THE_REST: Final = "raw HTML that nothing closes would hide the rest of the page"
DIFFERENCES: Final = (
    Difference(
        UNKNOWN_TAGS,
        (
            at(rf"({LINE})(?=<token>[ \t]*$)", r"\1w "),
            at(rf"(?<!\\)(!\[{CLOSED}*?)<(?:!--c--|br|/?[ab]|b title='x')>(?={CLOSED}*\])", r"\1"),
        ),
        (
            ("<token>\n", "<p>&lt;token&gt;</p>"),
            ("![a<!--c-->](/b)\n", '<p><img alt="a" src="/b"></p>'),
        ),
    ),
    Difference(
        HIDES_THE_REST,
        (
            at(
                rf"(?P<start>{LINE})<(?:!-- a|\?php|!\[CDATA\[)"
                r"(?P<blank>\n[ \t>]*\n(?=(?P<end>[ \t>]*)(?:b -->|\*a\*(?: \?|\]\])>)))",
                without_open_html,
            ),
            at(r"<(?=b\b[^>\n]*$)", ""),
            at(
                rf"(?P<start>{LINE})<script>\n(?P<end>[ \t>]*)(?P<rest>[^<]*)</script>",
                without_open_script,
            ),
            at(r"(\[[ xX]\][ \t].*\n?[ \t>]*)<script>([^<]*)</script>", r"\1script\2script"),
            at(
                rf"([^ \t>\n].*\n)(?=[ \t>]*(?:{MARK}[ \t][ \t>]*)*<(?:script>|\?|!-- a\n|!\[))",
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
            at(
                rf"(?P<before>(?:^[ \t>]*[^ \t>\n].*\n)+)(?P<tag>[ \t>]*)(?={TAG_ALONE})",
                without_lazy_tag,
            ),
            at(
                rf"(?<=\S\n)(?P<head>[ \t>]*)[^ \t>\n].*\n(?P<dashes>[ \t>]*)(?={DASHES})",
                without_lazy_head,
            ),
            at(r"([^ \t>\n].*\n[ \t>]+)(?=\[\w+\]:)", r"\1w "),
            at(r"^([ \t>]* {4}[ \t>]*)(?=` )", r"\1w "),
            at(r"(?<![^ \t>\n])(`{1,2})(?=[ \t]*\n[ \t>]* {2})", r"\1w"),
            at(
                r"(?<![`\\])(?P<mark>`+)(?!`)(?P<words>(?:[^`\n]|\n(?![ \t]*\n))+)(?P=mark)(?!`)",
                without_lazy_span,
            ),
            at(r"'(?P<words>title\n[ \t>]*of two lines)'", without_lazy_span),
            at(r"<(?P<words>\?php(?:[^<\n]|\n(?![ \t]*\n))*?\?)>", without_lazy_span),
            at(r"^(?P<lead>[ \t>]*(?: {4}|\t))(?P<marks>[ \t>]*)`{3}.*", without_lazy_fence),
            at(rf"(?<!\\)(!\[{CLOSED}*?)\\(?=\n[ \t>]* {{2}}{CLOSED}*\])", r"\1"),
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
            at(rf"^({IN_ITEM})(?={RULE}\n[ \t>]*\n{MORE_OF_LIST})", r"\1w "),
            at(rf"^(?P<lead>[ \t>]*{DEEP}[ \t>]*)(?={DASHES}\n(?!(?P=lead)|[ \t>]*$))", r"\1w "),
            at(rf"^({IN_ITEM})(?={DEFINITION}\n[ \t>]*\n)", r"\1w "),
            at(
                rf"^([ \t>]*\n(?P<lead>[ \t>]*{DEEP}[ \t>]*))"
                rf"(?={DEFINITION}\n(?:[ \t>]*\n)*(?!(?P=lead)))",
                r"\1w ",
            ),
            at(
                rf"^(.*>[ \t]*(?:{MARK}(?:[ \t].*)?|{DEEP}.*)\n(?:[ \t]*[^ \t>\n].*\n)*)"
                rf"(?P<around>[ \t>]*{DEEP}[ \t]*)>[ \t>]*\n"
                rf"(?:(?P=around)>[ \t>]*\n)*(?!(?P=around)>)(?={MORE_OF_LIST})",
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
        "5~6 and 7~8 are ranges, and strike nothing out; `~~` does, also before a bracket or quote",
        (at(r"(?<=\w)~(?=\w)", "-"), at(r"(?<=\w)~~(?=[^\w\s~])", " ~~")),
        (
            ("5~6 and 7~8\n", "<p>5~6 and 7~8</p>"),
            ("\u4e2d~~\u201ca\u201d~~\n", "<p>\u4e2d<del>\u201ca\u201d</del></p>"),
        ),
    ),
    Difference(
        "brackets hide no address; backticks or a title without an end hide nothing behind them; "
        "no link is in a link; `[a]` is one also before a footnote",
        (
            at(r"(?<=\])(?=\[\^)", " "),
            at(rf"(?<!\\)\[(?={CLOSED}*?(?<!<)(?:https?:|www\.|<\S+@\S+>{CLOSED}*?\S@))", "("),
            at(r"(?<![`\\])`+", without_open_backticks),
            at(rf"(?<![!\\])\[(?={CLOSED}*?{PAIR}{CLOSED}*?{PAIR}{CLOSED}*\]\()", "("),
            at(rf"({LINE}\[\w+\]:.*\n[ \t>]*)(?=(?P<quote>[\"'])[^\"'\n]*(?P=quote)\S)", r"\1w "),
        ),
        (
            ("[ [a](/b) [c](d d](/e)\n", '<p>[ <a href="/b">a</a> [c](d d](/e)</p>'),
            ("[a][^1] b\n\n[a]: /c\n", '<p><a href="/c">a</a>[^1] b</p>'),
            (
                "[a]\n\n[a]: /b\n'c')\n",
                "<p><a href=\"/b\">a</a></p><p>'c')</p>",
            ),
            ("`` `a` `b`\n", "<p>`` <code>a</code> <code>b</code></p>"),
            (
                "[0, 1) https://e.example\n",
                '<p>[0, 1) <a href="https://e.example">https://e.example</a></p>',
            ),
            (
                "(a)[https://e.example]\n",
                '<p>(a)[<a href="https://e.example">https://e.example</a>]</p>',
            ),
        ),
    ),
    Difference(
        "wide blanks end a bare address, U+2028 is one, a page of them is empty; entities count in "
        "an address, and the `\\` of a break at its end; `www.` alone is none",
        (
            at(r"\A\s*[\u2003\u00a0]\s*\Z", "w"),
            at(r"\u2028", " "),
            at(r"\bwww\.(?= )", "www"),
            at(rf"({ADDRESS})&\w+;(?=\S)", r"\1"),
            at(rf"({ADDRESS})\\$", r"\1"),
            at(rf"({ADDRESS})(?=[\u2003\u00a0])", r"\1 "),
        ),
        (
            (
                "https://e.example/?b=1&amp;c=2\n",
                '<p><a href="https://e.example/?b=1&amp;c=2">https://e.example/?b=1&amp;c=2</a></p>',
            ),
            ("\u2003\n", ""),
            ("~~a\u2028~~ b\n", "<p>~~a\u2028~~ b</p>"),
            ("www. a\n", "<p>www. a</p>"),
            (
                "https://e.example\u2003a\n",
                '<p><a href="https://e.example">https://e.example</a>\u2003a</p>',
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
            at(rf"^([^|\n]*\n[ \t>]*)(?={DASHES})", r"\1w "),
            at(r"^([^|\n]*\|[^|\n]*\n[ \t>]*)(?=-+:|:-+:?[ \t]*$)", r"\1w "),
            at(rf"^([ \t>]*)- (?={DASHES})", r"\1-- "),
            at(rf"({LINE})(?=\[\w+\]:.*{NEXT}*\n.*\n[ \t>]*{DASHES})", r"\1w "),
            at(rf"`\\\|`(?=.*{NEXT}+?\n[ \t>]*{DASHES})", "`x`"),
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
            at(rf"^(?P<lead>[ \t>]*)(?![ \t>]){DASHES}{NEXT}+", without_deep_rows),
            at(rf"^([ \t>]*{DASHES}{NEXT}*?\n[ \t>]*)(?={TAG_ALONE})", r"\1w "),
            at(rf"({LINE}\|)[ \t]*$", r"\1 w"),
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
            at(rf"({LINE}{MARK})[ \t]*(?=\n[ \t>]*[ \t]{{2}}$)", r"\1 w"),
            at(rf"^(.*>[ \t]*{MARK})(?=[ \t]*\n[ \t]*$)", r"\1 w"),
        ),
        (("-\n  \n  a\n", "<ul><li></li></ul><p>a</p>"),),
    ),
    Difference(
        "a task is a paragraph that begins with a box: no heading, table, HTML, definition",
        (
            at(rf"({LINE})\[[ xX]\][ \t]*(?=<|.*\|)", r"\1"),
            at(rf"({LINE})\[(?=[ \t]*\n[ \t>]*\])", r"\1("),
            at(
                rf"(>.*\n(?:[ \t]*[^ \t>\n].*\n)*[ \t]*{DEEP_LINE}{MARK}[ \t]+)\[[ xX]\]",
                r"\1( )",
            ),
            at(
                rf"({LINE})\[[ xX]\](?=[ \t]*(?:\[[^\]\n]*\]:.*)?$|.*\[[xX]\]"
                rf"|[ \t]*[\u2003\u00a0]|.*{NEXT}*?\n[ \t>]*(?:-+|=+|[|:-][ |:-]+)[ \t]*$)",
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
            at(r"^[ \t>]*\t[ \t>]*(?=`{3}|~{3})", lambda lead: lead[0].expandtabs(4)),
            at(r"(^ {0,3}>.*\n) {0,3}\t(?=[ \t]*>)", r"\1    "),
            at(rf"^([ \t>]*\t[ \t>]*)(?={DASHES})", r"\1w "),
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
