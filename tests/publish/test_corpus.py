"""Hostile and odd posts by the hundred: all are built, and none breaks another's page."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from publish.build import Built, build
from publish.writing.finding import LEVELS
from tests.publish.corpus import corpus
from tests.publish.test_theme import Page

ROOT = Path(__file__).parents[2]
GOOD = "Title: Good &\nSlug: good\nDate: 2026-11-15\nTags: odd\n\n## One\n\nA[^1].\n\n[^1]: B\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Built]:
    folder = tmp_path_factory.mktemp("corpus")
    posts = folder / "content" / "posts"
    posts.mkdir(parents=True)
    for name in ("pages", "images"):
        (folder / "content" / name).mkdir()
    for name, content in corpus():
        (posts / name).write_bytes(content)
    (posts / "good.md").write_text(GOOD)
    (folder / "content/pages/home.md").write_text("Title: Home\nSlug: home\n\nHi.\n")
    output = folder / "output" / "www"
    lenient = dict.fromkeys(LEVELS, "off")  # what a writer is asked for is not the matter here
    given = {
        "PATH": str(folder / "content"),
        "OUTPUT_PATH": str(output),
        "WRITING_RULES": lenient,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEPOST_SITE_URL", "https://odd.example")
        return output, build(ROOT / "publishconf.py", given)


def test_every_odd_post_has_its_page(built: tuple[Path, Built]) -> None:
    output, done = built
    count = len(list(corpus()))
    assert count > 300
    assert done.outcome.articles == count + 1
    for path in output.rglob("*.html"):
        assert path.read_text(encoding="utf-8").rstrip().endswith("</html>"), path


def test_a_good_post_among_them_is_as_it_is_alone(
    built: tuple[Path, Built], tmp_path: Path
) -> None:
    for name in ("posts", "pages", "images"):
        (tmp_path / "content" / name).mkdir(parents=True)
    (tmp_path / "content/posts/good.md").write_text(GOOD)
    given = {
        "PATH": str(tmp_path / "content"),
        "OUTPUT_PATH": str(tmp_path / "output/www"),
        "WRITING_RULES": dict.fromkeys(LEVELS, "off"),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEPOST_SITE_URL", "https://odd.example")
        alone = build(ROOT / "publishconf.py", given).site
    assert prose(built[0] / "good") == prose(alone / "good")
    Page((built[0] / "good/index.html").read_text(encoding="utf-8"))


def prose(folder: Path) -> str:
    text = (folder / "index.html").read_text(encoding="utf-8")
    return text[text.index('<div class="prose">') : text.index('<ul class="tags"')]


def test_the_lists_that_show_them_are_well_formed(built: tuple[Path, Built]) -> None:
    lists = [*(built[0] / "articles").rglob("*.html"), *(built[0] / "tag").rglob("*.html")]
    lists += [built[0] / name for name in ("index.html", "archives/index.html", "404.html")]
    assert len(lists) > 60
    for path in lists:
        assert len(Page(path.read_text(encoding="utf-8")).all("h1")) == 1, path


def test_feed_and_sitemaps_are_xml(built: tuple[Path, Built]) -> None:
    for path in built[0].glob("*.xml"):
        ElementTree.parse(path)


def test_what_each_page_tells_search_engines_can_be_read(built: tuple[Path, Built]) -> None:
    for path in built[0].rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text)
        assert found is not None or path.name == "404.html", path
        if found:
            assert json.loads(found[1])["@graph"]
