"""HTML of strangers to Markdown that our pages show as it was, and that can do no harm."""

import time
from html import unescape
from pathlib import Path

import pytest
from markdown import Markdown

from tests.publish.importers.conftest import Move

EXTENSIONS = ["extra", "sane_lists", "toc", "admonition", "codehilite", "publish.plugins.prose"]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h1>A</h1><h4>B</h4><h2>C</h2>", "## A\n\n### B\n\n### C"),
        ("<h4>A</h4><h4>B</h4>", "## A\n\n## B"),
        ("<ol start=3><li>a<ol><li>b</li></ol></li></ol>", "3.  a\n    1.  b"),
        ("<ul><li><p>a</p><p>b</p></li><li>c</li></ul>", "-   a\n\n    b\n\n-   c"),
        ("<blockquote><p>a</p><pre>b</pre></blockquote>", "> a\n>\n>     b"),
        ('<pre class="brush: php"><code>a\n\n``` b</code></pre>', "````php\na\n\n``` b\n````"),
        ("<p>H<sub>2</sub>O <kbd>Ctrl_x</kbd></p>", "H<sub>2</sub>O <kbd>Ctrl_x</kbd>"),
        ("<details><summary>More</summary><p>T</p></details>",
         '<details markdown="1">\n<summary>More</summary>\n\nT\n\n</details>'),
        ('<p><a href="/x y(1)">t</a></p>', "[t](/x%20y%281%29)"),
        ("<blockquote>a</blockquote> <blockquote>b</blockquote>", "> a\n\n<!-- -->\n\n> b"),
        ("<ol><li>a</li></ol><ol><li>b</li></ol><p>c</p>", "1.  a\n\n<!-- -->\n\n1.  b\n\nc"),
        ("<ul><li>a</li></ul><p>b</p><ul><li>c</li></ul>", "-   a\n\nb\n\n-   c"),
        ("<dl><dt>T</dt><dd>D</dd></dl>", "T\n:   D"),
        ("<p>a<br>b</p>", "a  \nb"),
        ("<ul><li><input type=checkbox checked> done</li></ul>", "-   [x] done"),
        ("<table><tr><td colspan=2>a</td></tr></table>",
         '<table><tr><td colspan="2">a</td></tr></table>'),
    ],
)  # fmt: skip
def test_it_becomes(move: Move, html: str, expected: str) -> None:
    assert move.page_of(html) == expected


@pytest.mark.parametrize(
    "text",
    [
        "1. no list", "- no list", "+ no list", "# no heading", "> no quote", "a * b * c _d_ e_f_g",
        "[x](y) ![z](w) [^1] [TOC]", "`code` \\ back", "&amp; &lt;b&gt;", "{% form guide %}",
        "{: .x } {{ cta guide }}", "!!! note", "~~~", "===", ": no definition", "*[HTML]: x",
        "<script>", "a | b", "{filename}/posts/a.md", "    four spaces", "---", "**bold**",
    ],
)  # fmt: skip
def test_words_stay_words(move: Move, text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    body = move.page_of(f"<p>Before</p><p>{escaped}</p><p>x</p>")
    html = Markdown(extensions=EXTENSIONS).convert(body)
    seen = unescape(html)
    assert seen == f"<p>Before</p>\n<p>{text.strip()}</p>\n<p>x</p>"
    assert move.site.check().findings.errors == ()


def test_attributes_that_act_are_taken_out_and_told(move: Move) -> None:
    html = '<p onclick="a()" style="color: red">t <b onfocus=b()>u</b></p>'
    path = move.ghost({"slug": "one", "title": "One", "html": html})
    messages = move.told("ghost", path)["script"]
    assert messages == ["content/posts/one.md: 2 `on...` attributes were removed"]


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script><p>t</p>",
        "<p onmouseover=alert(1)>t</p>",
        '<p><a href="javascript:alert(1)">t</a></p>',
        '<p><a href=" java\nscript:alert(1)">t</a></p>',
        '<p><img src=x onerror=alert(1)>t</p>',
        '<p><img src="data:image/svg+xml;base64,x">t</p>',
        "<svg onload=alert(1)></svg><p>t</p>",
        "<table><tr><td colspan=2 onclick=alert(1)>"
        '<a href="javascript:alert(1)">t</a></td></tr></table>',
        "<style>@import url(x)</style><p>t</p>",
        "<p>t</p><form action=//x><input name=p></form>",
        "<gatepost-raw n=0></gatepost-raw><p>t</p><gatepost-footnote n=1>x</gatepost-footnote>",
        '<p><img alt="x](y) <script>" src="https://a.example/x.png" '
        "title='\" onerror=\"alert(1)'>t</p>",
        "<p>&lt;script&gt;alert(1)&lt;/script&gt; t</p>",
        "<pre><code>```\n&lt;script&gt;alert(1)&lt;/script&gt; t</code></pre>",
        '<p><abbr title="&quot; onclick=alert(1) &quot;">t</abbr></p>',
    ],
)  # fmt: skip
def test_nothing_runs_in_a_readers_browser(move: Move, html: str) -> None:
    body = move.page_of(html)
    text = Markdown(extensions=EXTENSIONS).convert(body).lower()
    assert "t" in body
    assert "<script" not in text
    assert "javascript:" not in text
    assert "<svg" not in text
    assert "<form" not in text
    for tag in text.split("<")[1:]:
        attributes = tag.split(">")[0].replace("&quot;", "").split('"')[::2]
        assert not any(" on" in part for part in attributes), tag


