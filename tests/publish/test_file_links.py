"""Links and pictures as files: `../other.md#part` and `chart.png` beside the post."""

import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from PIL import Image

from publish.checks.html_links import rewrite_links
from publish.plugins.link_rewriting import absolute_links
from tests.publish.markdown_structure import site_markdown
from tests.publish.test_html_head import ORIGIN, build, post

DEEP = "content/posts/2024/topic/post.md"
TEXT = """\
[up](../../other.md#part) [beside](beside.md) [page](../../../pages/imprint.md)
[sheet](data%20one.csv) [braces]({filename}../../other.md) [same](#here) [address](/other/)
![dot](dot.svg) ![photo](photo.jpg) ![old]({static}/images/dot.svg) ![new](../../../images/dot.svg)
<a href="beside.md?x=1&amp;y=2#end">html</a>

## Here
"""


def write_deep_post(site: Any, text: str = TEXT) -> None:
    site.post("## Part", name="other")
    site.write("content/pages/imprint.md", "Title: Imprint\nSlug: imprint\n\nText.")
    for name in ("beside", "post"):
        body = text if name == "post" else "## End"
        front_matter = f"Title: {name}\nSlug: {name}\nDate: 2026-11-02\n"
        site.write(f"content/posts/2024/topic/{name}.md", f"{front_matter}\n{body}")
    site.write("content/posts/2024/topic/data one.csv", "a,b")
    site.write("content/posts/2024/topic/dot.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>')
    Image.new("RGB", (20, 10)).save(site.root / "content/posts/2024/topic/photo.jpg")


def test_links_to_files_lead_to_their_pages(site: Any) -> None:
    write_deep_post(site)
    site.build()
    page = site.page("post")
    assert re.findall(r'href="([^"]*)"', page) == [
        "/other/#part",
        "/beside/",
        "/imprint/",
        "/posts/2024/topic/data%20one.csv",
        "/other/",
        "#here",
        "/other/",
        "/beside/?x=1&amp;y=2#end",
    ]
    assert re.findall(r'src="([^"]*)"', page) == [
        "/posts/2024/topic/dot.svg",
        "/posts/2024/topic/photo.jpg",
        "/images/dot.svg",
        "/images/dot.svg",
    ]
    for file in ("data one.csv", "dot.svg", "photo.jpg"):
        assert (site.site / "posts/2024/topic" / file).is_file()


def test_names_of_files_may_have_spaces_and_any_script(site: Any) -> None:
    links = "[a](文章.md#结束) [b][] [e](two%20words.svg) ![c](图.svg) ![d](<two words.svg>)"
    write_deep_post(site, f"{links}\n\n[b]: 文章.md")
    folder = site.root / "content/posts/2024/topic"
    (folder / "beside.md").rename(folder / "文章.md")
    (folder / "文章.md").write_text((folder / "文章.md").read_text().replace("## End", "## 结束"))
    for name in ("图.svg", "two words.svg"):
        (folder / name).write_bytes((folder / "dot.svg").read_bytes())
    site.build()
    page = site.page("post")
    hrefs = [unquote(link) for link in re.findall(r'href="([^"]*)"', page)]
    assert hrefs == ["/beside/#结束", "/beside/", "/posts/2024/topic/two words.svg"]
    sources = [unquote(link) for link in re.findall(r'src="([^"]*)"', page)]
    assert sources == ["/posts/2024/topic/图.svg", "/posts/2024/topic/two words.svg"]
    assert all((site.site / source[1:]).is_file() for source in sources)


HTML = """\
<img src="dot.svg" srcset="dot.svg 1x, dot@2x.svg 2x, {static}../../../images/dot.svg 3x" alt="A">
<picture><source srcset="two%20words.svg"><img src={static}dot.svg alt="B"></picture>
<video poster='photo.jpg'><track src="film.vtt"></video> <object data="data%20one.csv"></object>
<a href=beside.md#end>unquoted</a> <A HREF=" beside.md ">spaces</A>
<blockquote cite="../../other.md#part">Q</blockquote>
<pre><a HREF="{filename}only.csv">only</a></pre>
"""


def write_html_post(site: Any, text: str = HTML) -> None:
    write_deep_post(site, text)
    folder = site.root / "content/posts/2024/topic"
    for name in ("dot@2x.svg", "two words.svg"):
        (folder / name).write_bytes((folder / "dot.svg").read_bytes())
    for name in ("film.vtt", "only.csv"):
        (folder / name).write_text("x")


def test_raw_html_may_link_to_files_in_every_attribute(site: Any) -> None:
    site.set('WRITING_RULES["active-content"] = WRITING_RULES["blocked"] = "off"')
    write_html_post(site)
    assert list(map(str, site.check().findings.errors)) == []
    site.build()
    page = site.page("post")
    here = "/posts/2024/topic"
    assert re.findall(r'\b(?:src|srcset|poster|data|href|cite)=["\']([^"\']*)', page) == [
        f"{here}/dot.svg",
        f"{here}/dot.svg 1x, {here}/dot%402x.svg 2x, /images/dot.svg 3x",
        f"{here}/two%20words.svg",
        f"{here}/dot.svg",
        f"{here}/photo.jpg",
        f"{here}/film.vtt",
        f"{here}/data%20one.csv",
        *("/beside/#end", "/beside/"),
        "/other/#part",
        f"{here}/only.csv",
    ]
    for name in ("dot@2x.svg", "two words.svg", "photo.jpg", "film.vtt", "only.csv"):
        assert (site.site / "posts/2024/topic" / name).is_file(), name


def test_a_file_that_moves_to_its_post_has_an_encoded_address(site: Any) -> None:
    write_deep_post(site, "[A]({attach}a%23%C3%A9.csv) [B]({attach}a%23%C3%A9.csv#x)")
    (site.root / "content/posts/2024/topic/a#é.csv").write_text("a,b")
    assert site.build().summary.warnings == ()
    assert re.findall(r'href="([^"]*)"', site.page("post")) == [
        *("/post/a%23%C3%A9.csv", "/post/a%23%C3%A9.csv#x")
    ]
    assert (site.site / "post/a#é.csv").is_file()


def test_signs_in_the_name_of_a_file_must_be_encoded(site: Any) -> None:
    write_deep_post(site, "![A](a#1.svg) ![B](b?.svg) [C](c#.md)")
    folder = site.root / "content/posts/2024/topic"
    for name in ("a#1.svg", "b?.svg"):
        (folder / name).write_bytes((folder / "dot.svg").read_bytes())
    (folder / "beside.md").rename(folder / "c#.md")
    assert [message.partition("exist: ")[2] for message in site.mistakes()] == [
        "in links to this file write `a%231.svg`",
        "in links to this file write `b%3F.svg`",
        "in links to this file write `c%23.md`",
    ]
    path = site.root / DEEP
    path.write_text(path.read_text().replace("#", "%23").replace("?", "%3F"))
    site.build()
    assert re.findall(r'(?:src|href)="([^"]*)"', site.page("post")) == [
        *("/posts/2024/topic/a%231.svg", "/posts/2024/topic/b%3F.svg", "/beside/")
    ]


def test_a_missing_file_of_a_srcset_is_found_by_check_and_build_alike(site: Any) -> None:
    write_html_post(site, '<img src="dot.svg" srcset="dot.svg 1x,\n{static}no.svg 2x" alt="A">')
    (message,) = site.mistakes()
    assert message.startswith(f"{DEEP}:5: links to `posts/2024/topic/no.svg`, but there is no such")
    write_html_post(site, '<img src="dot.svg" srcset="dot.svg 1x, dot@3x.svg 3x" alt="A">')
    (message,) = site.mistakes()
    assert message.endswith("which does not exist; did you mean `dot@2x.svg`?")
    write_html_post(site, "<pre>\n<a href='|filename|none.md'>x</a> {% form x %}\n</pre>")
    (message,) = site.mistakes()
    assert message.startswith(f"{DEEP}:6: `|filename|none.md` leads to no article or page")


def test_a_photo_with_sizes_of_its_own_keeps_them(site: Any) -> None:
    site.set('PLUGINS.insert(5, "publish.plugins.pictures")')
    text = '<img src="photo.jpg" srcset="photo.jpg 1x, big.jpg 2x" alt="A">\n\n![B](third.jpg)'
    write_deep_post(site, text)
    folder = site.root / "content/posts/2024/topic"
    for name in ("big.jpg", "third.jpg"):
        Image.new("RGB", (1400, 700), (name[:3] == "big" and "red") or "blue").save(folder / name)
    site.build()
    page = site.page("post")
    here = "/posts/2024/topic"
    assert f'src="{here}/photo.jpg" srcset="{here}/photo.jpg 1x, {here}/big.jpg 2x"' in page
    assert page.count("<picture>") == 1  # of the third one
    published = {path.name for path in (site.site / "posts/2024/topic").iterdir()}
    assert published == {"photo.jpg", "big.jpg"}
    made = {path.name.partition(".")[0] for path in (site.site / "pictures").iterdir()}
    assert len(made) == 1


def test_answers_to_questions_may_link_to_files_too(site: Any) -> None:
    site.set('PLUGINS.insert(4, "publish.plugins.faq")  # before the links are checked')
    write_deep_post(site, "Text.")
    text = (
        (site.root / DEEP).read_text().removeprefix("Title: post\nSlug: post\nDate: 2026-11-02\n")
    )
    answer = "[x](../../other.md#part) [y](data%20one.csv) ![z]({static}dot.svg)"
    faq = f"faq:\n  - question: Why?\n    answer: '{answer}'\n"
    site.write(DEEP, f"---\ntitle: post\nslug: post\ndate: 2026-11-02\n{faq}---\n{text}")
    site.build()
    page = site.page("post")
    assert 'href="/other/#part"' in page
    assert 'href="/posts/2024/topic/data%20one.csv"' in page
    assert 'src="/posts/2024/topic/dot.svg"' in page
    for file in ("data one.csv", "dot.svg"):
        assert (site.site / "posts/2024/topic" / file).is_file()


def test_a_file_with_an_encoded_name_is_published_without_a_warning(site: Any) -> None:
    site.set('PLUGINS.insert(4, "publish.plugins.faq")  # before the links are checked')
    write_deep_post(site, "Text.")
    (site.root / "content/posts/2024/topic/dot.svg").rename(
        site.root / "content/posts/2024/topic/5 % größe#1.svg"
    )
    faq = "faq:\n  - question: Why?\n    answer: Text.\n"
    link = "![a](5%20%25%20gr%C3%B6%C3%9Fe%231.svg)"
    site.write(DEEP, f"---\ntitle: post\nslug: post\ndate: 2026-11-02\n{faq}---\n{link}")
    assert site.build().summary.warnings == ()
    assert (site.site / "posts/2024/topic/5 % größe#1.svg").is_file()


def test_the_picture_of_the_front_matter_may_be_beside_the_text(site: Any) -> None:
    site.set('PLUGINS.insert(1, "publish.plugins.pictures")')
    site.write("theme/templates/article.html", "{{ article.lead_picture }}{{ article.content }}")
    for name in ("photo.jpg", "../2023/a%20b.jpg", "{static}photo.jpg", "/posts/2023/a b.jpg"):
        write_deep_post(site, "Text.")
        (site.root / "content/posts/2024/2023").mkdir(exist_ok=True)
        (site.root / "content/posts/2023").mkdir(exist_ok=True)
        for folder in ("2024/2023", "2023"):
            Image.new("RGB", (9, 8)).save(site.root / f"content/posts/{folder}/a b.jpg")
        front_matter = f"Title: post\nSlug: post\nDate: 2026-11-02\nImage: {name}\nImage_alt: x\n"
        site.write(DEEP, f"{front_matter}\nText.")
        assert site.check().findings.errors == ()
        site.build()
        assert '<img alt="x" src="/pictures/' in site.page("post")
    site.write(DEEP, f"{front_matter.replace('/posts/2023/a b', 'poto')}\nText.")
    (message,) = site.mistakes()
    assert message == (
        f"{DEEP}:4: links to `posts/2024/topic/poto.jpg`, but there is no such file in content/; "
        "did you mean `photo.jpg`?"
    )


def test_check_accepts_them_and_knows_their_headings(site: Any) -> None:
    write_deep_post(site, "[x](../../other.md#part)")
    assert site.check().findings.errors == ()
    write_deep_post(site, "[x](../../other.md#prat) [y](../../othr.md) ![z](photo.png)")
    assert [message.removeprefix(f"{DEEP}:5: ") for message in site.mistakes()] == [
        "`../../other.md#prat`: nothing in content/posts/other.md is called `#prat`; "
        "did you mean `#part`?",
        "`../../othr.md` leads to no article or page; did you mean `../../other.md`?",
        "`photo.png` leads to /post/photo.png, which does not exist; did you mean `photo.jpg`?",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[x](../../../../secret.md)", "`../../../../secret.md` leads out of content/"),
        ("[x](../../../gated/guide.pdf)", "links to the gated file `../../../gated/guide.pdf`"),
        ("![x](../../../gated/guide.pdf)", "links to the gated file `../../../gated/guide.pdf`"),
    ],
)
def test_a_link_to_a_file_cannot_leave_the_content_or_reach_a_gated_file(
    site: Any, text: str, problem: str
) -> None:
    site.write("secret.md", "x")
    write_deep_post(site, text)
    assert site.mistakes()[0].startswith(f"{DEEP}:5: {problem}")


