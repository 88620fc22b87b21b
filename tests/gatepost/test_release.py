"""A served release: search in a real browser, small answers, immutable files."""

import gzip
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.service import ROOT, Service, serving

FORM_PAGE = "/what-pays-in-each-price-model/"
SEARCH_PAGE = "/search/"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """This repository's own site, released and served."""
    folder = tmp_path_factory.mktemp("release")
    for name in ("campaigns", "clients", "content", "theme", "pelicanconf.py", "publishconf.py"):
        (folder / name).symlink_to(ROOT / name)
    built = Service(folder).run("build", "--release")
    assert built.returncode == 0, built.stderr
    with serving(folder) as started:
        yield started


@pytest.fixture
def tab(browser: Browser, service: Service) -> Iterator[Page]:
    context = browser.new_context(base_url=f"http://127.0.0.1:{service.port}")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda text: text.type == "error" and complaints.append(text.text))
    yield page
    context.close()
    assert complaints == []


def test_search_finds_while_one_types_and_leads_to_the_article(tab: Page) -> None:
    tab.goto(SEARCH_PAGE)
    tab.get_by_label("Words to look for").press_sequentially("thanksgiving")
    link = tab.get_by_role("link", name="The first 48 hours of a lead")
    expect(link).to_be_visible()
    expect(tab.get_by_role("status")).to_have_text(re.compile(r"^\d+ found"))
    link.click()
    expect(tab).to_have_url(re.compile("/first-48-hours-of-a-lead/$"))


def test_a_search_url_with_words_shows_the_results(tab: Page) -> None:
    tab.goto(f"{SEARCH_PAGE}?q=suppression")
    expect(tab.locator(".results li").first).to_be_visible()


def test_search_reports_no_results_and_survives_hostile_words(tab: Page) -> None:
    tab.goto(SEARCH_PAGE)
    tab.get_by_label("Words to look for").fill('"><img src=x onerror=alert(1)> ')
    expect(tab.get_by_role("status")).not_to_be_empty()
    tab.get_by_label("Words to look for").fill("qqqzzzxw")
    expect(tab.get_by_role("status")).to_have_text("Nothing found")
    assert tab.locator(".results li").count() == 0


def test_forms_and_calls_to_action_are_not_searched(tab: Page) -> None:
    tab.goto(f"{SEARCH_PAGE}?q=organization-title-501-1000")
    expect(tab.get_by_role("status")).not_to_be_empty()
    assert "Number of employees (optional)" not in tab.locator(".results").inner_text()


def test_without_script_the_search_page_links_to_everything(
    browser: Browser, service: Service
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{service.port}{SEARCH_PAGE}")
    expect(page.get_by_role("link", name="The archive")).to_be_visible()
    expect(page.get_by_role("link", name="Agreements")).to_be_visible()
    context.close()


def test_only_the_search_page_may_run_compiled_code(service: Service) -> None:
    policy = service.get(SEARCH_PAGE).headers["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy
    for path in ("/", FORM_PAGE, "/f/acme-demo", "/nowhere/"):
        assert "wasm" not in service.get(path).headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("br, gzip", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("identity", None)],
)
def test_an_answer_has_the_smallest_encoding_that_the_browser_accepts(
    service: Service, accepted: str, encoding: str | None
) -> None:
    plain = (service.folder / "output/www" / FORM_PAGE.strip("/") / "index.html").read_bytes()
    answer = service.get(FORM_PAGE, Accept_Encoding=accepted)
    assert answer.headers["Content-Encoding"] == encoding
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Accept-Encoding" in answer.headers["Vary"]
    read = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    assert read(answer.body) == plain


def test_only_files_with_a_hash_in_their_name_are_immutable(service: Service) -> None:
    site = service.folder / "output/www"
    hashed = [
        next((site / "theme").glob("style.*.css")),
        next((site / "share").iterdir()),
        next((site / "pagefind/fragment").iterdir()),
        next((site / "pagefind").glob("*.pf_meta")),
    ]
    for path in hashed:
        kept = service.get(f"/{path.relative_to(site)}").headers["Cache-Control"]
        assert kept == "public, max-age=31536000, immutable", path
    for fixed in ("/", "/pagefind/pagefind.js", "/pagefind/pagefind-entry.json", "/feed.xml"):
        assert service.get(fixed).headers["Cache-Control"] == "no-cache"


def test_an_article_with_a_form_is_small_and_needs_few_requests(
    tab: Page, service: Service
) -> None:
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    pages = sorted((service.folder / "output/www").glob("*/index.html"))
    with_form = [path.parent.name for path in pages if b'<form class="lead"' in path.read_bytes()]
    assert len(with_form) >= 3
    for slug in with_form:
        asked.clear()
        tab.goto(f"/{slug}/", wait_until="networkidle")
        own = [url for url in asked if "/images/" not in url and not url.startswith("data:")]
        assert len(asked) <= 6, asked
        paths = [url.split(str(service.port), 1)[1] for url in own]
        weight = sum(len(service.get(path, Accept_Encoding="br, gzip").body) for path in paths)
        assert weight < 50_000, (slug, weight)


def test_each_article_has_a_share_picture_that_its_head_names(service: Service) -> None:
    site = service.folder / "output/www"
    articles = [
        text
        for path in site.glob("*/index.html")
        if 'property="article:section"' in (text := path.read_text())
    ]
    names = [re.search(r'og:image" content="/(share/\w+\.png)"', text) for text in articles]
    assert len({name[1] for name in names if name}) == len(articles) == 7
    for name in names:
        assert name is not None
        with Image.open(site / name[1]) as picture:
            assert picture.size == (1200, 630)


def test_a_second_release_reuses_everything_and_has_the_same_bytes(service: Service) -> None:
    def everything() -> dict[Path, bytes]:
        return {p: p.read_bytes() for p in (service.folder / "output").rglob("*.*") if p.is_file()}

    def kept() -> dict[Path, int]:
        return {p: p.stat().st_mtime_ns for p in (service.folder / ".cache").rglob("*.*")}

    before = everything(), kept()
    assert service.run("build", "--release").returncode == 0
    assert (everything(), kept()) == before


TOKEN = "k3v9x2m7q4w8z5t1"


def test_drafts_are_in_no_search_index(tmp_path: Path) -> None:
    for name in ("campaigns", "clients", "theme", "pelicanconf.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in ("posts", "pages", "images", "gated"):
        (tmp_path / "content" / name).mkdir(parents=True)
    for name in ("cloud-guide.pdf", "lead-kpis.xlsx"):
        shutil.copy(ROOT / "content/gated" / name, tmp_path / "content/gated" / name)
    draft = "Title: Secret\nDate: 2026-11-02\nStatus: draft\nPreview: {}\n\nUnspeakable.\n"
    (tmp_path / "content/posts/draft.md").write_text(draft.format(TOKEN))
    assert Service(tmp_path).run("build", "--release").returncode == 0
    assert (tmp_path / f"output/www/drafts/{TOKEN}/index.html").is_file()
    assert not (tmp_path / "output/www/pagefind").exists()
    assert not (tmp_path / "output/www/share").exists()


def test_a_preview_has_no_search_and_no_share_pictures(tmp_path: Path) -> None:
    for name in ("campaigns", "clients", "content", "theme", "pelicanconf.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    assert Service(tmp_path).run("build").returncode == 0
    site = tmp_path / "output/www"
    assert not [path for path in site.rglob("*") if path.suffix in {".br", ".gz", ".pf_meta"}]
    assert "og:image" not in (site / FORM_PAGE.strip("/") / "index.html").read_text()
