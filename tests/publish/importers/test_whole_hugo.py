"""Everything that a Hugo site holds, in one folder, and where each thing of it went."""

import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from publish.importers.hugo.front_matter import read_hugo_front_matter
from tests.publish.importers.account import Went, carried, missing, secrets_in, told
from tests.publish.importers.conftest import EXPORTS, Move

POST = "posts/whole.md"


def key(name: str) -> Went:
    return told("field", f"`{name}`")


def site(name: str) -> Went:
    return told("settings", f"`{name}`")


ACCOUNT = {
    "head.title": carried(POST, 'title: "The whole of Hugo"'),
    "head.date": carried(POST, "date: 2025-01-02"),
    "head.publishdate": told("date", "`2025-01-02`, `2025-01-01` (`publishDate`)"),
    "head.lastmod": carried(POST, "modified: 2025-02-03"),
    "head.expirydate": told("status", "whole.md: expires on 2999-01-01"),
    "head.draft": carried("posts/draft.md", "status: draft"),
    "head.slug": carried(POST, "slug: whole"),
    "head.url": carried(POST, '"/2025/whole/"'),
    "head.aliases": carried(POST, '"older", "/2025/oldest"'),
    "head.description": carried(POST, 'summary: "The description that somebody wrote'),
    "head.summary": told("summary", "imported; not imported: `Another summary.`"),
    "head.categories": carried(POST, 'category: "Costs"'),
    "head.category": told("categories", "`Sales`, `Tools`"),
    "head.tags": carried(POST, 'tags: ["leads", "Sales", "Tools"]'),
    "head.authors": carried(POST, 'author: ["Marta Lindqvist", "Daniel Okafor"]'),
    "head.author": carried(POST, '"Daniel Okafor"'),
    "head.series": told("field", "first of several series was imported, not `Second days`"),
    "head.image": carried(POST, 'image: "/images/img/dot.png"'),
    "head.image_alt": carried(POST, 'image_alt: "A dot"'),
    "head.images": told("picture", "first of 3 lead pictures was imported: `image`, `images`"),
    "head.canonicalurl": carried(POST, 'canonical: "https://first.example/whole/"'),
    "head.robotsnoindex": carried(POST, "noindex: true"),
    "head.menus": told("menu", "whole.md: its menu entry was not imported"),
    **{f"head.{name}": key(name) for name in (
        "linktitle", "keywords", "genres", "weight", "type", "layout", "outputs", "cascade",
        "resources", "params", "sitemap", "translationkey", "iscjklanguage", "markup")},
    "site.baseurl": carried(POST, "{filename}/pages/about.md"),
    "site.defaultcontentlanguage": carried("posts/english.md", 'title: "In English"'),
    "site.permalinks": carried("posts/later.md", 'aliases: ["/2025/01/later/"]'),
    "site.menus": told("menu", "hugo.toml: menus were not imported"),
    **{f"site.{name}": site(name) for name in (
        "title", "copyright", "params", "taxonomies", "languages", "markup")},
    "hugo.toml": site("title"),
    "config/_default/params.toml": told("settings", "config/_default/params.toml"),
    **{f"{folder}/{name}": told("not imported", f"{folder}/: 1 file of the old site")
       for folder, name in (
           ("data", "people.json"), ("i18n", "de.yaml"), ("layouts", "_default/single.html"),
           ("archetypes", "default.md"), ("themes", "x/theme.toml"))},
    "assets/main.css": told("file", "assets/main.css"),
    "static/robots.txt": told("file", "static/robots.txt"),
    "static/img/idle.png": told("file", "static/img/idle.png"),
    "static/img/dot.png": carried(POST, "![Dot]({static}/images/img/dot.png)"),
    "content/posts/whole.md": carried(POST, "Words with *stress*"),
    "content/posts/whole.de.md": told("not imported", "posts/whole.de.md: a translation (`de`)"),
    "content/posts/english.en.md": carried("posts/english.md", "Text."),
    "content/posts/release-1.2.md": told("slug", "the slug `release-1.2` became `release-12`"),
    "content/posts/_index.md": told("not imported", "the text of a section page"),
    "content/posts/draft.md": carried("posts/draft.md", "preview: "),
    "content/posts/over.md": told("status", "over.md: expired on 2025-02-01"),
    "content/posts/later.md": carried("posts/later.md", "date: 2999-02-01"),
    "content/posts/headless.md": told("status", "headless.md: had no page on the old site"),
    "content/posts/beside.png": told("file", "content/posts/beside.png"),
    "content/posts/bundle/index.md": carried("posts/bundle.md", "status: hidden"),
    "content/posts/bundle/inside.png": carried("posts/bundle.md", "![Inside]({static}/images/bu"),
    "content/posts/bundle/terms.pdf": told("file", "content/posts/bundle/terms.pdf"),
    "content/notes/json.md": carried("posts/json.md", 'title: "In JSON"'),
    "content/notes/org.org": told("not imported", "notes/org.org: `.org` is not Markdown"),
    "content/pages/html.html": carried("pages/html.md", "In *HTML*."),
    "content/pages/about.md": told("tags", "about.md: a page has no tags here; not imported: `us`"),
}  # fmt: skip
OF_THE_TEXT = {
    "ref": carried(POST, "[page]({filename}/pages/about.md)"),
    "link to a file": carried(POST, "[a file]({filename}/posts/bundle.md)"),
    "ref to nothing": told("link", "`ref lost.md` matches no file of the export"),
    "more": told("comment", "the end of its excerpt (`more`)"),
    "attributes of a heading": told("attributes", "1 `id`"),
    "picture": told("picture", "`beside.png` is not in the export: it was removed"),
    "figure": carried(POST, "[![Dot]({static}/images/img/dot.png)](https://behind.example/)"),
    "figure's words": carried(POST, "Figure: of a dot"),
    "figure's class": told("shortcode", "`figure`: `class` not imported"),
    "youtube": told("embed", "`youtube` of https://www.youtube.com/watch?v=abc became a link"),
    "gist": told("embed", "`gist` of https://gist.github.com/user/123 became a link"),
    "tweet": told("embed", "`tweet` of https://twitter.com/u/status/9 became a link"),
    "highlight": carried(POST, "```go\na := 1"),
    "highlight's options": told("code", '`highlight`: "linenos=true" not imported'),
    "code": carried(POST, "```python\nb = 1"),
    "code's options": told("code", "options of 1 code block not imported"),
    "details": carried(POST, "<summary>More</summary>\n\nUnfolded"),
    "own shortcode": told("shortcode", "`{{< notice tip >}}` was removed"),
    "its words": carried(POST, "Inside and"),
    "another": told("shortcode", '`{{< qr text="x" />}}` was removed'),
    "shortcode shown": carried(POST, "&#123;&#123;&lt; shown >}}"),
    "task": carried(POST, "-   [x] done"),
    "definition": carried(POST, "Term\n:   Definition"),
    "table": carried(POST, "| --- | :---: |"),
    "footnote": carried(POST, "[^1]: A note."),
    "struck": carried(POST, "<del>struck</del>"),
    "raw HTML": carried(POST, "\nRaw"),
    "its style": told("attributes", "1 `style`"),
    "its script": told("script", "`<script>` runs or styles pages"),
    "comment": told("comment", "1 HTML comment not imported"),
    "an author with an address": told("field", "`authors`"),
    "a section's head": told("not imported", "front matter of a section page: `title`, `cascade`"),
    "build": told("field", "bundle.md: keys were not imported: `build`"),
    "a page's author": told("authors", "about.md: a page has no author and no series here"),
}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXPORTS / "hugo-whole", tmp_path / "old-hugo"))


