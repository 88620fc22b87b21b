"""A Hugo site: heads in three languages, a bundle, shortcodes, addresses of its own."""

from pathlib import Path

import pytest

from capture.errors import FileErrors
from tests.publish.importers.conftest import Move


def test_a_bundle_with_a_head_in_toml_is_carried(move: Move, hugo: Path) -> None:
    move.run("hugo", hugo)
    assert move.head("posts/calls.md") == {
        "title": "Who calls back",
        "date": "2025-02-03 09:00",
        "modified": "2025-02-10",
        "category": "Sales",
        "tags": ["calls", "leads"],
        "author": ["Daniel Okafor"],
        "series": "First days",
        "slug": "calls",
        "summary": "Four people in ten never hear from the firm that they wrote to. "
        "Why, and what it costs.",
        "image": "/images/calls/phone.png",
        "image_alt": "A phone that rings",
        "aliases": ["/2025/02/calls/", "/calls.html", "/2025/02/old-calls"],
    }
    assert Path("content/images/calls/phone.png").is_file()


def test_its_markdown_is_read_as_hugo_reads_it(move: Move, hugo: Path) -> None:
    move.run("hugo", hugo)
    body = move.body("posts/calls.md")
    for part in (
        "## The first hour\n",
        "[the sums]({filename}/posts/sums.md#in-short) or [by file]({filename}/posts/sums.md)",
        "<del>never</del>",
        "-   one\n    -   two\n\n            :::python\n            print(1)\n",
        '![A phone]({static}/images/calls/phone.png "It rings")',
        "[https://www.youtube.com/watch?v=abc123](https://www.youtube.com/watch?v=abc123)",
        "Call *twice*.",
        "A note.[^1]\n\n[^1]: Of *ours*.",
        "| a | b |\n| --- | ---: |\n| 1 | `x` |",
    ):
        assert part in body
    assert "```\n{{< notice >}}\n```" in move.body("posts/sums.md")


def test_a_head_in_json_and_a_draft(move: Move, hugo: Path) -> None:
    move.run("hugo", hugo)
    head = move.head("posts/json.md")
    assert (head["title"], head["status"]) == ("A head in JSON", "draft")
    assert len(head["preview"]) >= 22


def test_a_folder_of_content_alone_will_do(move: Move, hugo: Path) -> None:
    assert "Wrote 3 posts, 1 page and 2 pictures" in move.run("hugo", hugo / "content").stdout


def test_all_that_is_not_carried_is_told(move: Move, hugo: Path) -> None:
    data = move.told("hugo", hugo)
    assert data["not imported"] == [
        "posts/_index.md: the text of a section page",
        "posts/_index.md: the front matter of a section page: `title`",
        "posts/sums.de.md: a translation (`de`): see `lang` in docs/writer.md",
    ]
    assert data["shortcode"] == ["content/posts/calls.md: `{{< notice tip >}}` was removed"]
    assert data["field"] == ["content/posts/calls.md: keys were not imported: `weight`"]
    assert len(data["menu"]) == 2
    assert data["file"] == ["content/posts/calls/terms.pdf: no text shows it; not imported"]


def test_the_site_builds_with_nested_code_notes_and_old_addresses(move: Move, hugo: Path) -> None:
    move.run("hugo", hugo)
    assert move.site.check().findings.errors == ()
    move.site.build()
    page = move.site.page("calls")
    assert '<span class="nb">print</span>' in page
    assert '<div class="footnote">' in page
    assert 'href="/sums/#in-short"' in page
    assert (move.site.site / "calls.html").is_file()
    assert '"/2025/01/sums/" /sums/;' in (move.site.root / "output/redirects.map").read_text()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("---\ntitle: a\nb: [\n---\n", "bad.md:4: is not valid YAML"),
        ("+++\ntitle = 'a'\nb = = 1\n+++\n", "bad.md:3: is not valid TOML"),
        ('{\n "title": "a",\n "b": }\n', "bad.md:3: is not valid JSON"),
        ("---\ntitle: a\n", "bad.md:1: the front matter has no end"),
    ],
)
def test_broken_heads_are_told_with_their_lines(
    move: Move, hugo: Path, text: str, told: str
) -> None:
    (hugo / "content/posts/bad.md").write_text(text)
    with pytest.raises(FileErrors, match=told):
        move.run("hugo", hugo)
    assert not Path("content/posts").exists()


def test_a_picture_outside_of_the_export_is_not_read(move: Move, hugo: Path) -> None:
    (hugo.parent / "secret.png").write_bytes(b"secret")
    (hugo / "content/posts/calls/link.png").symlink_to(hugo.parent / "secret.png")
    text = "---\ntitle: x\ndate: 2025-01-01\n---\n![a](../../../../secret.png) ![b](link.png)\n"
    (hugo / "content/posts/calls/index.md").write_text(text)
    assert len(move.told("hugo", hugo)["picture"]) == 2
    assert not [p for p in Path("content").rglob("*.png") if p.read_bytes() == b"secret"]


def test_a_mark_at_the_beginning_and_breaks_of_windows_are_no_matter(
    move: Move, hugo: Path
) -> None:
    text = "---\r\ntitle: Über\r\ndate: 2025-01-01\r\n---\r\nOne\r\ntwo.\r\n"
    (hugo / "content/posts/win.md").write_bytes(b"\xef\xbb\xbf" + text.encode())
    move.run("hugo", hugo)
    assert move.head("posts/win.md")["title"] == "Über"
    assert b"\r" not in Path("content/posts/win.md").read_bytes()
