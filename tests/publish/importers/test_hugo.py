"""Imports of a Hugo site: front matter in three formats, a bundle, shortcodes, permalinks."""

from pathlib import Path

import pytest

from capture.errors import FileErrors
from tests.publish.importers.conftest import ImportProject


def test_a_bundle_with_toml_front_matter_is_imported(
    project: ImportProject, hugo_site: Path
) -> None:
    project.run("hugo", hugo_site)
    assert project.front_matter("posts/calls.md") == {
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


def test_markdown_is_read_as_hugo_reads_it(project: ImportProject, hugo_site: Path) -> None:
    project.run("hugo", hugo_site)
    body = project.body("posts/calls.md")
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
    assert "```\n{{< notice >}}\n```" in project.body("posts/sums.md")


def test_json_front_matter_and_a_draft_are_imported(
    project: ImportProject, hugo_site: Path
) -> None:
    project.run("hugo", hugo_site)
    front_matter = project.front_matter("posts/json.md")
    assert (front_matter["title"], front_matter["status"]) == ("A head in JSON", "draft")
    assert len(front_matter["preview"]) >= 22


def test_a_content_folder_is_imported_without_its_site(
    project: ImportProject, hugo_site: Path
) -> None:
    assert (
        "Wrote 3 posts, 1 page and 2 pictures" in project.run("hugo", hugo_site / "content").stdout
    )


def test_each_loss_gets_a_note(project: ImportProject, hugo_site: Path) -> None:
    notes = project.notes("hugo", hugo_site)
    assert notes["not imported"] == [
        "posts/_index.md: the text of a section page",
        "posts/_index.md: the front matter of a section page: `title`",
        "posts/sums.de.md: a translation (`de`): see `lang` in docs/writer.md",
    ]
    assert notes["shortcode"] == ["content/posts/calls.md: `{{< notice tip >}}` was removed"]
    assert notes["field"] == ["content/posts/calls.md: keys were not imported: `weight`"]
    assert len(notes["menu"]) == 2
    assert notes["file"] == ["content/posts/calls/terms.pdf: no text shows it; not imported"]


def test_the_imported_site_builds_with_code_footnotes_and_redirects(
    project: ImportProject, hugo_site: Path
) -> None:
    project.run("hugo", hugo_site)
    assert project.site.check().findings.errors == ()
    project.site.build()
    page = project.site.page("calls")
    assert '<span class="nb">print</span>' in page
    assert '<div class="footnote">' in page
    assert 'href="/sums/#in-short"' in page
    assert (project.site.site / "calls.html").is_file()
    assert '"/2025/01/sums/" /sums/;' in (project.site.root / "output/redirects.map").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\ntitle: a\nb: [\n---\n", "bad.md:4: is not valid YAML"),
        ("+++\ntitle = 'a'\nb = = 1\n+++\n", "bad.md:3: is not valid TOML"),
        ('{\n "title": "a",\n "b": }\n', "bad.md:3: is not valid JSON"),
        ("---\ntitle: a\n", "bad.md:1: the front matter has no end"),
    ],
)
def test_invalid_front_matter_is_reported_with_its_line(
    project: ImportProject, hugo_site: Path, text: str, message: str
) -> None:
    (hugo_site / "content/posts/bad.md").write_text(text)
    with pytest.raises(FileErrors, match=message):
        project.run("hugo", hugo_site)
    assert not Path("content/posts").exists()


def test_the_folder_of_the_language_is_the_content(project: ImportProject, tmp_path: Path) -> None:
    for name in ("en/posts/calls", "en/posts/sums", "de/posts/anrufe"):
        file = tmp_path / f"old/content/{name}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"---\ntitle: {name}\ndate: 2025-01-01\n---\n[x](/posts/sums/)\n")
    notes = project.notes("hugo", tmp_path / "old")["not imported"]
    assert ["de/" in note and "translations" in note for note in notes] == [True]
    project.run("hugo", tmp_path / "old")
    assert "({filename}/posts/sums.md)" in project.body("posts/calls.md")
    assert sorted(path.name for path in Path("content/posts").iterdir()) == ["calls.md", "sums.md"]


def test_a_key_that_is_given_twice_is_a_note(project: ImportProject, hugo_site: Path) -> None:
    text = "---\ntitle: a\ndate: 2025-01-01\nlinkTitle: b\nlinktitle: c\n---\nText.\n"
    (hugo_site / "content/posts/twice.md").write_text(text)
    notes = project.notes("hugo", hugo_site)["front matter"]
    assert ["line 5: `linktitle` is already on line 4" in note for note in notes] == [True]


def test_a_picture_outside_the_export_is_not_read(project: ImportProject, hugo_site: Path) -> None:
    (hugo_site.parent / "secret.png").write_bytes(b"secret")
    (hugo_site / "content/posts/calls/link.png").symlink_to(hugo_site.parent / "secret.png")
    text = "---\ntitle: x\ndate: 2025-01-01\n---\n![a](../../../../secret.png) ![b](link.png)\n"
    (hugo_site / "content/posts/calls/index.md").write_text(text)
    assert len(project.notes("hugo", hugo_site)["picture"]) == 2
    assert not [p for p in Path("content").rglob("*.png") if p.read_bytes() == b"secret"]


def test_a_byte_order_mark_and_windows_line_breaks_are_removed(
    project: ImportProject, hugo_site: Path
) -> None:
    text = "---\r\ntitle: Über\r\ndate: 2025-01-01\r\n---\r\nOne\r\ntwo.\r\n"
    (hugo_site / "content/posts/win.md").write_bytes(b"\xef\xbb\xbf" + text.encode())
    project.run("hugo", hugo_site)
    assert project.front_matter("posts/win.md")["title"] == "Über"
    assert b"\r" not in Path("content/posts/win.md").read_bytes()
