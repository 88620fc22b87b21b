"""Imports of Ghost's JSON with HTML, Lexical or Mobiledoc; and the behaviour of every import."""

import json
from pathlib import Path
from typing import Any

import pytest

from capture.errors import Refused, Unavailable
from publish.importers.ghost.export import read_ghost
from publish.importers.plan import plan_import, write_plan
from tests.publish.importers.conftest import ImportProject

LEXICAL = {"root": {"type": "root", "children": [
    {"type": "extended-heading", "tag": "h3", "children": [{"type": "text", "text": "Sums"}]},
    {"type": "paragraph", "children": [
        {"type": "extended-text", "text": "Bold & ", "format": 1},
        {"type": "link", "url": "https://a.example/",
         "children": [{"type": "text", "text": "link"}]}]},
    {"type": "list", "tag": "ul", "children": [
        {"type": "listitem", "children": [{"type": "extended-text", "text": "one"}]}]},
    {"type": "codeblock", "language": "python", "code": "a < b"},
    {"type": "markdown", "markdown": "Some *mark*."},
    {"type": "bookmark", "url": "https://b.example/", "metadata": {"title": "B"}},
    {"type": "signup", "header": "Join"}]}}  # fmt: skip
MOBILEDOC = {
    "version": "0.3.1", "atoms": [["soft-return", "", {}]],
    "cards": [
        ["image", {"src": "__GHOST_URL__/content/images/x.png", "alt": "X"}], ["paywall", {}]],
    "markups": [["strong"], ["a", ["href", "https://a.example/"]]],
    "sections": [
        [1, "h2", [[0, [], 0, "Sums"]]],
        [1, "p", [[0, [0], 1, "Bold"], [1, [], 0, 0], [0, [1], 1, "link"]]],
        [3, "ol", [[[0, [], 0, "one"]], [[0, [], 0, "two"]]]], [10, 0], [10, 1]]}  # fmt: skip


def test_lexical_is_used_without_html(project: ImportProject) -> None:
    body = project.import_html("", lexical=json.dumps(LEXICAL))
    assert body == (
        "## Sums\n\n**Bold &** [link](https://a.example/)\n\n-   one\n\n"
        "```python\na < b\n```\n\nSome *mark*.\n\n[B](https://b.example/)"
    )


def test_mobiledoc_is_used_without_html(project: ImportProject) -> None:
    project.site.write("content-of-ghost", "")
    post = {"slug": "one", "title": "One", "mobiledoc": json.dumps(MOBILEDOC)}
    data = project.notes("ghost", project.write_ghost(post))
    assert (
        project.body("posts/one.md")
        .strip()
        .startswith(
            "## Sums\n\n**Bold**  \n[link](https://a.example/)\n\n1.  one\n2.  two\n\n![X]("
        )
    )
    assert data["card"] == ["content/posts/one.md: a card of kind `paywall` was not imported"]


def test_members_are_counted_and_not_imported(project: ImportProject) -> None:
    path = project.write_ghost(
        {"slug": "a", "title": "A"}, members=[{"email": "ann@clinic.example"}] * 3
    )
    assert project.notes("ghost", path)["members"] == [
        "export.json: 3 members not imported: personal data"
    ]
    assert "ann@" not in Path("content/posts/a.md").read_text()


def test_tags_authors_and_pictures_come_from_their_tables(project: ImportProject) -> None:
    project.site.write("images/2026/x.svg", "<svg/>")
    tables: dict[str, Any] = {
        "tags": [
            {"id": "t1", "name": "Sales"},
            {"id": "t2", "name": "#wide"},
            {"id": "t3", "name": "b, c"},
        ],
        "posts_tags": [
            {"post_id": "0", "tag_id": "t3", "sort_order": 2},
            {"post_id": "0", "tag_id": "t2", "sort_order": 1},
            {"post_id": "0", "tag_id": "t1", "sort_order": 0},
        ],
        "users": [{"id": "u", "name": "Ann; Writer", "email": "ann@old.example"}],
        "posts_authors": [{"post_id": "0", "author_id": "u"}],
        "posts_meta": [{"post_id": "0", "feature_image_alt": "A dot"}],
    }  # fmt: skip
    image = "__GHOST_URL__/content/images/size/w600/2026/x.svg"
    data = project.notes(
        "ghost", project.write_ghost({"slug": "a", "title": "A", "feature_image": image}, **tables)
    )
    front_matter = project.front_matter("posts/a.md")
    assert (front_matter["category"], front_matter["tags"], front_matter["author"]) == (
        "Sales",
        ["b, c"],
        ["Ann; Writer"],
    )
    assert (front_matter["image"], front_matter["image_alt"]) == ("/images/2026/x.svg", "A dot")
    assert "`#wide`" in data["tags"][0]