def things(root: Path) -> Iterator[str]:
    head = read_hugo_front_matter((root / "content/posts/whole.md").read_text())
    yield from (f"head.{name}" for name in head.values)
    config: dict[str, Any] = tomllib.loads((root / "hugo.toml").read_text())
    yield from (f"site.{name.lower()}" for name in config)
    for path in root.rglob("*"):
        if path.is_file():
            yield path.relative_to(root).as_posix()


def test_every_thing_in_the_site_is_carried_or_listed(move: Move, whole: Path) -> None:
    listed = move.told("hugo", whole)
    assert missing(ACCOUNT, things(whole), listed) == []


def test_its_text_is_carried_or_listed(move: Move, whole: Path) -> None:
    listed = move.told("hugo", whole)
    assert missing(OF_THE_TEXT, OF_THE_TEXT, listed) == []


def test_no_address_of_a_person_is_carried(move: Move, whole: Path) -> None:
    assert secrets_in(move, ("someone@",), move.told("hugo", whole)) == []


def test_the_whole_of_it_passes_the_check_and_builds(move: Move, whole: Path) -> None:
    move.run("hugo", whole)
    (Path("content/pages/html.md")).unlink()  # it has no title, as the list says
    assert move.site.check().findings.errors == ()
    move.site.build()
    assert 'href="/about/"' in move.site.page("whole")
