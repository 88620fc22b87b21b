"""Imported HTML becomes Markdown with the same text and without active content."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import pytest

from tests.long import rounds
from tests.publish.importers.conftest import ImportProject
from tests.publish.markdown_structure import site_markdown


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
def test_html_becomes_markdown(project: ImportProject, html: str, expected: str) -> None:
    assert project.import_html(html) == expected


@pytest.mark.parametrize(
    "text",
    [
        "1. no list", "- no list", "+ no list", "# no heading", "> no quote", "a * b * c _d_ e_f_g",
        "[x](y) ![z](w) [^1] [TOC]", "`code` \\ back", "&amp; &lt;b&gt;", "{% form guide %}",
        "{: .x } {{ cta guide }}", "!!! note", "~~~", "===", ": no definition", "*[HTML]: x",
        "<script>", "a | b", "{filename}/posts/a.md", "    four spaces", "---", "**bold**",
    ],
)  # fmt: skip
def test_text_with_markdown_characters_stays_text(project: ImportProject, text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    body = project.import_html(f"<p>Before</p><p>{escaped}</p><p>x</p>")
    html = site_markdown().convert(body)
    text_on_page = unescape(html)
    assert text_on_page == f"<p>Before</p>\n<p>{text.strip()}</p>\n<p>x</p>"
    assert project.site.check().findings.errors == ()


def test_event_handlers_are_removed_with_a_note(project: ImportProject) -> None:
    html = '<p onclick="a()" style="color: red">t <b onfocus=b()>u</b></p>'
    path = project.write_ghost({"slug": "one", "title": "One", "html": html})
    messages = project.notes("ghost", path)["script"]
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
def test_active_content_is_removed(project: ImportProject, html: str) -> None:
    body = project.import_html(html)
    text = site_markdown().convert(body).lower()
    assert "t" in body
    assert "<script" not in text
    assert "javascript:" not in text
    assert "<svg" not in text
    assert "<form" not in text
    for tag in text.split("<")[1:]:
        attributes = tag.split(">")[0].replace("&quot;", "").split('"')[::2]
        assert not any(" on" in part for part in attributes), tag


HANG_SECONDS = 600
"""An import that has not ended by then hangs: linear time needs a twentieth of it."""


@contextmanager
def hang_limit() -> Iterator[None]:
    """Fails the test if the block hangs."""

    def fail(*_: object) -> None:
        pytest.fail(f"the import has not ended after {HANG_SECONDS} seconds")

    earlier = signal.signal(signal.SIGALRM, fail)
    signal.alarm(HANG_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, earlier)


@pytest.mark.slow
@pytest.mark.long
def test_a_long_post_is_imported_completely(project: ImportProject) -> None:
    """A million characters in the long run; `python -m bench.importing` has the time."""
    paragraphs = rounds(2_600, 26_000)
    body = project.import_html("<p>one <b>word</b> after another</p>\n" * paragraphs)
    assert body.count("one **word** after another") == paragraphs


@pytest.mark.long
@pytest.mark.parametrize(
    "piece",
    ["<pre", "<a ", "<a href='", "<h1>", "<h2 ", "<blockquote>\n", "<iframe src=//x>", "<b>",
     "<!--", "<sup class=fn><a href=#a>", "<pre></pre>"],
)  # fmt: skip
@pytest.mark.parametrize("system", ["ghost", "wordpress"])
def test_unclosed_markup_takes_linear_time(project: ImportProject, piece: str, system: str) -> None:
    """The long run has a million characters, which take an hour in quadratic time."""
    html = piece * (rounds(50_000, 1_000_000) // len(piece))
    wxr_file = f"<rss><channel><item><encoded><![CDATA[{html}]]></encoded></item></channel></rss>"
    path = (
        project.write_ghost({"slug": "one", "title": "One", "html": html})
        if system == "ghost"
        else project.site.write("export.xml", wxr_file)
    )
    with hang_limit():
        project.run(system, path)
    assert len(list(Path("content/posts").glob("*.md"))) == 1


def test_a_post_nested_too_deeply_does_not_stop_the_others(project: ImportProject) -> None:
    deep = {"slug": "deep", "title": "Deep", "html": "<i>" * 500 + "words"}
    project.run(
        "ghost",
        project.write_ghost(deep, {"slug": "one", "title": "One", "html": "<p><b>x</b></p>"}),
    )
    assert project.body("posts/deep.md").strip() == "words"
    assert project.body("posts/one.md").strip() == "**x**"


def test_html_at_the_maximum_depth_keeps_its_markup(project: ImportProject) -> None:
    assert project.import_html("<div>" * 199 + "<b>x</b>") == "**x**"


def test_equal_notes_are_counted(project: ImportProject) -> None:
    html = "<script>a()</script><p>t</p><script>b()</script>"
    path = project.write_ghost({"slug": "one", "title": "One", "html": html})
    assert project.notes("ghost", path)["script"] == [
        "content/posts/one.md: `<script>` runs or styles pages: it was removed (2 times)"
    ]


def test_adjacent_quotes_and_lists_stay_separate(project: ImportProject) -> None:
    html = "<blockquote>a</blockquote><blockquote>b</blockquote>"
    body = project.import_html(f"{html}<ol><li>c</li></ol><ol><li>d</li></ol>")
    text = site_markdown().convert(body)
    assert (text.count("<blockquote>"), text.count("<ol>")) == (2, 2)


def test_text_in_a_figure_beside_its_caption_is_kept(project: ImportProject) -> None:
    html = "<figure><img src=https://a.example/x.png alt=X><p>Beside</p><figcaption>C</figcaption>"
    assert "Beside" in project.import_html(f"{html}</figure>")


@pytest.mark.parametrize(
    "html", ["<![" * 9, "<![CDATA[x", "<!doctype <![", "a" + " \t" * 50_000 + "b"]
)
def test_html_that_the_parser_rejects_is_imported_as_text(
    project: ImportProject, html: str
) -> None:
    assert project.import_html(f"{html}<p>t</p>", custom_excerpt=html)


def test_html_nested_too_deeply_keeps_its_text(project: ImportProject) -> None:
    path = project.write_ghost({"slug": "one", "title": "One", "html": "<div>" * 5000 + "deep"})
    assert project.notes("ghost", path)["text"] == [
        "content/posts/one.md: has more than 200 nested tags: only its text was imported"
    ]
    assert project.body("posts/one.md").strip() == "deep"
