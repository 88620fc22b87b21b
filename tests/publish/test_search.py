"""The split search index: each word is in the part whose range contains it."""

import json
import random
from pathlib import Path
from typing import Any

import cbor2
import pytest

from publish.build.site_folder import SiteFolder
from publish.build.site_search import add_search

PREFIX = b"pagefind_dcd"
WORDS = ["lead", "leaders", "le", "zebra", "Überweisung", "日本", "naïve", "x1"]


def write_site(folder: Path, pages: int, seed: int) -> Path:
    generator = random.Random(seed)
    words = ["".join(generator.choices("abdeilmnorst", k=5)) for _ in range(300)]
    for number in range(pages):
        text = " ".join([*generator.choices(words, k=400), *WORDS])
        page = folder / f"{number}/index.html"
        page.parent.mkdir(parents=True)
        page.write_text(
            f'<html lang="en"><main data-pagefind-body><h1>Post {number}</h1>{text}</main></html>'
        )
    return folder


def part_list(index: Path) -> list[Any]:
    language = json.loads((index / "pagefind-entry.json").read_bytes())["languages"]["en"]
    return read_cbor(index / f"pagefind.{language['hash']}.pf_meta")


def read_cbor(path: Path) -> list[Any]:
    content: list[Any] = cbor2.loads(path.read_bytes().removeprefix(PREFIX))
    return content


def index_of(site: Path) -> Path:
    """Adds the index to a site."""
    add_search(SiteFolder.of_complete(site), site.with_name(f"cache of {site.name}"))
    return site / "pagefind"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return index_of(write_site(tmp_path_factory.mktemp("search") / "site", 60, seed=1))


def test_each_word_is_in_the_part_whose_range_contains_it(index: Path) -> None:
    parts = part_list(index)[2]
    assert len(parts) > 3
    indexed: list[str] = []
    for _, _, name in parts:
        for word, *_ in read_cbor(index / f"index/{name}.pf_index")[0]:
            assert [part[2] for part in parts if part[0] <= word <= part[1]] == [name], word
            indexed.append(word)
    assert len(indexed) == len(set(indexed)) > 300
    assert {"lead", "zebra", "x1", "post"} <= set(indexed)


def test_the_list_names_exactly_the_files(index: Path) -> None:
    names = {name for *_, name in part_list(index)[2]}
    assert {path.stem for path in (index / "index").iterdir()} == names
    assert len(list(index.glob("*.pf_meta"))) == 1


def test_no_part_is_much_larger_than_the_limit(index: Path) -> None:
    """A part ends with the word that reaches the limit and the words that start with it."""
    for path in (index / "index").iterdir():
        words = read_cbor(path)[0]
        while len(words) > 1 and words[-1][0].startswith(words[-2][0]):
            words.pop()
        assert sum(len(page[1]) + 1 for word in words[:-1] for page in word[1]) < 5000


def test_file_names_depend_only_on_the_content(index: Path, tmp_path: Path) -> None:
    again = index_of(write_site(tmp_path / "same", 60, seed=1))
    changed = index_of(write_site(tmp_path / "other", 60, seed=2))

    def names(folder: Path) -> set[str]:
        return {path.name for path in folder.rglob("*.pf_*") if path.suffix != ".pf_fragment"}

    assert names(again) == names(index)
    assert not names(changed) & names(index)


def test_an_index_does_not_depend_on_the_order_in_which_pages_and_languages_are_made(
    tmp_path: Path,
) -> None:
    languages = ("en", "de", "fr", "es", "it", "nl")
    outputs = []
    for order in (languages, languages[::-1]):
        site = tmp_path / f"{order[0]}-first"
        for language in order:
            page = site / language / "index.html"
            page.parent.mkdir(parents=True)
            page.write_text(f'<html lang="{language}"><main data-pagefind-body>One word</main>')
        found = index_of(site).rglob("*")
        outputs.append({path.name: path.read_bytes() for path in found if path.is_file()})
    assert outputs[0] == outputs[1]


def test_a_small_site_has_one_part(tmp_path: Path) -> None:
    assert len(part_list(index_of(write_site(tmp_path / "site", 7, seed=1)))[2]) == 1
