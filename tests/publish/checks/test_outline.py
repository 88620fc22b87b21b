"""The outline of a text: headings, links, pictures, tags and anchors, with their lines."""

import pytest

from publish.checks.outline import outline_of
from publish.checks.outline_parts import Link, Picture
from tests.publish.markdown_structure import site_markdown

CODE = [
    "```\n{}\n```",
    "~~~~ html\n{}\n~~~~",
    "    {}",
    "Write `{}` here.",
    "<!-- {} -->",
]


def test_links_of_every_kind_have_their_lines() -> None:
    text = 'A [x](one.md "T") and\n![dot](two.svg).\n\n[y][r] <a href="four.md">z</a>\n\n'
    text += "[r]: <five.md>"
    assert outline_of(text, first_line=10).links == (
        Link("one.md", 10),
        Link("two.svg", 11, is_embedded=True),
        Link("five.md", 15),
        Link("four.md", 13),
    )


def test_a_link_or_picture_in_the_text_of_a_picture_is_none() -> None:
    outline = outline_of("![*a* [link](/x) ![b](c.png)](/d.png) [e](f.md)")
    assert [link.target for link in outline.links] == ["/d.png", "f.md"]
    assert [(picture.source, picture.alt) for picture in outline.pictures] == [
        ("/d.png", "a link b")
    ]


def test_a_picture_has_its_alternative_text() -> None:
    text = (
        'é ![a *dot*](a.svg)\n\n![](b.svg)\n\n<p>\n<img src="c.svg">\n<img src="d.svg" alt=""></p>'
    )
    assert outline_of(text).pictures == (
        Picture("a.svg", "a dot", 1),
        Picture("b.svg", None, 3),
        Picture("c.svg", None, 6),
        Picture("d.svg", "", 7),
    )


@pytest.mark.parametrize("code", CODE)
def test_code_and_comments_contain_neither_links_nor_tags(code: str) -> None:
    text = code.replace("{}", '[x](y.md) <a href="z.md"></a> {% form guide %}')
    outline = outline_of(f"Before.\n\n{text}\n\nAfter.")
    assert (outline.links, outline.tags) == ((), ())


def test_raw_html_in_pre_has_no_tags_but_its_links_are_links() -> None:
    outline = outline_of('<pre>\n[x](y.md) <a href="z.md"></a> {% form guide %}\n</pre>\n\nAfter.')
    assert (outline.links, outline.tags) == ((Link("z.md", 2),), ())


@pytest.mark.parametrize(
    "heading",
    [
        "Plain words, and a comma",
        "It's “quoted” & more",
        "With `code` and *stress*",
        "A [link](x.md) in it",
        "Über uns: 48 h",
        "安装步骤",
        "हिन्दी में",
        "<b>Bold</b> and <token> ![dot](x.svg)",
        "Twice",
        "Named {#own-name}",
        "Named {: #other-name }",
        "With {words} in braces {like #this}",
    ],
)
def test_anchors_are_the_ids_of_the_rendered_page(heading: str) -> None:
    text = f"## Twice\n\n## {heading}\n\nText\n{{: #para }}\n"
    html = site_markdown().convert(text)
    for anchor in outline_of(text).anchors:
        assert f'id="{anchor}"' in html
    assert len(outline_of(text).anchors) == html.count(" id=")


def test_a_tag_is_correct_only_on_its_own_line() -> None:
    text = "{% form a %}\n\n> {% cta b %}\n\nSee {% form c %}\n\n"
    text += "<div>\n{% form d %}\n</div>\n\n{%form e%}"
    tags = outline_of(text).tags
    assert [(tag.tag.slug, tag.line) for tag in tags] == [
        ("a", 1),
        ("b", 3),
        ("", 5),
        ("", 8),
        ("", 11),
    ]
