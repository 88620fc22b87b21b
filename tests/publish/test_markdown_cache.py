"""Builds with the cache of Markdown's output are the same, byte for byte, as builds without."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from publish.build.site import build
from publish.plugins.markdown_cache import CACHED_HTML
from tests.service import ROOT


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_this_site_is_the_same_with_and_without_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("campaigns", "clients", "content", "theme"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "pelicanconf.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    results = []
    for number, cache in enumerate((None, tmp_path / "cached", tmp_path / "cached")):
        value = {"OUTPUT_PATH": str(tmp_path / str(number) / "www"), CACHED_HTML: cache}
        results.append(files(build(Path("pelicanconf.py"), value).site))
    assert len(list((tmp_path / "cached").iterdir())) >= 10
    assert results[0] == results[1] == results[2]


def test_an_unchanged_text_comes_from_the_cache_and_a_changed_one_does_not(site: Any) -> None:
    site.set(f"{CACHED_HTML} = 'cached'")
    site.post("First.")
    site.build()
    for file in (site.root / "cached").iterdir():
        file.write_bytes(file.read_bytes().replace(b"First", b"Kept"))
    site.build()
    assert "<p>Kept.</p>" in site.page()
    site.post("Second.")
    site.build()
    assert "<p>Second.</p>" in site.page()


def test_a_project_with_an_unknown_extension_caches_nothing(site: Any) -> None:
    site.set(f"{CACHED_HTML} = 'cached'")
    site.set("from markdown.extensions import Extension")
    site.set("class Mine(Extension): extendMarkdown = lambda self, md: None")
    site.set('MARKDOWN["extensions"] = [Mine()]')
    site.post("Text.")
    site.build()
    assert not (site.root / "cached").exists()
