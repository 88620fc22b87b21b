"""Ghost's JSON, with text as HTML, lexical or mobiledoc; and what is true of every import."""

import json
from pathlib import Path
from typing import Any

import pytest

from capture.errors import Refused, Unavailable
from publish.importers.ghost.export import read_ghost
from publish.importers.plan import plan_import, write_plan
from tests.publish.importers.conftest import Move

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


def test_lexical_is_read_where_there_is_no_html(move: Move) -> None:
    body = move.page_of("", lexical=json.dumps(LEXICAL))
    assert body == (
        "## Sums\n\n**Bold &** [link](https://a.example/)\n\n-   one\n\n"
        "```python\na < b\n```\n\nSome *mark*.\n\n[B](https://b.example/)"
    )


def test_mobiledoc_is_read_where_there_is_no_html(move: Move) -> None:
    move.site.write("content-of-ghost", "")
    post = {"slug": "one", "title": "One", "mobiledoc": json.dumps(MOBILEDOC)}
    data = move.told("ghost", move.ghost(post))
    assert (
        move.body("posts/one.md")
        .strip()
        .startswith(
            "## Sums\n\n**Bold**  \n[link](https://a.example/)\n\n1.  one\n2.  two\n\n![X]("
        )
    )
    assert data["card"] == ["content/posts/one.md: a card of kind `paywall` was not imported"]


def test_members_are_counted_and_never_carried(move: Move) -> None:
    path = move.ghost({"slug": "a", "title": "A"}, members=[{"email": "ann@clinic.example"}] * 3)
    assert move.told("ghost", path)["members"] == [
        "export.json: 3 members not imported: personal data"
    ]
    assert "ann@" not in Path("content/posts/a.md").read_text()


def test_tags_authors_and_pictures_are_joined_from_their_tables(move: Move) -> None:
    move.site.write("images/2026/x.svg", "<svg/>")
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
    data = move.told(
        "ghost", move.ghost({"slug": "a", "title": "A", "feature_image": image}, **tables)
    )
    head = move.head("posts/a.md")
    assert (head["category"], head["tags"], head["author"]) == ("Sales", ["b, c"], ["Ann; Writer"])
    assert (head["image"], head["image_alt"]) == ("/images/2026/x.svg", "A dot")
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
def test_what_was_not_for_all_is_a_draft(
    move: Move, post: dict[str, object], status: str | None
) -> None:
    move.run("ghost", move.ghost({"slug": "a", "title": "A", "html": "<p>T</p>", **post}))
    head = move.head("posts/a.md")
    assert head.get("status") == status
    assert ("preview" in head) == (status == "draft")


def test_a_scheduled_post_is_held_back_and_has_a_preview(move: Move) -> None:
    later = {"status": "scheduled", "published_at": "2999-01-01T09:30:00.000Z"}
    move.run("ghost", move.ghost({"slug": "a", "title": "A", **later}))
    head = move.head("posts/a.md")
    assert (head["date"], "status" in head, len(head["preview"])) == ("2999-01-01 09:30", False, 22)


def test_readers_are_not_led_to_a_draft(move: Move) -> None:
    link = '<p><a href="__GHOST_URL__/b/">later</a></p>'
    path = move.ghost(
        {"slug": "a", "title": "A", "html": link}, {"slug": "b", "title": "B", "status": "draft"}
    )
    assert "leads to a draft" in move.told("ghost", path)["link"][0]
    assert move.body("posts/a.md").strip() == "later"
    assert move.site.check().findings.errors == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b'{"db": [\n{,', "export.json:2: is not valid JSON"),
        (b"[]", "export.json: is not a Ghost export"),
        (b'{"db": [{"data": {"posts": []}}]}', "export.json: contains no post"),
        (b'{"a": "\xff"}', "export.json:1: is not UTF-8"),
        (b"[" * 100_000, "export.json: is not a Ghost export: it is nested too deeply"),
    ],
)
def test_what_is_no_export_is_refused_on_one_line(move: Move, text: bytes, told: str) -> None:
    Path("export.json").write_bytes(text)
    with pytest.raises(Refused, match="^" + told) as refused:
        move.run("ghost", "export.json")
    assert "\n" not in str(refused.value)


def test_a_dry_run_tells_the_same_and_writes_nothing(move: Move) -> None:
    path = move.ghost({"slug": "a", "title": "A", "html": "<script></script><p>x</p>"})
    dry = move.run("ghost", path, "--dry-run").stdout
    assert not Path("content/posts").exists()
    assert move.run("ghost", path).stdout == dry.replace("Would write", "Wrote")


def test_a_second_run_writes_nothing_and_says_what_is_there(move: Move) -> None:
    path = move.ghost({"slug": "a", "title": "A", "html": "<p>x</p>"})
    move.run("ghost", path)
    mine = Path("content/posts/a.md")
    mine.write_text("mine")
    again = move.run("ghost", path)
    assert "already exist, not written (1)\n  content/posts/a.md\n" in again.stdout
    assert "Wrote 0 posts" in again.stdout
    assert mine.read_text() == "mine"


