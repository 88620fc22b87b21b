"""Hundreds of hostile and odd posts: all are built, and none changes another's page.

The long run has more of them, and longer ones.
"""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from publish.build.site import BuildResult, build
from publish.checks.finding import DEFAULT_LEVELS
from tests.publish.corpus import corpus
from tests.publish.test_theme import Page

pytestmark = [pytest.mark.slow, pytest.mark.long]

ROOT = Path(__file__).parents[2]
# Its words mean something only to other posts: a note, an address or a term that leaks shows here.
GOOD = """Title: {title}
Slug: {slug}
Date: 2026-11-{day}
Tags: odd
Summary: A good *post* & a plain one.

## Same

A[^1] and [^2], HTML, [a][b], [r7] and [c].

| a | b |
|---|---|
| 1 | `2` |

```python
x = 1
```

!!! note
    - [ ] open

## Heading 5

Term
:   What it means.

[^1]: B
"""
# Read first, in the middle and last; shown first in the lists, and at the end of them.
AMONG = {"!good": ("good-1", "03"), "good": ("good-2", "02"), "zz-good": ("good-3", "01")}


def good(name: str) -> str:
    slug, day = AMONG[name]
    return GOOD.format(title=f"{name} &", slug=slug, day=day)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BuildResult]:
    folder = tmp_path_factory.mktemp("corpus")
    posts = folder / "content" / "posts"
    posts.mkdir(parents=True)
    for name in ("pages", "images"):
        (folder / "content" / name).mkdir()
    for name, content in corpus():
        (posts / name).write_bytes(content)
    for name in AMONG:
        (posts / f"{name}.md").write_text(good(name))
    (folder / "content/pages/home.md").write_text("Title: Home\nSlug: home\n\nHi.\n")
    output = folder / "output" / "www"
    lenient = dict.fromkeys(DEFAULT_LEVELS, "off")  # this test is not about the rules
    value = {
        "PATH": str(folder / "content"),
        "OUTPUT_PATH": str(output),
        "WRITING_RULES": lenient,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEPOST_SITE_URL", "https://odd.example")
        return output, build(ROOT / "publishconf.py", value)


def test_every_odd_post_becomes_a_page(built: tuple[Path, BuildResult]) -> None:
    output, done = built
    count = len(list(corpus()))
    assert count > 200
    assert done.summary.content.articles == count + len(AMONG)
    for path in output.rglob("*.html"):
        assert path.read_text(encoding="utf-8").rstrip().endswith("</html>"), path


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The good posts without the others."""
    folder = tmp_path_factory.mktemp("alone")
    for name in ("posts", "pages", "images"):
        (folder / "content" / name).mkdir(parents=True)
    for name in AMONG:
        (folder / f"content/posts/{name}.md").write_text(good(name))
    value = {
        "PATH": str(folder / "content"),
        "OUTPUT_PATH": str(folder / "output/www"),
        "WRITING_RULES": dict.fromkeys(DEFAULT_LEVELS, "off"),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEPOST_SITE_URL", "https://odd.example")
        return build(ROOT / "publishconf.py", value).site


@pytest.mark.parametrize("name", AMONG)
def test_odd_posts_do_not_change_the_page_of_an_ordinary_post(
    built: tuple[Path, BuildResult], alone: Path, name: str
) -> None:
    slug = AMONG[name][0]
    among = page_of(built[0] / slug)
    assert "<table>" in among
    assert among == page_of(alone / slug)


def page_of(folder: Path) -> str:
    """The page without the links to its neighbours."""
    text = (folder / "index.html").read_text(encoding="utf-8")
    Page(text)
    beside = text.index('<section class="related"') if "related" in text else 0
    end = text.index("</article>")
    return text[: beside or text.index('<nav class="pages beside"')] + text[end:]


def test_odd_posts_do_not_change_the_feed_entry_of_an_ordinary_post(
    built: tuple[Path, BuildResult], alone: Path
) -> None:
    assert entry_of(built[0]) == entry_of(alone) != ""


def entry_of(output: Path) -> str:
    text = (output / "feed.xml").read_text(encoding="utf-8")
    return next(part for part in text.split("<entry>") if "/good-1/" in part).split("</entry>")[0]


def test_the_lists_of_odd_posts_are_well_formed(built: tuple[Path, BuildResult]) -> None:
    lists = [*(built[0] / "articles").rglob("*.html"), *(built[0] / "tag").rglob("*.html")]
    lists += [built[0] / name for name in ("index.html", "archives/index.html", "404.html")]
    assert len(lists) > 60
    for path in lists:
        assert len(Page(path.read_text(encoding="utf-8")).all("h1")) == 1, path


def test_feed_and_sitemaps_are_valid_xml(built: tuple[Path, BuildResult]) -> None:
    for path in built[0].glob("*.xml"):
        ElementTree.parse(path)


def test_the_structured_data_of_each_page_is_valid_json(built: tuple[Path, BuildResult]) -> None:
    for path in built[0].rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        match = re.search(r'<script type="application/ld\+json">(.*?)</script>', text)
        assert match is not None or path.name == "404.html", path
        if match:
            assert json.loads(match[1])["@graph"]
