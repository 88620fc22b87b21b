"""Imports of WXR: posts of the block editor and the classic editor, pages, attachments."""

from pathlib import Path

import pytest
from PIL import Image

from capture.errors import Refused
from tests.publish.importers.conftest import ImportProject
from tests.publish.importers.destinations import linked_file


def test_front_matter_has_all_values_of_the_export(project: ImportProject, wxr_file: Path) -> None:
    project.run("wordpress", wxr_file)
    assert project.front_matter("posts/funnels-figures.md") == {
        "title": "Funnels & figures",
        "date": "2025-03-04 09:00",
        "modified": "2025-04-04",
        "category": "Figures",
        "tags": ["funnel", "Sales"],
        "author": ["Marta Lindqvist"],
        "slug": "funnels-figures",
        "summary": "Where visitors leave, stage by stage, and which two figures tell you first.",
        "aliases": ["/2025/03/funnels-figures/"],
    }


def test_text_of_the_block_editor_becomes_markdown(project: ImportProject, wxr_file: Path) -> None:
    project.run("wordpress", wxr_file)
    body = project.body("posts/funnels-figures.md")
    for part in (
        "## Stages\n",
        "[about us]({filename}/pages/about-us.md)",
        "[the sums]({filename}/posts/classic.md#h-sums).[^1]",
        "1.  Visit\n    -   by search\n2.  Lead\n",
        '```python\nif a < b:\n    print("{% form x %}")\n```',
        "| Stage | Share |\n| --- | ---: |\n| Visit \\| first | 100 % |",
        "[https://video.example/watch?v=1](https://video.example/watch?v=1)",
        "[^1]: By our own *count*.",
    ):
        assert part in body
    assert "onclick" not in body
    assert "javascript" not in body
    assert "script>" not in body


def test_classic_text_gets_paragraphs_captions_and_galleries(
    project: ImportProject, wxr_file: Path
) -> None:
    project.run("wordpress", wxr_file)
    body = project.body("posts/classic.md")
    uploads = "https://www.old.example/wp-content/uploads/2025/03"
    for part in (
        "First paragraph,  \nwith a break.",
        "## Sums {: #h-sums }",
        f'![A funnel]({uploads}/funnel.png "The whole funnel")',
        f'![A funnel of three parts]({uploads}/funnel.png "A caption")',
        "He said \\[sic\\] so.",
        "[https://video.example/watch?v=2](https://video.example/watch?v=2)",
    ):
        assert part in body
    assert "contact-form-7" not in body


def test_a_private_or_protected_post_becomes_a_draft_with_a_secret_preview(
    project: ImportProject, wxr_file: Path
) -> None:
    messages = project.notes("wordpress", wxr_file)["status"]
    for name, reason in (("secret", "protected by a password"), ("private-thoughts", "`private`")):
        front_matter = project.front_matter(f"posts/{name}.md")
        assert front_matter["status"] == "draft"
        assert len(front_matter["preview"]) >= 22
        assert any(f"content/posts/{name}.md: was {reason}" in line for line in messages)
    assert "hunter2" not in "".join(p.read_text() for p in Path("content").rglob("*.md"))


def test_each_loss_gets_a_note(project: ImportProject, wxr_file: Path) -> None:
    notes = project.notes("wordpress", wxr_file)
    post = "content/posts/funnels-figures.md"
    assert notes["comments"] == ["wordpress.xml: 1 comment not imported: personal data"]
    assert notes["not imported"] == [
        "wordpress.xml: 1 of kind `trash`",
        "wordpress.xml: 1 of kind menu",
    ]
    assert f"{post}: custom fields were not imported: `mood`" in notes["field"]
    assert (
        "wordpress.xml: a plugin's `_elementor_data` was not imported from 1 item" in notes["field"]
    )
    assert notes["shortcode"] == [
        "content/posts/classic.md: `[caption]`: not imported: 1 `align`, 1 `id`, 1 `width`",
        'content/posts/classic.md: `[contact-form-7 id="5" title="Contact"]` was removed',
    ]
    assert notes["link"] == [
        f"{post}: https://www.old.example/lost/ is not in the export: the link was not changed"
    ]
    assert any("latest-posts" in line for line in notes["block"])
    assert len(notes["script"]) == 3
    assert "ann@clinic.example" not in str(notes)


def test_pictures_beside_the_export_are_copied(project: ImportProject, wxr_file: Path) -> None:
    uploads = wxr_file.parent / "wp-content/uploads/2025/03"
    uploads.mkdir(parents=True)
    Image.new("RGB", (9, 9)).save(uploads / "funnel.png")
    project.run("wordpress", wxr_file)
    assert (wxr_file.parent / "content/images/2025/03/funnel.png").is_file()
    assert "({static}/images/2025/03/funnel.png " in project.body("posts/funnels-figures.md")
    front_matter = project.front_matter("posts/funnels-figures.md")
    assert front_matter["image"] == "/images/2025/03/funnel.png"
    assert front_matter["image_alt"] == "A funnel of three parts"


def test_a_check_finds_only_pictures_with_a_note(project: ImportProject, wxr_file: Path) -> None:
    notes = str(project.notes("wordpress", wxr_file))
    for error in project.site.check().findings.errors:
        assert error.rule == "picture"
        assert linked_file(error.message) in notes


def test_the_imported_site_builds_with_its_pictures(project: ImportProject, wxr_file: Path) -> None:
    uploads = wxr_file.parent / "wp-content/uploads/2025/03"
    uploads.mkdir(parents=True)
    for name in ("funnel.png", "funnel-300x200.png", "gone.jpg"):
        Image.new("RGB", (9, 9)).save(uploads / name)
    project.run("wordpress", wxr_file)
    assert project.site.check().findings.errors == ()
    project.site.build()
    page = project.site.page("funnels-figures")
    assert '<a href="/about-us/">about us</a>' in page
    assert "&#123;% form guide %}" in page  # words, not a form
    assert "<ul>\n<li>by search</li>" in page.replace("</p>", "").replace("<p>", "")
    redirects = (project.site.root / "output/redirects.map").read_text()
    assert '"/2025/03/classic/" /classic/;\n"/2025/03/classic" /classic/;\n' in redirects
    assert (project.site.site / "2025/03/classic/index.html").is_file()


ENTITY_BOMB = """<?xml version="1.0"?>
<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<rss><channel><item><title>&b;</title></item></channel></rss>"""
EXTERNAL_ENTITY = """<?xml version="1.0"?>
<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<rss><channel><item><title>&x;</title></item></channel></rss>"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENTITY_BOMB, "export.xml: declares a DTD or entities"),
        (EXTERNAL_ENTITY, "export.xml: declares a DTD or entities"),
        ("<rss>\n<channel>\n<item>&nbsp;</item></channel></rss>", "export.xml:3: is not valid XML"),
        ("<rss>\n<channel>", "export.xml:2: is not valid XML"),
        ("<html></html>", "export.xml: is not a WordPress export"),
        ("", "export.xml:1: is not valid XML"),
        ("<rss><channel></channel></rss>", "export.xml: contains no post and no page"),
    ],
)
def test_an_invalid_export_is_refused_with_one_line(
    project: ImportProject, text: str, message: str
) -> None:
    path = project.site.write("export.xml", text)
    with pytest.raises(Refused, match="^" + message) as refused:
        project.run("wordpress", path)
    assert "\n" not in str(refused.value)
    assert not Path("content/posts").exists()
