"""Builds with the cache of Markdown's output are the same, byte for byte, as builds without."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from publish.build.build_store import FILE
from publish.build.site import build
from publish.cache_file import seal, unseal
from publish.plugins import markdown_cache
from publish.plugins.markdown_cache import HtmlCache
from tests.publish.conftest import TinySite
from tests.service import ROOT


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def texts_in(cache: Path) -> int:
    with sqlite3.connect(cache) as database:
        count: int = database.execute("SELECT count(*) FROM html").fetchone()[0]
        return count


@pytest.fixture
def cached(site: TinySite) -> Path:
    """The cache of a site with one article, after its first build."""
    site.set("CACHE_PATH = 'kept'")
    site.post("First.")
    site.build()
    (site.root / "kept" / FILE).unlink()  # else no text would be read again
    return site.root / "kept" / "html.sqlite"


def replace_html(cache: Path, old: str, new: str) -> None:
    with sqlite3.connect(cache) as database:
        for text, html in database.execute("SELECT text, html FROM html").fetchall():
            changed = seal((unseal(html) or b"").replace(old.encode(), new.encode()))
            database.execute("UPDATE html SET html = ? WHERE text = ?", [changed, text])


def test_this_site_is_the_same_with_and_without_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("campaigns", "clients", "content", "theme"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "pelicanconf.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    cache, results = tmp_path / "kept", []
    for number in range(2):
        value = {"OUTPUT_PATH": str(tmp_path / str(number) / "www"), "CACHE_PATH": str(cache)}
        results.append(files(build(Path("pelicanconf.py"), value).site))
    assert texts_in(cache / "html.sqlite") >= 10
    assert results[0] == results[1]


def test_an_unchanged_text_comes_from_the_cache_and_a_changed_one_does_not(
    site: TinySite, cached: Path
) -> None:
    replace_html(cached, "First", "Kept")
    site.build()
    assert "<p>Kept.</p>" in site.page()
    site.post("Second.")
    site.build()
    assert "<p>Second.</p>" in site.page()


def test_texts_that_no_file_has_any_more_leave_the_cache(site: TinySite, cached: Path) -> None:
    before = texts_in(cached)
    site.post("Second.")
    site.build()
    assert texts_in(cached) == before
    with sqlite3.connect(cached) as database:
        assert "First" not in str(database.execute("SELECT * FROM html").fetchall())


def test_other_settings_of_markdown_need_other_html(site: TinySite, cached: Path) -> None:
    replace_html(cached, "First", "Kept")
    site.set("HEADING_IDS = 'ascii'")
    site.build()
    assert "<p>First.</p>" in site.page()
    replace_html(cached, "First", "Kept")
    site.set('MARKDOWN["tab_length"] = 8')
    site.build()
    assert "<p>First.</p>" in site.page()


def test_other_code_needs_other_html(
    site: TinySite, cached: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_html(cached, "First", "Kept")
    monkeypatch.setattr(markdown_cache, "CODE_KEY", "of another version")
    site.build()
    assert "<p>First.</p>" in site.page()


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"x" * 5000])
def test_a_damaged_cache_costs_one_line_and_no_build(
    site: TinySite, cached: Path, content: bytes
) -> None:
    cached.write_bytes(content)
    built = site.build()
    assert [line for line in built.summary.warnings if "all texts are converted again" in line]
    assert "<p>First.</p>" in site.page()
    assert site.build().summary.warnings == ()
    site.post("Second.")
    site.build()
    assert texts_in(cached) >= 1


def test_a_cache_that_another_build_writes_is_left_alone(site: TinySite, cached: Path) -> None:
    site.post("Second.")
    with sqlite3.connect(cached, isolation_level=None) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        cache = HtmlCache(cached, "engine", seconds=0)
        cache.add("text", "<p>text</p>")
        assert cache.get("text") == "<p>text</p>"
        cache.save(all_were_used=True)
        assert not cache.problem
        other.execute("COMMIT")
    assert cached.exists()


def test_many_new_texts_are_written_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "html.sqlite"
    cache = HtmlCache(path, "engine")
    for number in range(501):
        cache.add(str(number), f"<p>{number}</p>")
    assert texts_in(path) == 500
    assert [cache.get("0"), cache.get("500"), cache.get("501")] == ["<p>0</p>", "<p>500</p>", None]


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = HtmlCache(tmp_path / "file" / "html.sqlite", "engine")
    cache.add("text", "<p>text</p>")
    cache.save(all_were_used=True)
    assert cache.get("text") == "<p>text</p>"
    assert not cache.problem


@pytest.mark.parametrize("extension", ["Mine()", "'pymdownx.snippets'", "'pymdownx.b64'"])
def test_a_project_whose_extension_may_read_files_caches_nothing(
    site: TinySite, extension: str
) -> None:
    site.set("CACHE_PATH = 'kept'")
    site.set("from markdown.extensions import Extension")
    site.set("class Mine(Extension): extendMarkdown = lambda self, md: None")
    site.set(f'MARKDOWN["extensions"] = [{extension}]')
    site.post("Text.")
    site.build()
    assert not (site.root / "kept" / "html.sqlite").exists()