@pytest.mark.parametrize(
    ("post", "status"),
    [
        ({"status": "draft", "published_at": None}, "draft"),
        ({"status": "sent"}, "draft"),
        ({"visibility": "paid"}, "draft"),
        ({}, None),
    ],
)
def test_a_post_that_was_not_public_becomes_a_draft(
    project: ImportProject, post: dict[str, object], status: str | None
) -> None:
    project.run(
        "ghost", project.write_ghost({"slug": "a", "title": "A", "html": "<p>T</p>", **post})
    )
    front_matter = project.front_matter("posts/a.md")
    assert front_matter.get("status") == status
    assert ("preview" in front_matter) == (status == "draft")


def test_a_scheduled_post_keeps_its_date_and_has_a_preview(project: ImportProject) -> None:
    later = {"status": "scheduled", "published_at": "2999-01-01T09:30:00.000Z"}
    project.run("ghost", project.write_ghost({"slug": "a", "title": "A", **later}))
    front_matter = project.front_matter("posts/a.md")
    assert (front_matter["date"], "status" in front_matter, len(front_matter["preview"])) == (
        "2999-01-01 09:30",
        False,
        22,
    )


def test_a_link_to_a_draft_is_removed(project: ImportProject) -> None:
    link = '<p><a href="__GHOST_URL__/b/">later</a></p>'
    path = project.write_ghost(
        {"slug": "a", "title": "A", "html": link}, {"slug": "b", "title": "B", "status": "draft"}
    )
    assert "leads to a draft" in project.notes("ghost", path)["link"][0]
    assert project.body("posts/a.md").strip() == "later"
    assert project.site.check().findings.errors == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"db": [\n{,', "export.json:2: is not valid JSON"),
        (b"[]", "export.json: is not a Ghost export"),
        (b'{"db": [{"data": {"posts": []}}]}', "export.json: contains no post"),
        (b'{"a": "\xff"}', "export.json:1: is not UTF-8"),
        (b"[" * 100_000, "export.json: is not a Ghost export: it is nested too deeply"),
    ],
)
def test_an_invalid_export_is_refused_with_one_line(
    project: ImportProject, text: bytes, message: str
) -> None:
    Path("export.json").write_bytes(text)
    with pytest.raises(Refused, match="^" + message) as refused:
        project.run("ghost", "export.json")
    assert "\n" not in str(refused.value)


def test_a_dry_run_prints_the_same_notes_and_writes_nothing(project: ImportProject) -> None:
    path = project.write_ghost({"slug": "a", "title": "A", "html": "<script></script><p>x</p>"})
    dry = project.run("ghost", path, "--dry-run").stdout
    assert not Path("content/posts").exists()
    assert project.run("ghost", path).stdout == dry.replace("Would write", "Wrote")


def test_a_second_run_writes_nothing_and_lists_the_existing_files(project: ImportProject) -> None:
    path = project.write_ghost({"slug": "a", "title": "A", "html": "<p>x</p>"})
    project.run("ghost", path)
    mine = Path("content/posts/a.md")
    mine.write_text("mine")
    again = project.run("ghost", path)
    assert "already exist, not written (1)\n  content/posts/a.md\n" in again.stdout
    assert "Wrote 0 posts" in again.stdout
    assert mine.read_text() == "mine"


def test_an_item_whose_slug_another_file_has_is_not_written(project: ImportProject) -> None:
    project.site.post("Text.", name="other", front_matter="Slug: a\n")
    assert (
        "content/posts/other.md"
        in project.run("ghost", project.write_ghost({"slug": "a", "title": "A"})).stdout
    )
    assert not Path("content/posts/a.md").exists()


def test_a_failed_write_leaves_no_files(project: ImportProject) -> None:
    path = project.write_ghost(
        {"slug": "a", "title": "A"}, {"slug": "b", "title": "B", "type": "page"}
    )
    project.site.write("content/pages", "a file where the folder should be")
    with pytest.raises(Unavailable, match="nothing was written"):
        project.run("ghost", path)
    assert not Path("content/posts").exists()


