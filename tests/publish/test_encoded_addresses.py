"""Addresses outside ASCII: every address in the site is a URI, and leads to a file of the site."""

import html
import json
import re
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit
from xml.etree import ElementTree

import pytest

from publish.build.pelican_run import settings_from
from publish.plugins.encoded_addresses import UriPattern
from tests.publish.test_html_head import ATOM, ORIGIN, ROOT, build, post

INSTALL = f"{ORIGIN}/{quote('安装')}/"
CAFE = f"{ORIGIN}/tag/caf%C3%A9/"
TEXT = """\
[self](#步骤) [by file](größe.md#步骤) [by address](/größe/) [tag]({tag}Café)
[braces]({filename}/posts/größe.md#步骤) [sheet](数据%201.csv)
[odd](a%23b%3Fc%25d.csv) ![dot](图.svg) [elsewhere](https://bücher.example/ä)

## 步骤
"""
SLUGS = "tags: {Café: café}\nauthors: {Ann Writer: änn}\ncategories: {Pricing: preise-für}\n"


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoded")
    posts = folder / "content/posts"
    posts.mkdir(parents=True)
    (folder / "content/slugs.yaml").write_text(SLUGS, encoding="utf-8")
    for name in ("数据 1.csv", "a#b?c%d.csv"):
        (posts / name).write_text("a,b")
    (posts / "图.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    texts = {
        "a": post("安装", "安装", text=TEXT, front_matter="Aliases: /旧/\n"),
        "b": post("Installieren", "安装", front_matter="Lang: de\nTranslation: true\n"),
        "größe": post("Size", "größe", text="## 步骤", front_matter="Related: 安装\n"),
        "own": post("Own", "own", front_matter="Url: 自己/\nSave_as: 自己/index.html\n"),
        "first": post("First", "first", front_matter="Canonical: https://bücher.example/ä\n"),
    }
    texts |= {f"more-{number}": post(f"More {number}", f"more-{number}") for number in range(9)}
    texts = {name: text.replace("one, two", "Café") for name, text in texts.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEPOST_SITE_URL", ORIGIN)
        return build(folder, texts, NAVIGATION=(("Size", "/größe/"),))


def addresses(text: str) -> list[str]:
    """The addresses on this site in HTML, XML or JSON."""
    return re.findall(rf"{re.escape(ORIGIN)}/[^\"'<> ,]*", text)


def test_every_address_is_ascii_and_leads_to_a_file(output: Path) -> None:
    files = [path for path in output.rglob("*") if path.suffix in {".html", ".xml", ".txt"}]
    found = {address for file in files for address in addresses(file.read_text("utf-8"))}
    assert {INSTALL, CAFE, f"{CAFE}2/"} < found
    assert f"{ORIGIN}/{quote('größe')}/" in found  # also in the navigation
    others = {f"{ORIGIN}/privacy/", f"{ORIGIN}/pagefind/pagefind.js"}
    for address in found - others:  # these are not in this small site
        assert address.isascii(), address
        path = unquote(urlsplit(address).path)[1:]
        assert (output / path).is_file() or (output / path / "index.html").is_file(), address


def test_the_head_of_a_page_has_the_encoded_address_everywhere(output: Path) -> None:
    german = f"{ORIGIN}/de/{quote('安装')}/"
    text = (output / "安装/index.html").read_text("utf-8")
    assert f'<link rel="canonical" href="{INSTALL}">' in text
    assert f'<meta property="og:url" content="{INSTALL}">' in text
    assert f'hreflang="de" href="{german}"' in text
    data = text.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    article, breadcrumbs = json.loads(data)["@graph"][2:]
    assert article["url"] == article["mainEntityOfPage"] == INSTALL
    assert article["author"][0]["url"] == f"{ORIGIN}/author/%C3%A4nn/"
    assert [step["item"] for step in breadcrumbs["itemListElement"]] == [
        f"{ORIGIN}/",
        f"{ORIGIN}/category/{quote('preise-für')}/",
        INSTALL,
    ]


def test_feed_sitemap_and_site_facts_have_the_same_address(output: Path) -> None:
    feed = ElementTree.parse(output / "feed.xml")
    links = {link.get("href") for link in feed.iter(f"{ATOM}link")}
    assert INSTALL in links
    ids = [entry.findtext(f"{ATOM}id") or "" for entry in feed.iter(f"{ATOM}entry")]
    assert all(each.isascii() for each in ids)
    sitemap = "".join(path.read_text() for path in output.glob("sitemap-*.xml"))
    assert f"<loc>{INSTALL}</loc>" in sitemap
    assert f"<loc>{CAFE}</loc>" in sitemap
    facts = json.loads((output.parent / "site.json").read_text("utf-8"))
    assert facts["titles"][urlsplit(INSTALL).path] == "安装"  # the path that a browser sends
    assert f"/{quote('自己')}/" in facts["dates"]


def test_links_of_a_text_are_encoded_in_page_and_feed(output: Path) -> None:
    page = (output / "安装/index.html").read_text("utf-8")
    size, step = quote("größe"), quote("步骤")
    files = f"{ORIGIN}/posts/"
    links = [
        *(f"#{step}", f"{ORIGIN}/{size}/#{step}", f"/{size}/", CAFE),
        f"{ORIGIN}/{size}/#{step}",
        *(f"{files}{quote('数据')}%201.csv", f"{files}a%23b%3Fc%25d.csv"),
        *(f"{files}{quote('图')}.svg", "https://xn--bcher-kva.example/%C3%A4"),
    ]
    text = page.partition('<div class="prose">')[2].partition("</p>")[0]
    assert re.findall(r'(?:href|src)="([^"]*)"', text) == links
    feed = html.unescape((output / "feed.xml").read_text("utf-8"))
    text = feed[feed.index('">self</a>') - 100 :].partition("</p>")[0]
    assert re.findall(r'(?:href|src)="([^"]*)"', text) == [urljoin(INSTALL, x) for x in links]


def test_the_canonical_address_of_a_first_publication_is_encoded(output: Path) -> None:
    head = (output / "first/index.html").read_text("utf-8")
    assert '<link rel="canonical" href="https://xn--bcher-kva.example/%C3%A4">' in head


def test_a_host_outside_ascii_is_encoded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPOST_SITE_URL", "https://bücher.example/")
    settings = settings_from(ROOT / "publishconf.py", {})
    assert settings["SITEURL"] == settings["FEED_DOMAIN"] == "https://xn--bcher-kva.example"


def test_a_pattern_is_encoded_by_format_alone() -> None:
    pattern = UriPattern("{slug}/")
    assert str(pattern).format(slug="ü %") == "%C3%BC%20%25/"
    assert pattern.format_map({"slug": "ü"}) == "ü/"
