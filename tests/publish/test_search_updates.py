"""The search index after edits is byte for byte that of all pages, made new."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

import pytest

from publish.build import site_search
from publish.build.site_folder import SiteFolder
from publish.build.site_search import add_search

WORDS: Final = [
    *("cafe", "Café", "CAFÉ", "naïve", "naive", "running", "runs", "run", "Überweisung", "日本語"),
    *("x.png", "C++", "co-operate", "2,500", "lead's", "le", "lead", "leaders", "don't"),
    *("".join(Random(n).choices("abdeilmnorst", k=3 + n % 4)) for n in range(200)),
]
IMAGE: Final = '<img src="/x.png" alt="A naïve picture">'


class SearchedSite:
    """A site of pages that are searched, and the same pages with an index made new."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = Random(seed)
        self._folder = folder
        self.pages: dict[str, str] = {}

    def write(self, name: str, *, language: str = "en", more: str = "", body: bool = True) -> None:
        text = " ".join(self.chance.choices(WORDS, k=self.chance.randint(1, 300)))
        lang = f' lang="{language}"' if language else ""
        searched = " data-pagefind-body" if body else ""
        self.pages[name] = (
            f"<!doctype html><html{lang}><body><main{searched}><h1>{self.chance.choice(WORDS)}</h1>"
            f'<h2 id="a">Café</h2><p>{text}</p>{more}</main></body></html>'
        )

    def index(self, name: str) -> dict[str, bytes]:
        """The index with the cache of this name."""
        site = self._folder / "site"
        shutil.rmtree(site, ignore_errors=True)
        for page, content in self.pages.items():
            (site / page).parent.mkdir(parents=True, exist_ok=True)
            (site / page).write_text(content)
        add_search(SiteFolder.of_complete(site), self._folder / name)
        files = sorted((site / "pagefind").rglob("*"))
        found = {str(path.relative_to(site)): path for path in files if path.is_file()}
        return {path: file.read_bytes() for path, file in found.items()}

    def check(self) -> None:
        """Compares with an index made new."""
        shutil.rmtree(self._folder / "new", ignore_errors=True)
        assert self.index("kept") == self.index("new")


@pytest.fixture
def made_new(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of pages of each index that is made of all pages."""
    counts: list[int] = []
    make = site_search._made_new

    def noted(*arguments: object) -> object:
        counts.append(len(arguments))
        return make(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(site_search, "_made_new", noted)
    return counts


def test_after_random_edits_an_index_is_that_of_all_pages(
    tmp_path: Path, made_new: list[int]
) -> None:
    site = SearchedSite(tmp_path, seed=15)
    for number in range(90):
        site.write(f"p{number}/index.html", more=IMAGE if number % 7 == 0 else "")
        site.write(f"de/p{number // 9}/index.html", language="de")
    site.check()
    made_new.clear()
    for step in range(8):
        names = sorted(site.pages)
        site.write(site.chance.choice(names))
        site.pages[site.chance.choice(names)] += "<!-- nothing that is searched -->"
        if step % 3 == 1:
            site.write(f"new-{step}.html", more=IMAGE)
            site.write(f"de/new{step}/index.html", language="de")
        if step % 3 == 2:
            del site.pages[site.chance.choice(names)]
        site.check()
    assert len(made_new) == 8  # only those to compare with


def _without_language(site: SearchedSite) -> None:
    site.write("p1/index.html", language="")


def _another_language(site: SearchedSite) -> None:
    site.write("p1/index.html", language="fr")


def _last_of_its_language(site: SearchedSite) -> None:
    del site.pages["de/index.html"]


def _first_picture(site: SearchedSite) -> None:
    site.write("p1/index.html", more=IMAGE)


def _no_element(site: SearchedSite) -> None:
    """Pagefind takes all pages if none has the attribute."""
    more = '<img alt="write data-pagefind-body here">'
    site.write("p1/index.html", body=False, more=more)


def _not_searchable(site: SearchedSite) -> None:
    site.write("p1/index.html", body=False)


EDITS: Final = (
    *(_without_language, _another_language, _last_of_its_language, _first_picture),
    *(_no_element, _not_searchable),
)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__.strip("_"))
def test_an_edit_that_counts_for_other_pages_gives_the_index_of_all_pages(
    edit: Callable[[SearchedSite], None], tmp_path: Path
) -> None:
    site = SearchedSite(tmp_path, seed=7)
    for number in range(4):
        site.write(f"p{number}/index.html")
    site.write("de/index.html", language="de")
    site.check()
    edit(site)
    site.check()
    site.write("p2/index.html")
    site.check()


@pytest.mark.parametrize("content", [b"", b"damaged"])
@pytest.mark.parametrize("pattern", ["state", "index/*", "fragment/*", "*.pf_meta", "pagefind.js"])
def test_a_damaged_or_missing_file_of_the_cache_gives_the_index_of_all_pages(
    pattern: str, content: bytes, tmp_path: Path
) -> None:
    site = SearchedSite(tmp_path, seed=7)
    for number in range(3):
        site.write(f"p{number}/index.html")
    expected = site.index("kept")
    for path in (tmp_path / "kept").glob(pattern):
        if pattern == "pagefind.js":
            path.unlink()
        else:
            path.write_bytes(content)
    assert site.index("kept") == expected
    site.write("p1/index.html")
    site.check()


def test_a_page_without_the_attribute_is_not_searched(tmp_path: Path) -> None:
    site = SearchedSite(tmp_path, seed=7)
    site.write("list/index.html", body=False)
    assert site.index("kept") == {}
