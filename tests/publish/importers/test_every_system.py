"""The behaviour of imports from every system, shown with Ghost exports."""

from pathlib import Path

import pytest

from capture.errors import Refused, Unavailable
from publish.importers.ghost.export import read_ghost
from publish.importers.plan import plan_import, write_plan
from tests.publish.importers.conftest import ImportProject


def test_a_dry_run_prints_the_same_notes_and_writes_nothing(project: ImportProject) -> None:
    path = project.write_ghost({"slug": "a", "title": "A", "html": "<script></script><p>x</p>"})
    dry = project.run("ghost", path, "--dry-run").stdout
    assert not Path("content/posts").exists()
    assert project.run("ghost", path).stdout == dry.replace("Would write", "Wrote")


def test_a_second_run_writes_nothing_and_lists_the_existing_files(project: ImportProject) -> None:
    path = project.write_ghost({"slug": "a", "title": "A", "html": "<p>x</p>"})
    project.run("ghost", path)
    existing = Path("content/posts/a.md")
    existing.write_text("mine")
    again = project.run("ghost", path)
    assert "already exist, not written (1)\n  content/posts/a.md\n" in again.stdout
    assert "Wrote 0 posts" in again.stdout
    assert existing.read_text() == "mine"


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
    notes = project.notes("ghost", path)
    assert notes["slug"] == ["content/pages/a-2.md: the slug `a` is in use: it became `a-2`"]
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