def test_a_slug_that_another_file_has_is_not_taken(move: Move) -> None:
    move.site.post("Text.", name="other", front_matter="Slug: a\n")
    assert (
        "content/posts/other.md"
        in move.run("ghost", move.ghost({"slug": "a", "title": "A"})).stdout
    )
    assert not Path("content/posts/a.md").exists()


def test_a_disk_that_fails_leaves_nothing_behind(move: Move) -> None:
    path = move.ghost({"slug": "a", "title": "A"}, {"slug": "b", "title": "B", "type": "page"})
    move.site.write("content/pages", "a file where the folder should be")
    with pytest.raises(Unavailable, match="nothing was written"):
        move.run("ghost", path)
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
def test_no_slug_leads_out_of_the_folder(move: Move, slug: str, name: str) -> None:
    move.run("ghost", move.ghost({"slug": slug, "title": "A title"}))
    files = [p.relative_to(move.site.root).as_posix() for p in move.site.root.rglob("*.md")]
    assert files == [f"content/posts/{name}.md"]


def test_two_posts_of_one_slug_are_both_carried_and_told(move: Move) -> None:
    path = move.ghost({"slug": "a", "title": "A"}, {"slug": "a", "title": "B", "type": "page"})
    data = move.told("ghost", path)
    assert data["slug"] == ["content/pages/a-2.md: the slug `a` is in use: it became `a-2`"]
    assert move.head("pages/a-2.md")["title"] == "B"


def test_old_links_of_the_site_lead_to_files_once_its_address_is_given(move: Move) -> None:
    link = '<p><a href="https://www.old.example/b/">b</a></p>'
    path = move.ghost({"slug": "a", "title": "A", "html": link}, {"slug": "b", "title": "B"})
    move.run("ghost", path, "--site", "https://old.example")
    assert move.body("posts/a.md").strip() == "[b]({filename}/posts/b.md)"


def test_where_a_text_appeared_first_is_kept_unless_it_was_the_old_site(move: Move) -> None:
    first = {"slug": "a", "title": "A", "canonical_url": "https://first.example/a/"}
    own = {"slug": "b", "title": "B", "canonical_url": "https://old.example/b/"}
    move.run("ghost", move.ghost(first, own), "--site", "https://old.example")
    assert move.head("posts/a.md")["canonical"] == "https://first.example/a/"
    assert "canonical" not in move.head("posts/b.md")


def test_links_lead_to_the_file_that_is_there_already(move: Move) -> None:
    move.site.post("Text.", name="other", front_matter="Slug: b\n")
    link = '<p><a href="__GHOST_URL__/b/">b</a></p>'
    path = move.ghost({"slug": "a", "title": "A", "html": link}, {"slug": "b", "title": "B"})
    move.run("ghost", path)
    assert move.body("posts/a.md").strip() == "[b]({filename}/posts/other.md)"
    assert move.site.check().findings.errors == ()


def test_a_folder_that_is_not_there_is_refused(move: Move) -> None:
    path = move.ghost({"slug": "a", "title": "A"})
    with pytest.raises(Refused, match="--into: nowhere is not a folder"):
        move.run("ghost", path, "--into", "nowhere")


def test_an_unpaired_half_of_a_sign_and_control_signs_are_left_out(move: Move) -> None:
    move.run(
        "ghost",
        move.ghost({"slug": "a", "title": "A\ud800\x1b[31m\x85B", "html": "<p>x\udfff\x00</p>"}),
    )
    assert move.head("posts/a.md")["title"] == "A[31m B"
    assert move.body("posts/a.md").strip() == "x"


def test_a_link_to_a_part_that_is_gone_leads_to_the_whole_text(move: Move) -> None:
    link = '<p><a href="__GHOST_URL__/b/#gone">b</a></p>'
    path = move.ghost({"slug": "a", "title": "A", "html": link}, {"slug": "b", "title": "B"})
    messages = move.told("ghost", path)["link"]
    assert messages == [
        "content/posts/a.md: posts/b.md has no anchor `#gone`: the link leads to its top"
    ]
    assert move.body("posts/a.md").strip() == "[b]({filename}/posts/b.md)"


def test_a_file_that_comes_to_be_there_meanwhile_is_not_written_over(move: Move) -> None:
    path = move.ghost({"slug": "a", "title": "A"}, {"slug": "b", "title": "B"})
    planned = plan_import(read_ghost(path), move.writing())
    move.site.write("content/posts/b.md", "mine")
    with pytest.raises(Refused, match=r"content/posts/b.md: was created while"):
        write_plan(planned, Path("content").absolute())
    assert [p.read_text() for p in Path("content/posts").iterdir()] == ["mine"]
