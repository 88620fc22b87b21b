"""The HTML head for search engines and link previews; no title can break it."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pelican import Pelican
from pelican.settings import read_settings

from tests.publish.lenient import LENIENT
from tests.publish.test_theme import DATA, Page

ROOT = Path(__file__).parents[2]
ATOM = "{http://www.w3.org/2005/Atom}"
PREVIEW = "nobody-can-guess-it"
ORIGIN = "https://www.example.com"
TITLES = {
    "quotes": """He said "yes" & 'no' <b>now</b>""",
    "script": "</title></script><script>alert(1)</script><!-- <script> ]]> -->",
    "emoji": "🎯 Aim \\ higher 👩‍👩‍👧 \u2028 {{ 7 * 7 }} {% raw %}",
    "rtl": "שלום \u202eevil\u202c مرحبا world",
}


def build(folder: Path, posts: dict[str, str], **settings: object) -> Path:
    """The posts as a site for production, with our theme and plugins."""
    for name in ("posts", "pages", "images"):
        (folder / "content" / name).mkdir(parents=True, exist_ok=True)
    for name, text in posts.items():
        (folder / "content" / "posts" / f"{name}.md").write_text(text, encoding="utf-8")
    (folder / "content/pages/home.md").write_text("Title: Home\nSlug: home\n\nWelcome.\n")
    value: dict[str, Any] = {"PATH": str(folder / "content"), **LENIENT, **settings}
    value["OUTPUT_PATH"] = str(folder / "output" / "www")
    Pelican(read_settings(str(ROOT / "publishconf.py"), override=value)).run()
    return folder / "output" / "www"


def post(title: str, slug: str, *, front_matter: str = "", text: str = "Text.") -> str:
    return (
        f"Title: {title}\nSlug: {slug}\nDate: 2026-11-02\nCategory: Pricing\nTags: one, two\n"
        f"Author: Ann Writer\nSummary: In *short*.\n{front_matter}\n{text}\n"
    )


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    posts = {slug: post(title, slug) for slug, title in TITLES.items()}
    posts |= {f"more-{number}": post(f"More {number}", f"more-{number}") for number in range(8)}
    folder = tmp_path_factory.mktemp("head")
    (folder / "content/images").mkdir(parents=True)
    dot = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    (folder / "content/images/dot.svg").write_text(dot)
    image = "Image: /images/dot.svg\nImage_alt: A dot & more\n"
    posts["pictured"] = post("Pictured", "pictured", front_matter=image)
    text = "![In the text]({static}/images/dot.svg)"
    posts["shown"] = post("Shown", "shown", front_matter=image, text=text)
    silent = post("Silent", "silent", text=f"{text}\n\nWhat the picture shows.")
    posts["silent"] = silent.replace("Summary: In *short*.\n", "")
    posts["hebrew"] = post("שלום", "hebrew", front_matter="Lang: he\n")
    posts["odd-folder"] = post("Odd", "odd-folder", front_matter="Lang: qx\n")
    posts["two"] = post("Two of us", "two", text="A[^1].\n\n[^1]: B").replace(
        "Author: Ann Writer", "Authors: Ann Writer; Ben Writer"
    )
    posts["zwei"] = post("Zwei", "two", front_matter="Lang: de\nTranslation: true\n")
    posts["nobody"] = post("Nobody", "nobody").replace("Author: Ann Writer\n", "")
    posts["moved"] = post("Moved", "moved", front_matter=f"Canonical: {ORIGIN}/elsewhere/\n")
    posts["draft"] = post("Draft", "draft", front_matter=f"Status: draft\nPreview: {PREVIEW}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEPOST_SITE_URL", ORIGIN)
        return build(folder, posts)


def read(output: Path, path: str) -> Page:
    return Page((output / path / "index.html").read_text(encoding="utf-8"))


def entries(output: Path) -> list[ElementTree.Element]:
    return list(ElementTree.parse(output / "feed.xml").iter(f"{ATOM}entry"))


def meta(page: Page) -> dict[str, str]:
    tags = page.all("meta")
    return {tag.get("property") or tag.get("name", ""): tag.get("content", "") for tag in tags}


def data(page: Page) -> dict[str, Any]:
    """The page's nodes by their type."""
    assert [attrs for attrs in page.all("script") if "src" not in attrs] == [{"type": DATA}]
    document = json.loads(page.words("script"))
    assert document["@context"] == "https://schema.org"
    return {node["@type"]: node for node in document["@graph"]}


def links(page: Page) -> dict[str, str]:
    tags = (attrs for attrs in page.all("link") if "hreflang" not in attrs)
    return {attrs["rel"]: attrs["href"] for attrs in tags}


@pytest.mark.parametrize("name", TITLES)
def test_a_hostile_title_is_the_same_in_every_tag(output: Path, name: str) -> None:
    page, title = read(output, name), TITLES[name]
    assert page.words("h1") == title
    assert page.words("title") == f"{title} | The Gatepost Journal"
    assert meta(page)["og:title"] == title
    nodes = data(page)
    assert nodes["BlogPosting"]["headline"] == title
    assert nodes["BreadcrumbList"]["itemListElement"][-1]["name"] == title
    assert title in [entry.findtext(f"{ATOM}title") for entry in entries(output)]


def test_each_entry_of_the_feed_names_its_authors_or_the_publisher(output: Path) -> None:
    named = {
        entry.findtext(f"{ATOM}title"): entry.findtext(f"{ATOM}author/{ATOM}name")
        for entry in entries(output)
    }
    assert named["Two of us"] == "Ann Writer, Ben Writer"
    assert named["Nobody"] == "Northgate Leads"
    assert "" not in named.values()


