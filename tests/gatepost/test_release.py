"""A released site as it is served: search in a real browser, small responses, immutable files."""

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
    result = Service(folder).run("build", "--release")
    assert result.returncode == 0, result.stderr
    with serving(folder) as service:
        yield service


@pytest.fixture
def tab(browser: Browser, service: Service) -> Iterator[Page]:
    """A browser tab whose console must show no error."""
    context = browser.new_context(base_url=f"http://127.0.0.1:{service.port}")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda text: text.type == "error" and errors.append(text.text))
    yield page
    context.close()
    assert errors == []


def test_search_shows_results_while_typing_and_links_to_the_article(tab: Page) -> None:
    tab.goto(SEARCH_PAGE)
    tab.get_by_label("Words to look for").press_sequentially("thanksgiving")
    link = tab.get_by_role("link", name="The first 48 hours of a lead")
    expect(link).to_be_visible()
    expect(tab.get_by_role("status")).to_have_text(re.compile(r"^\d+ found"))
    link.click()
    expect(tab).to_have_url(re.compile("/first-48-hours-of-a-lead/$"))


def test_a_search_address_with_words_shows_the_results(tab: Page) -> None:
    tab.goto(f"{SEARCH_PAGE}?q=suppression")
    expect(tab.locator(".results li").first).to_be_visible()


def test_search_reports_no_results_and_runs_no_typed_script(tab: Page) -> None:
    tab.goto(SEARCH_PAGE)
    tab.get_by_label("Words to look for").fill('"><img src=x onerror=alert(1)> ')
    expect(tab.get_by_role("status")).not_to_be_empty()
    tab.get_by_label("Words to look for").fill("qqqzzzxw")
    expect(tab.get_by_role("status")).to_have_text("Nothing found")
    assert tab.locator(".results li").count() == 0


def test_forms_are_not_in_the_search_index(tab: Page) -> None:
    tab.goto(f"{SEARCH_PAGE}?q=organization-title-501-1000")
    expect(tab.get_by_role("status")).not_to_be_empty()
    assert "Number of employees (optional)" not in tab.locator(".results").inner_text()


def test_without_javascript_the_search_page_links_to_all_articles_and_agreements(
    browser: Browser, service: Service
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{service.port}{SEARCH_PAGE}")
    expect(page.get_by_role("link", name="The archive")).to_be_visible()
    expect(page.get_by_role("link", name="Agreements")).to_be_visible()
    context.close()


def test_only_the_search_page_may_run_webassembly(service: Service) -> None:
    policy = service.get(SEARCH_PAGE).headers["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy
    for path in ("/", FORM_PAGE, "/f/acme-demo", "/nowhere/"):
        assert "wasm" not in service.get(path).headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("accept_encoding", "encoding"),
    [("br, gzip", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("identity", None)],
)
def test_a_response_has_the_smallest_encoding_that_the_browser_accepts(
    service: Service, accept_encoding: str, encoding: str | None
) -> None:
    file = (service.folder / "output/www" / FORM_PAGE.strip("/") / "index.html").read_bytes()
    answer = service.get(FORM_PAGE, Accept_Encoding=accept_encoding)
    assert answer.headers["Content-Encoding"] == encoding
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Accept-Encoding" in answer.headers["Vary"]
    decode = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    assert decode(answer.body) == file


def test_only_files_with_a_hash_in_their_name_are_immutable(service: Service) -> None:
    site = service.folder / "output/www"
    hashed_files = [
        next((site / "theme").glob("style.*.css")),
        next((site / "share").iterdir()),
        next((site / "pagefind/fragment").iterdir()),
        next((site / "pagefind").glob("*.pf_meta")),
    ]
    for path in hashed_files:
        cache_control = service.get(f"/{path.relative_to(site)}").headers["Cache-Control"]
        assert cache_control == "public, max-age=31536000, immutable", path
    for path in ("/", "/pagefind/pagefind.js", "/pagefind/pagefind-entry.json", "/feed.xml"):
        assert service.get(path).headers["Cache-Control"] == "no-cache"


def test_an_article_with_a_form_is_small_and_needs_few_requests(
    tab: Page, service: Service
) -> None:
    requests: list[str] = []
    # A view is counted after the page is complete; that loads nothing.
    tab.on("request", lambda one: one.method == "GET" and requests.append(one.url))
    pages = sorted((service.folder / "output/www").glob("*/index.html"))
    slugs = [path.parent.name for path in pages if b'<form class="lead"' in path.read_bytes()]
    assert len(slugs) >= 3
    for slug in slugs:
        requests.clear()
        tab.goto(f"/{slug}/", wait_until="networkidle")
        own_urls = [
            url for url in requests if "/images/" not in url and not url.startswith("data:")
        ]
        assert len(requests) <= 6, requests
        paths = [url.split(str(service.port), 1)[1] for url in own_urls]
        size = sum(len(service.get(path, Accept_Encoding="br, gzip").body) for path in paths)
        assert size < 50_000, (slug, size)


def test_each_article_has_its_own_share_picture(service: Service) -> None:
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


def test_a_second_release_reuses_the_cache_and_has_the_same_bytes(service: Service) -> None:
    def output_files() -> dict[Path, bytes]:
        return {p: p.read_bytes() for p in (service.folder / "output").rglob("*.*") if p.is_file()}

    def cache_times() -> dict[Path, int]:
        cached = (service.folder / ".cache").rglob("*.*")
        # What is known of the site is written after each build.
        return {p: p.stat().st_mtime_ns for p in cached if p.stem != "site"}

    before = output_files(), cache_times()
    assert service.run("build", "--release").returncode == 0
    assert (output_files(), cache_times()) == before
    verified = service.run("build", "--release", "--verify")
    assert verified.returncode == 0, verified.stderr


TOKEN = "k3v9x2m7q4w8z5t1"


def test_a_draft_is_not_in_the_search_index(tmp_path: Path) -> None:
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


def test_a_build_without_release_has_no_search_and_no_share_pictures(tmp_path: Path) -> None:
    for name in ("campaigns", "clients", "content", "theme", "pelicanconf.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    assert Service(tmp_path).run("build").returncode == 0
    site = tmp_path / "output/www"
    assert not [path for path in site.rglob("*") if path.suffix in {".br", ".gz", ".pf_meta"}]
    assert "og:image" not in (site / FORM_PAGE.strip("/") / "index.html").read_text()
