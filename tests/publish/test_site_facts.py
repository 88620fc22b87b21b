"""publish.plugins.theme: one Site for every template, theme files with a hash, and site.json."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from pelican import Pelican
from pelican.settings import read_settings

from capture.site import Site
from publish.plugins.feed import clean_feed
from publish.plugins.theme import fingerprints, reading_minutes, site_from
from tests.publish.lenient import LENIENT

ROOT = Path(__file__).parents[2]

POST = """Title: A post
Date: 2026-11-02
Modified: 2026-11-05
Category: Pricing
Tags: one
Author: Ann Writer
Summary: In short.

Text.
"""


@pytest.fixture
def content(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    for name in ("posts", "pages", "images"):
        (folder / name).mkdir(parents=True)
    (folder / "posts" / "post.md").write_text(POST)
    (folder / "pages" / "home.md").write_text("Title: Home\nSlug: home\n\nWelcome.\n")
    return folder


def build(content: Path, config: str = "pelicanconf.py", **settings: object) -> Path:
    """Builds the folder as `pelican` would, and gives back where the site went."""
    output = content.parent / "output" / "www"
    value = {"PATH": str(content), "OUTPUT_PATH": str(output), **LENIENT, **settings}
    pelican = Pelican(read_settings(str(ROOT / config), override=value))
    pelican.run()
    return output


@pytest.fixture
def theme(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "theme", tmp_path / "theme"))


def test_the_service_reads_the_site_json_that_the_build_wrote(content: Path) -> None:
    output = build(content)
    site = Site.read(output.parent / "site.json")
    settings = read_settings(str(ROOT / "pelicanconf.py"), override={"PATH": str(content)})
    facts = site_from(settings, ROOT / "theme" / "static")
    assert site == facts.model_copy(update={"titles": site.titles, "dates": site.dates})
    assert site.form_action("demo") == "/f/demo"


def test_site_json_has_the_titles_of_published_pages_as_text(content: Path) -> None:
    post = content / "posts" / "amp.md"
    post.write_text("Title: Leads & <em>bills</em>\nDate: 2026-01-01\nSlug: amp\n\nText.\n")
    titles = Site.read(build(content).parent / "site.json").titles
    assert titles["/amp/"] == "Leads & bills"


def test_site_json_has_the_dates_of_articles(content: Path) -> None:
    post = content / "posts" / "dated.md"
    post.write_text("Title: Dated\nDate: 2026-01-31\nSlug: dated\n\nText.\n")
    dates = Site.read(build(content).parent / "site.json").dates
    assert dates["/dated/"] == "2026-01-31"


def test_site_json_is_not_published(content: Path) -> None:
    output = build(content)
    assert (output.parent / "site.json").is_file()
    assert not list(output.rglob("site.json"))


def test_every_asset_is_published_at_the_address_that_the_site_names(content: Path) -> None:
    output = build(content)
    site = Site.read(output.parent / "site.json")
    for name in ("style.css", "touch.js", "form.js", "favicon.svg"):
        published = output / site.asset(name).lstrip("/")
        assert published.read_bytes() == (ROOT / "theme" / "static" / name).read_bytes()


def test_a_file_gets_a_new_address_when_its_content_changes(theme: Path, content: Path) -> None:
    before = Site.read(build(content, THEME=str(theme)).parent / "site.json")
    (theme / "static" / "style.css").write_text("body { color: black }")
    output = build(content, THEME=str(theme))
    after = Site.read(output.parent / "site.json")
    assert after.asset("style.css") != before.asset("style.css")
    assert after.asset("touch.js") == before.asset("touch.js")
    assert f'href="{after.asset("style.css")}"' in (output / "index.html").read_text()
    assert not (output / before.asset("style.css").lstrip("/")).exists()


def test_a_second_run_of_the_same_pelican_sees_the_changed_theme(
    theme: Path, content: Path
) -> None:
    output = content.parent / "output" / "www"
    value = {"PATH": str(content), "OUTPUT_PATH": str(output), "THEME": str(theme), **LENIENT}
    pelican = Pelican(read_settings(str(ROOT / "pelicanconf.py"), override=value))
    pelican.run()
    (theme / "static" / "style.css").write_text("body { color: black }")
    pelican.run()
    names = fingerprints(theme / "static")
    assert f"/theme/{names['style.css']}" in (output / "404.html").read_text()


def test_two_builds_of_the_same_content_give_the_same_bytes(content: Path) -> None:
    first = {path: path.read_bytes() for path in build(content).rglob("*") if path.is_file()}
    second = {path: path.read_bytes() for path in build(content).rglob("*") if path.is_file()}
    assert first == second


def test_pages_with_forms_are_written_in_a_stable_order(content: Path) -> None:
    pages = {"zeta": {"/b/", "/a/"}, "alpha": {"/c/"}}
    output = build(content, gatepost_form_pages=pages)
    written = json.loads((output.parent / "site.json").read_text())["form_pages"]
    assert list(written.items()) == [("alpha", ["/c/"]), ("zeta", ["/a/", "/b/"])]


def test_production_addresses_are_absolute(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPOST_SITE_URL", "https://www.example.com/")
    output = build(content, "publishconf.py")
    page = (output / "a-post" / "index.html").read_text()
    assert '<link rel="canonical" href="https://www.example.com/a-post/">' in page
    assert 'href="https://www.example.com/theme/style.' in page
    assert "Sitemap: https://www.example.com/sitemap.xml" in (output / "robots.txt").read_text()


def test_production_refuses_to_build_without_its_address(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pelican", "-s", str(ROOT / "publishconf.py"), "-o", tmp_path]
    run = subprocess.run(command, capture_output=True, text=True, env={"PATH": ""}, check=False)
    assert run.returncode == 1
    assert run.stderr.startswith("publishconf.py: GATEPOST_SITE_URL must say")
    assert run.stderr.count("\n") == 1


def test_the_sitemap_has_the_date_of_each_articles_last_change(
    content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEPOST_SITE_URL", "https://www.example.com")
    output = build(content, "publishconf.py")
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    index = ElementTree.parse(output / "sitemap.xml").iterfind("s:sitemap/s:loc", space)
    parts = [output / str(loc.text).removeprefix("https://www.example.com/") for loc in index]
    assert [part.name for part in parts] == ["sitemap-pages.xml", "sitemap-articles-1.xml"]
    changed = {
        entry.findtext("s:loc", "", space): entry.findtext("s:lastmod", "", space)
        for part in parts
        for entry in ElementTree.parse(part).iterfind("s:url", space)
    }
    assert changed["https://www.example.com/a-post/"] == "2026-11-05T00:00:00+00:00"
    assert changed["https://www.example.com/"] == "2026-11-05T00:00:00+00:00"
    assert "https://www.example.com/category/pricing/" in changed


def test_drafts_have_preview_addresses_and_are_on_no_list(content: Path) -> None:
    held_back = "Status: draft\nPreview: nobody-can-guess-it\nTags:"
    draft = POST.replace("A post", "Secret").replace("Tags:", held_back)
    (content / "posts" / "draft.md").write_text(draft)
    output = build(content)
    draft = (output / "drafts/nobody-can-guess-it/index.html").read_text()
    assert 'content="noindex"' in draft
    for listing in ("index.html", "articles/index.html", "sitemap-articles-1.xml", "feed.xml"):
        assert "Secret" not in (output / listing).read_text()
        assert "/nobody-can" not in (output / listing).read_text()


def test_lists_have_ten_articles_per_page(content: Path) -> None:
    for number in range(11):
        (content / "posts" / f"{number}.md").write_text(POST.replace("A post", f"Post {number}"))
    output = build(content)
    first = (output / "articles" / "index.html").read_text()
    second = (output / "articles" / "2" / "index.html").read_text()
    assert first.count("<article>") == 10
    assert second.count("<article>") == 2
    assert '<a rel="next" href="/articles/2/">' in first
    assert '<a rel="prev" href="/articles/">' in second


def test_reading_time_counts_the_text_and_not_the_form() -> None:
    form = "<form class='lead'>" + "<option>word</option>\n" * 900 + "</form>"
    assert reading_minutes("<p>" + "word " * 660 + f"</p>{form}") == 3
    assert reading_minutes("<p>Short.</p>") == 1


def test_the_feed_contains_the_complete_article(content: Path) -> None:
    feed = ElementTree.parse(build(content) / "feed.xml")
    entry = feed.find("{http://www.w3.org/2005/Atom}entry")
    assert entry is not None
    assert "<p>Text.</p>" in entry.findtext("{http://www.w3.org/2005/Atom}content", "")


def test_a_feed_is_valid_xml_with_an_author_whatever_a_post_contains(content: Path) -> None:
    odd = POST.replace("Author: Ann Writer\n", "").replace("A post", "Bell ]]> 🎯")
    (content / "posts" / "odd.md").write_text(odd)
    feed = ElementTree.parse(build(content) / "feed.xml")
    atom = "{http://www.w3.org/2005/Atom}"
    assert feed.findtext(f"{atom}author/{atom}name") == "Northgate Leads"
    assert "Bell ]]> 🎯" in [title.text for title in feed.iter(f"{atom}title")]


def test_a_feed_has_no_character_that_xml_forbids_from_wherever_it_comes() -> None:
    item = {"link": "/a/", "title": "Bell \x07 \ufffe", "author_name": "", "content": None}
    item |= {"description": "Form \x0c feed", "categories": ["one\x01"]}
    feed = SimpleNamespace(feed={}, items=[item])
    clean_feed({"site": SimpleNamespace(url="", publisher="A\x08 B")}, feed)
    assert item == {
        "link": "/a/",
        "title": "Bell  ",
        "author_name": "A B",
        "content": None,
        "description": "Form  feed",
        "categories": ["one"],
    }


def test_another_canonical_address_or_noindex_is_not_in_the_sitemap(content: Path) -> None:
    for name, line in (("moved", "Canonical: https://other.example/x/\n"), ("kept", "")):
        text = POST.replace("A post", name).replace("Tags:", f"{line}Tags:")
        (content / "posts" / f"{name}.md").write_text(text)
    sitemap = (build(content) / "sitemap-articles-1.xml").read_text()
    assert "/kept/" in sitemap
    assert "/moved/" not in sitemap


def test_the_page_for_a_wrong_address_offers_links(content: Path) -> None:
    page = (build(content) / "404.html").read_text()
    for way in ("/articles/", "/category/pricing/", "/a-post/"):
        assert f'href="{way}"' in page


def test_reading_time_counts_characters_in_japanese_and_chinese() -> None:
    assert reading_minutes("<p>" + "読む" * 1000 + "</p>") == 4
    assert reading_minutes("<p>" + "word " * 440 + "</p>") == 2


def test_a_site_without_a_start_page_is_built_with_a_warning(site: Any) -> None:
    site.post("Text.")
    assert site.build().summary.warnings == ()
    site.set("DIRECT_TEMPLATES = []")
    (text,) = site.build().summary.warnings
    assert text.startswith("content: the site has no start page, `/`: write one")
