"""Each element of a complete Hugo site is imported, is in a note, or is internal."""

import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from publish.importers.hugo.front_matter import read_hugo_front_matter
from tests.publish.importers.conftest import EXPORTS, ImportProject
from tests.publish.importers.destinations import (
    Destination,
    imported,
    leaked_words,
    noted,
    wrong_destinations,
)

POST = "posts/complete.md"


def key(name: str) -> Destination:
    return noted("field", f"`{name}`")


def site(name: str) -> Destination:
    return noted("settings", f"`{name}`")


DESTINATIONS = {
    "front_matter.title": imported(POST, 'title: "Everything in Hugo"'),
    "front_matter.date": imported(POST, "date: 2025-01-02"),
    "front_matter.publishdate": noted("date", "`2025-01-02`, `2025-01-01` (`publishDate`)"),
    "front_matter.lastmod": imported(POST, "modified: 2025-02-03"),
    "front_matter.expirydate": noted("status", "complete.md: expires on 2999-01-01"),
    "front_matter.draft": imported("posts/draft.md", "status: draft"),
    "front_matter.slug": imported(POST, "slug: complete"),
    "front_matter.url": imported(POST, '"/2025/complete/"'),
    "front_matter.aliases": imported(POST, '"older", "/2025/oldest"'),
    "front_matter.description": imported(POST, 'summary: "The description that somebody wrote'),
    "front_matter.summary": noted("summary", "imported; not imported: `Another summary.`"),
    "front_matter.categories": imported(POST, 'category: "Costs"'),
    "front_matter.category": noted("categories", "`Sales`, `Tools`"),
    "front_matter.tags": imported(POST, 'tags: ["leads", "Sales", "Tools"]'),
    "front_matter.authors": imported(POST, 'author: ["Marta Lindqvist", "Daniel Okafor"]'),
    "front_matter.author": imported(POST, '"Daniel Okafor"'),
    "front_matter.series": noted("field", "several series was imported, not `Second days`"),
    "front_matter.image": imported(POST, 'image: "/images/img/dot.png"'),
    "front_matter.image_alt": imported(POST, 'image_alt: "A dot"'),
    "front_matter.images": noted("picture", "3 lead pictures was imported: `image`, `images`"),
    "front_matter.canonicalurl": imported(POST, 'canonical: "https://first.example/complete/"'),
    "front_matter.robotsnoindex": imported(POST, "noindex: true"),
    "front_matter.menus": noted("menu", "complete.md: its menu entry was not imported"),
    **{f"front_matter.{name}": key(name) for name in (
        "linktitle", "keywords", "genres", "weight", "type", "layout", "outputs", "cascade",
        "resources", "params", "sitemap", "translationkey", "iscjklanguage", "markup")},
    "site.baseurl": imported(POST, "{filename}/pages/about.md"),
    "site.defaultcontentlanguage": imported("posts/english.md", 'title: "In English"'),
    "site.permalinks": imported("posts/later.md", 'aliases: ["/2025/01/later/"]'),
    "site.menus": noted("menu", "hugo.toml: menus were not imported"),
    **{f"site.{name}": site(name) for name in (
        "title", "copyright", "params", "taxonomies", "languages", "markup")},
    "hugo.toml": site("title"),
    "config/_default/params.toml": noted("settings", "config/_default/params.toml"),
    **{f"{folder}/{name}": noted("not imported", f"{folder}/: 1 file of the old site")
       for folder, name in (
           ("data", "people.json"), ("i18n", "de.yaml"), ("layouts", "_default/single.html"),
           ("archetypes", "default.md"), ("themes", "x/theme.toml"))},
    "assets/main.css": noted("file", "assets/main.css"),
    "static/robots.txt": noted("file", "static/robots.txt"),
    "static/img/idle.png": noted("file", "static/img/idle.png"),
    "static/img/dot.png": imported(POST, "![Dot]({static}/images/img/dot.png)"),
    "content/posts/complete.md": imported(POST, "Words with *stress*"),
    "content/posts/complete.de.md": noted("not imported", "complete.de.md: a translation (`de`)"),
    "content/posts/english.en.md": imported("posts/english.md", "Text."),
    "content/posts/release-1.2.md": noted("slug", "the slug `release-1.2` became `release-12`"),
    "content/posts/_index.md": noted("not imported", "the text of a section page"),
    "content/posts/draft.md": imported("posts/draft.md", "preview: "),
    "content/posts/over.md": noted("status", "over.md: expired on 2025-02-01"),
    "content/posts/later.md": imported("posts/later.md", "date: 2999-02-01"),
    "content/posts/headless.md": noted("status", "headless.md: had no page on the old site"),
    "content/posts/beside.png": noted("file", "content/posts/beside.png"),
    "content/posts/bundle/index.md": imported("posts/bundle.md", "status: hidden"),
    "content/posts/bundle/inside.png": imported("posts/bundle.md", "![Inside]({static}/images/bu"),
    "content/posts/bundle/terms.pdf": noted("file", "content/posts/bundle/terms.pdf"),
    "content/notes/json.md": imported("posts/json.md", 'title: "In JSON"'),
    "content/notes/org.org": noted("not imported", "notes/org.org: `.org` is not Markdown"),
    "content/pages/html.html": imported("pages/html.md", "In *HTML*."),
    "content/pages/about.md": noted("tags", "a page has no tags here; not imported: `us`"),
}  # fmt: skip
TEXT_DESTINATIONS = {
    "ref": imported(POST, "[page]({filename}/pages/about.md)"),
    "link to a file": imported(POST, "[a file]({filename}/posts/bundle.md)"),
    "ref to nothing": noted("link", "`ref lost.md` matches no file of the export"),
    "more": noted("comment", "the end of its excerpt (`more`)"),
    "attributes of a heading": noted("attributes", "1 `id`"),
    "picture": noted("picture", "`beside.png` is not in the export: it was removed"),
    "figure": imported(POST, "[![Dot]({static}/images/img/dot.png)](https://behind.example/)"),
    "figure's caption": imported(POST, "Figure: of a dot"),
    "figure's class": noted("shortcode", "`figure`: `class` not imported"),
    "youtube": noted("embed", "`youtube` of https://www.youtube.com/watch?v=abc became a link"),
    "gist": noted("embed", "`gist` of https://gist.github.com/user/123 became a link"),
    "tweet": noted("embed", "`tweet` of https://twitter.com/u/status/9 became a link"),
    "highlight": imported(POST, "```go\na := 1"),
    "highlight's options": noted("code", '`highlight`: "linenos=true" not imported'),
    "code": imported(POST, "```python\nb = 1"),
    "code's options": noted("code", "options of 1 code block not imported"),
    "details": imported(POST, "<summary>More</summary>\n\nUnfolded"),
    "own shortcode": noted("shortcode", "`{{< notice tip >}}` was removed"),
    "text of the shortcode": imported(POST, "Inside and"),
    "another": noted("shortcode", '`{{< qr text="x" />}}` was removed'),
    "escaped shortcode": imported(POST, "&#123;&#123;&lt; shown >}}"),
    "task": imported(POST, "-   [x] done"),
    "definition": imported(POST, "Term\n:   Definition"),
    "table": imported(POST, "| --- | :---: |"),
    "footnote": imported(POST, "[^1]: A note."),
    "struck": imported(POST, "<del>struck</del>"),
    "raw HTML": imported(POST, "\nRaw"),
    "its style": noted("attributes", "1 `style`"),
    "its script": noted("script", "`<script>` runs or styles pages"),
    "comment": noted("comment", "1 HTML comment not imported"),
    "an author with an address": noted("field", "`authors`"),
    "front matter of a section": noted(
        "not imported", "front matter of a section page: `title`, `cascade`"
    ),
    "build": noted("field", "bundle.md: keys were not imported: `build`"),
    "a page's author": noted("authors", "about.md: a page has no author and no series here"),
}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXPORTS / "hugo-complete", tmp_path / "old-hugo"))


