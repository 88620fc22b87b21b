"""Articles of one day have one order in lists, navigation, archive, feed and sitemap."""

import re
from pathlib import Path
from random import Random

import pytest

from tests.publish.test_html_head import ORIGIN, build

SLUGS = [f"part-{number:02}" for number in range(1, 13)]  # two pages of each list
OLDEST_FIRST = ["zero", *SLUGS, "above"]
DATES = {"zero": "2026-11-01", "above": "2026-11-02 09:00"}


def posts() -> dict[str, str]:
    """Posts whose files and titles are in another order than their slugs."""
    return {
        f"file-{99 - number}": f"Title: {slug[::-1]}\nSlug: {slug}\nSeries: S\nTags: one\n"
        f"Date: {DATES.get(slug, '2026-11-02')}\nCategory: C\nAuthor: Ann\n\nText.\n"
        for number, slug in enumerate(OLDEST_FIRST)
    }


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEPOST_SITE_URL", ORIGIN)
        folder = tmp_path_factory.mktemp("order")
        (folder / "content").mkdir()
        (folder / "content/slugs.yaml").write_text("authors: {Ann: änn}\n", encoding="utf-8")
        return build(folder, posts())


def slugs(output: Path, *files: str) -> list[str]:
    """The articles that the main parts of these files link to, in this order, each once."""
    found: list[str] = []
    for file in files:
        text = (output / file).read_text()
        text = text.partition("<main")[2] or text
        found += re.findall(r"https://www\.example\.com/(zero|above|part-\d\d)/", text)
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("folder", ["articles", "tag/one", "category/c", "author/änn"])
def test_lists_and_their_pages_show_the_newest_first(output: Path, folder: str) -> None:
    pages = (f"{folder}/index.html", f"{folder}/2/index.html")
    assert slugs(output, *pages) == OLDEST_FIRST[::-1]


@pytest.mark.parametrize("file", ["archives/index.html", "feed.xml"])
def test_archive_and_feed_show_the_newest_first(output: Path, file: str) -> None:
    assert slugs(output, file) == OLDEST_FIRST[::-1]


def test_the_start_page_shows_the_newest_ones(output: Path) -> None:
    assert slugs(output, "index.html")[:6] == OLDEST_FIRST[:-7:-1]


def test_the_sitemap_begins_with_the_oldest(output: Path) -> None:
    assert slugs(output, "sitemap-articles-1.xml") == OLDEST_FIRST


def test_an_address_outside_ascii_is_encoded_in_the_sitemap(output: Path) -> None:
    assert f"<loc>{ORIGIN}/author/%C3%A4nn/</loc>" in (output / "sitemap-pages.xml").read_text()


def test_older_newer_and_the_series_follow_the_same_order(output: Path) -> None:
    for older, slug, newer in zip(OLDEST_FIRST, OLDEST_FIRST[1:], OLDEST_FIRST[2:], strict=False):
        page = (output / slug / "index.html").read_text()
        assert re.findall(r'com/([\w-]+)/"><span>(Older|Newer)</span>', page) == [
            (older, "Older"),
            (newer, "Newer"),
        ]
        series = page.partition("<summary>Part ")[2].partition("</details>")[0]
        assert series.startswith(f"{OLDEST_FIRST.index(slug) + 1} of ")
        assert re.findall(r"<li.*?>([^<>]+)<", series) == [name[::-1] for name in OLDEST_FIRST]


def test_an_archive_that_begins_with_the_oldest_is_the_exact_reverse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEPOST_SITE_URL", ORIGIN)
    reverse = build(tmp_path, posts(), NEWEST_FIRST_ARCHIVES=False)
    assert slugs(reverse, "archives/index.html") == OLDEST_FIRST
    assert slugs(reverse, "articles/index.html", "articles/2/index.html") == OLDEST_FIRST[::-1]


def mixed_posts(seed: int) -> dict[str, str]:
    """Always the same posts of two days, with names of files in a random order."""
    texts = []
    for number in range(24):
        lines = {
            "Title": f"Part {number}",
            "Slug": f"part-{number}",
            "Date": ("2026-11-02", "2026-11-02 00:00", "2026-11-03")[number % 3],
            "Category": ("Ä", "B")[number % 2],
            "Tags": ("one, two", "Two", "three; one; C++")[number % 3],
            "Authors": ("Ann; Ben", "Ben")[number % 2],
            "Summary": "In short.",
            "Aliases": f"old-{number}",
        }
        lines |= {"Series": "S"} if number % 4 == 0 else {}
        lines |= {"Status": "hidden"} if number % 11 == 10 else {}
        texts.append("".join(f"{key}: {value}\n" for key, value in lines.items()) + "\nText.\n")
        if number % 5 == 0:
            texts.append(texts[-1].replace("Title: ", "Lang: de\nTranslation: true\nTitle: Teil "))
    random = Random(seed)
    random.shuffle(texts)
    folders = ("", "a/", "b/2024/")
    return {f"{random.choice(folders)}{number:02}": text for number, text in enumerate(texts)}


def test_the_site_does_not_depend_on_the_names_and_the_order_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEPOST_SITE_URL", ORIGIN)
    sites = []
    for seed in (1, 2):
        folder = tmp_path / str(seed)
        for name in ("a", "b/2024"):
            (folder / "content/posts" / name).mkdir(parents=True)
        output = build(folder, mixed_posts(seed))
        files = [path for path in sorted(output.parent.rglob("*")) if path.is_file()]
        sites.append({
            str(path.relative_to(output.parent)): path.read_text("utf-8", errors="replace")
            for path in files
            # One names the files, the other has a line for each alias in their order.
            if path.name not in {"published.json", "redirects.map"}
        })  # fmt: skip
    assert len(sites[0]) > 50
    one, other = sites
    assert other.keys() == one.keys()
    assert [name for name in other if other[name] != one[name]] == []