@pytest.mark.slow
def test_a_million_signs_are_read_in_seconds(move: Move) -> None:
    started = time.monotonic()
    move.page_of("<p>one <b>word</b> after another</p>\n" * 26_000)
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    "piece",
    ["<pre", "<a ", "<a href='", "<h1>", "<h2 ", "<blockquote>\n", "<iframe src=//x>", "<b>",
     "<!--", "<sup class=fn><a href=#a>", "<pre></pre>"],
)  # fmt: skip
@pytest.mark.parametrize("system", ["ghost", "wordpress"])
def test_what_nothing_closes_takes_no_longer_than_its_length(
    move: Move, piece: str, system: str
) -> None:
    """Each took minutes, and four times as long for twice the length."""
    html = piece * (200_000 // len(piece))
    wxr = f"<rss><channel><item><encoded><![CDATA[{html}]]></encoded></item></channel></rss>"
    path = (
        move.ghost({"slug": "one", "title": "One", "html": html})
        if system == "ghost"
        else move.site.write("export.xml", wxr)
    )
    started = time.process_time()
    move.run(system, path)
    assert time.process_time() - started < 25
    assert len(list(Path("content/posts").glob("*.md"))) == 1


def test_others_go_on_when_one_is_too_deep(move: Move) -> None:
    deep = {"slug": "deep", "title": "Deep", "html": "<i>" * 500 + "words"}
    move.run("ghost", move.ghost(deep, {"slug": "one", "title": "One", "html": "<p><b>x</b></p>"}))
    assert move.body("posts/deep.md").strip() == "words"
    assert move.body("posts/one.md").strip() == "**x**"


def test_what_stands_just_not_too_deep_is_read_as_html(move: Move) -> None:
    assert move.page_of("<div>" * 199 + "<b>x</b>") == "**x**"


def test_what_is_lost_more_than_once_is_counted(move: Move) -> None:
    html = "<script>a()</script><p>t</p><script>b()</script>"
    path = move.ghost({"slug": "one", "title": "One", "html": html})
    assert move.told("ghost", path)["script"] == [
        "content/posts/one.md: `<script>` runs or styles pages: it was removed (2 times)"
    ]


def test_two_quotes_and_two_lists_stay_two_on_the_page(move: Move) -> None:
    html = "<blockquote>a</blockquote><blockquote>b</blockquote>"
    body = move.page_of(f"{html}<ol><li>c</li></ol><ol><li>d</li></ol>")
    text = Markdown(extensions=EXTENSIONS).convert(body)
    assert (text.count("<blockquote>"), text.count("<ol>")) == (2, 2)


def test_what_a_figure_holds_beside_its_caption_is_kept(move: Move) -> None:
    html = "<figure><img src=https://a.example/x.png alt=X><p>Beside</p><figcaption>C</figcaption>"
    assert "Beside" in move.page_of(f"{html}</figure>")


@pytest.mark.parametrize(
    "html", ["<![" * 9, "<![CDATA[x", "<!doctype <![", "a" + " \t" * 50_000 + "b"]
)
def test_what_no_parser_takes_is_carried_as_words(move: Move, html: str) -> None:
    assert move.page_of(f"{html}<p>t</p>", custom_excerpt=html)


def test_what_is_nested_without_end_keeps_its_words(move: Move) -> None:
    path = move.ghost({"slug": "one", "title": "One", "html": "<div>" * 5000 + "deep"})
    assert move.told("ghost", path)["text"] == [
        "content/posts/one.md: has more than 200 nested tags: only its text was imported"
    ]
    assert move.body("posts/one.md").strip() == "deep"