def elements(root: Path) -> Iterator[str]:
    front_matter = read_hugo_front_matter((root / "content/posts/complete.md").read_text())
    yield from (f"front_matter.{name}" for name in front_matter.values)
    config: dict[str, Any] = tomllib.loads((root / "hugo.toml").read_text())
    yield from (f"site.{name.lower()}" for name in config)
    for path in root.rglob("*"):
        if path.is_file():
            yield path.relative_to(root).as_posix()


def test_each_element_is_imported_or_gets_a_note(project: ImportProject, export: Path) -> None:
    notes = project.notes("hugo", export)
    assert wrong_destinations(DESTINATIONS, elements(export), notes) == []


def test_each_text_element_is_imported_or_gets_a_note(project: ImportProject, export: Path) -> None:
    notes = project.notes("hugo", export)
    assert wrong_destinations(TEXT_DESTINATIONS, TEXT_DESTINATIONS, notes) == []


def test_no_email_address_is_imported(project: ImportProject, export: Path) -> None:
    assert leaked_words(project, ("someone@",), project.notes("hugo", export)) == []


def test_the_imported_site_passes_the_check_and_builds(
    project: ImportProject, export: Path
) -> None:
    project.run("hugo", export)
    (Path("content/pages/html.md")).unlink()  # it has no title, as a note says
    assert project.site.check().findings.errors == ()
    project.site.build()
    assert 'href="/about/"' in project.site.page("complete")