def test_a_draft_that_a_file_link_leads_to_is_reported(site: Any) -> None:
    write_deep_post(site, "[x](beside.md)")
    path = site.root / "content/posts/2024/topic/beside.md"
    path.write_text(path.read_text().replace("Slug:", "Status: draft\nSlug:"))
    assert site.mistakes() == [
        f"{DEEP}:5: `beside.md` leads to a draft: publish it first, or remove the link"
    ]


def test_links_in_feeds_are_full_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPOST_SITE_URL", ORIGIN)
    folder = tmp_path / "content/posts"
    folder.mkdir(parents=True)
    Image.new("RGB", (900, 600), "red").save(folder / "photo.png")
    text = (
        "[a](b.md#x) [b](/b/) [c](#d) [e](../b/) ![f](photo.png) <a href='mailto:x@y.example'>m</a>"
    )
    posts = {"a": post("A", "a", text=text), "b": post("B", "b")}
    feed = (build(tmp_path, posts) / "feed.xml").read_text()
    content = re.findall(r"<content[^>]*>(.*?)</content>", feed, re.DOTALL)
    links = re.findall(
        r"(?:href|src|srcset)=[\"']([^\"']*)", "".join(content).replace("&quot;", '"')
    )
    assert f"{ORIGIN}/b/#x" in links
    assert f"{ORIGIN}/b/" in links
    assert f"{ORIGIN}/a/#d" in {link.replace("?ref=feed", "") for link in links}
    assert "mailto:x@y.example" in links
    sources = [source for link in links for source in link.split(", ")]
    assert all(source.startswith((ORIGIN, "mailto:")) for source in sources)
    assert any("/pictures/" in source for source in sources)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<a title="x > y" href="b/">', '<a title="x > y" href="https://a.example/p/b/">'),
        ("<a href='?q=1&amp;r=2'>", "<a href='https://a.example/p/?q=1&amp;r=2'>"),
        (
            '<img srcset="/s 1x, /t 2x">',
            '<img srcset="https://a.example/s 1x, https://a.example/t 2x">',
        ),
        (
            "<a title=\" href='b'\" href='c'>",
            "<a title=\" href='b'\" href='https://a.example/p/c'>",
        ),
        ('<img alt="1 < 2" src="d">', '<img alt="1 < 2" src="https://a.example/p/d">'),
        ('<a href="http://[">', '<a href="http://[">'),
        (
            "<a href=/?a=1&region=eu&copy=2&amp;b&#x26;c&section>",
            '<a href="https://a.example/?a=1&amp;region=eu&amp;copy=2&amp;b&amp;c&amp;section">',
        ),
        ('<a href="https://b.example/?a&region=x">', '<a href="https://b.example/?a&region=x">'),
        ('<a href="/&auml;&euml">', '<a href="https://a.example/%C3%A4%C3%AB">'),
        (
            '<img srcset="data:image/png;base64,AA= 1x,/b,c.png 2x , d">',
            '<img srcset="data:image/png;base64,AA= 1x,https://a.example/b,c.png 2x , '
            'https://a.example/p/d">',
        ),
        ("<a data-href='b' xhref='c'>", "<a data-href='b' xhref='c'>"),
        ('a href="b" &lt;a href="b"&gt;', 'a href="b" &lt;a href="b"&gt;'),
    ],
)
def test_links_become_absolute_and_nothing_else_changes(text: str, expected: str) -> None:
    assert absolute_links(text, "https://a.example/p/") == expected


def test_each_link_of_a_tag_is_rewritten() -> None:
    text = '<video src="a" poster="b"></video>'
    assert rewrite_links(text, str.upper) == '<video src="A" poster="B"></video>'


@pytest.mark.parametrize("mark", ["[", "![a](", "[a][", "<a ", "*a ", "~~a "])
def test_a_text_of_unclosed_marks_is_rendered_in_seconds(mark: str) -> None:
    text = mark * (60_000 // len(mark))  # a search for the end of each mark would take minutes
    assert mark.strip(" *") in unescape(site_markdown().convert(f"\n{text}"))


@pytest.mark.parametrize("part", ["<a", '<a "', "<a '\"", '<a href="', " href='x"])
def test_unclosed_tags_take_linear_time(part: str) -> None:
    text = "<a " + part * 100_000  # with quadratic time this takes minutes
    assert rewrite_links(text, str.upper) == text