@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("../../etc/passwd", "etcpasswd"),
        ("a/b", "ab"),
        ("Big_Slug", "big-slug"),
        ("con", "con-2"),
        ("images", "images-2"),
        ("..", "a-title"),
        ("\x00\u202e", "a-title"),
    ],
)
def test_every_slug_gives_a_file_below_posts(project: ImportProject, slug: str, name: str) -> None:
    project.run("ghost", project.write_ghost({"slug": slug, "title": "A title"}))
    files = [p.relative_to(project.site.root).as_posix() for p in project.site.root.rglob("*.md")]
    assert files == [f"content/posts/{name}.md"]


def test_two_items_with_one_slug_are_both_imported_with_a_note(project: ImportProject) -> None:
    path = project.write_ghost(
        {"slug": "a", "title": "A"}, {"slug": "a", "title": "B", "type": "page"}
    )
    data = project.notes("ghost", path)
    assert data["slug"] == ["content/pages/a-2.md: the slug `a` is in use: it became `a-2`"]
    assert project.front_matter("pages/a-2.md")["title"] == "B"


def test_links_to_the_address_of_the_old_site_become_links_to_files(
    project: ImportProject,
) -> None:
    link = '<p><a href="https://www.old.example/b/">b</a></p>'
    path = project.write_ghost(
        {"slug": "a", "title": "A", "html": link}, {"slug": "b", "title": "B"}
    )
    project.run("ghost", path, "--site", "https://old.example")
    assert project.body("posts/a.md").strip() == "[b]({filename}/posts/b.md)"


def test_a_canonical_address_is_kept_unless_it_is_on_the_old_site(
    project: ImportProject,
) -> None:
    first = {"slug": "a", "title": "A", "canonical_url": "https://first.example/a/"}
    own = {"slug": "b", "title": "B", "canonical_url": "https://old.example/b/"}
    project.run("ghost", project.write_ghost(first, own), "--site", "https://old.example")
    assert project.front_matter("posts/a.md")["canonical"] == "https://first.example/a/"
    assert "canonical" not in project.front_matter("posts/b.md")


def test_links_point_to_the_existing_file_of_an_item(project: ImportProject) -> None:
    project.site.post("Text.", name="other", front_matter="Slug: b\n")
    link = '<p><a href="__GHOST_URL__/b/">b</a></p>'
    path = project.write_ghost(
        {"slug": "a", "title": "A", "html": link}, {"slug": "b", "title": "B"}
    )
    project.run("ghost", path)
    assert project.body("posts/a.md").strip() == "[b]({filename}/posts/other.md)"
    assert project.site.check().findings.errors == ()


def test_a_missing_content_folder_is_refused(project: ImportProject) -> None:
    path = project.write_ghost({"slug": "a", "title": "A"})
    with pytest.raises(Refused, match="--into: nowhere is not a folder"):
        project.run("ghost", path, "--into", "nowhere")


def test_lone_surrogates_and_control_characters_are_removed(project: ImportProject) -> None:
    project.run(
        "ghost",
        project.write_ghost(
            {"slug": "a", "title": "A\ud800\x1b[31m\x85B", "html": "<p>x\udfff\x00</p>"}
        ),
    )
    assert project.front_matter("posts/a.md")["title"] == "A[31m B"
    assert project.body("posts/a.md").strip() == "x"


def test_a_link_to_a_missing_anchor_points_to_the_top_of_the_text(project: ImportProject) -> None:
    link = '<p><a href="__GHOST_URL__/b/#gone">b</a></p>'
    path = project.write_ghost(
        {"slug": "a", "title": "A", "html": link}, {"slug": "b", "title": "B"}
    )
    messages = project.notes("ghost", path)["link"]
    assert messages == [
        "content/posts/a.md: posts/b.md has no anchor `#gone`: the link leads to its top"
    ]
    assert project.body("posts/a.md").strip() == "[b]({filename}/posts/b.md)"


def test_a_file_created_during_the_import_is_not_overwritten(
    project: ImportProject,
) -> None:
    path = project.write_ghost({"slug": "a", "title": "A"}, {"slug": "b", "title": "B"})
    planned = plan_import(read_ghost(path), project.writing())
    project.site.write("content/posts/b.md", "mine")
    with pytest.raises(Refused, match=r"content/posts/b.md: was created while"):
        write_plan(planned, Path("content").absolute())
    assert [p.read_text() for p in Path("content/posts").iterdir()] == ["mine"]