def test_a_footnote_link_in_the_feed_names_its_page(output: Path) -> None:
    text = "".join(entry.findtext(f"{ATOM}content") or "" for entry in entries(output))
    assert f'href="{ORIGIN}/two/#fn:1"' in text
    assert 'href="#' not in text


def test_an_article_names_its_author_date_and_topics(output: Path) -> None:
    page = read(output, "quotes")
    assert data(page)["BlogPosting"]["author"] == [
        {"@type": "Person", "name": "Ann Writer", "url": f"{ORIGIN}/author/ann-writer/"}
    ]
    assert data(page)["BlogPosting"]["dateModified"] == "2026-11-02T00:00:00+00:00"
    assert data(page)["BlogPosting"]["keywords"] == ["one", "two"]
    text = meta(page)
    assert text["article:published_time"] == "2026-11-02T00:00:00+00:00"
    assert (text["description"], text["og:type"]) == ("In short.", "article")


def test_an_article_in_hebrew_runs_from_right_to_left(output: Path) -> None:
    assert {"class": "prose", "dir": "rtl"} in read(output, "he/hebrew").all("div")
    assert [tag for tag in read(output, "two").all("div") if "dir" in tag] == []
    assert read(output, "qx/odd-folder").all("html")[0]["lang"] == "qx"


def test_the_main_image_of_an_article_is_shown_once_with_its_alt_text(output: Path) -> None:
    page = read(output, "pictured")
    (image,) = page.all("img")
    assert (image["alt"], image["width"], image["fetchpriority"]) == ("A dot & more", "9", "high")
    assert data(page)["BlogPosting"]["image"] == [f"{ORIGIN}/images/dot.svg"]
    assert f"<image:loc>{ORIGIN}/images/dot.svg<" in (output / "sitemap-articles-1.xml").read_text()
    (image,) = read(output, "shown").all("img")
    assert image["alt"] == "In the text"
    assert data(read(output, "shown"))["BlogPosting"]["image"] == [f"{ORIGIN}/images/dot.svg"]


def test_a_translation_has_its_own_address_and_both_versions_link_to_each_other(
    output: Path,
) -> None:
    two = [("en", f"{ORIGIN}/two/"), ("de", f"{ORIGIN}/de/two/")]
    for path in ("two", "de/two"):
        page = read(output, path)
        messages = {(tag["hreflang"], tag["href"]) for tag in page.all("link") if "hreflang" in tag}
        assert messages == set(two)
    (other,) = (tag for tag in read(output, "two").all("a") if "hreflang" in tag)
    assert (other["href"], other["lang"]) == (two[1][1], "de")
    assert "Deutsch" in read(output, "two").words("a")
    assert f"<loc>{two[1][1]}</loc>" in (output / "sitemap-articles-1.xml").read_text()
    assert "Zwei" in [entry.findtext(f"{ATOM}title") for entry in entries(output)]


def test_each_page_has_its_canonical_address_and_breadcrumbs(output: Path) -> None:
    page = read(output, "category/pricing")
    assert links(page)["canonical"] == meta(page)["og:url"] == f"{ORIGIN}/category/pricing/"
    breadcrumbs = data(page)["BreadcrumbList"]["itemListElement"]
    assert [(step["position"], step["item"]) for step in breadcrumbs] == [
        (1, f"{ORIGIN}/"),
        (2, f"{ORIGIN}/categories/"),
        (3, f"{ORIGIN}/category/pricing/"),
    ]


def test_the_start_page_names_the_publisher(output: Path) -> None:
    nodes = data(read(output, "."))
    assert nodes["WebSite"]["name"] == "The Gatepost Journal"
    assert nodes["Organization"]["url"] == f"{ORIGIN}/"
    assert (output / nodes["Organization"]["logo"].removeprefix(f"{ORIGIN}/")).is_file()


def test_a_page_of_a_list_names_the_pages_before_and_after_it(output: Path) -> None:
    first, second = read(output, "articles"), read(output, "articles/2")
    assert links(first)["next"] == f"{ORIGIN}/articles/2/"
    assert "prev" not in links(first)
    assert links(second)["prev"] == f"{ORIGIN}/articles/"
    assert links(second)["canonical"] == f"{ORIGIN}/articles/2/"


def test_an_article_may_have_another_canonical_address(output: Path) -> None:
    assert links(read(output, "moved"))["canonical"] == f"{ORIGIN}/elsewhere/"


def test_a_draft_is_noindex(output: Path) -> None:
    page = read(output, f"drafts/{PREVIEW}")
    assert meta(page)["robots"] == "noindex"
    assert "canonical" not in links(page)
    assert not page.words("script")


def test_every_page_offers_the_feed_and_its_language(output: Path) -> None:
    for path in output.rglob("*.html"):
        page = Page(path.read_text(encoding="utf-8"))
        assert links(page)["alternate"] == f"{ORIGIN}/feed.xml"
        folder = path.relative_to(output).parts[0]
        text = page.all("html")[0]["lang"]
        assert text == ("en" if folder not in {"he", "qx", "de"} else folder)


def test_a_text_that_begins_with_a_picture_is_described_by_its_words(output: Path) -> None:
    metas = read(output, "silent").all("meta")
    (description,) = (meta["content"] for meta in metas if meta.get("name") == "description")
    assert description == "What the picture shows."
