"""Each element of a complete WordPress export is imported, is in a note, or is internal."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from tests.publish.importers.conftest import EXPORTS, ImportProject
from tests.publish.importers.destinations import (
    ignored,
    imported,
    leaked_words,
    noted,
    wrong_destinations,
)

POST, CLASSIC = "posts/complete.md", "posts/classic.md"
INTERNAL = ignored("internal to WordPress or to the format")
OTHER_NAME = ignored("the display name is imported")
DESTINATIONS = {
    "channel.title": noted("settings", "`title`, `description`, `language`, `image`"),
    "channel.description": noted("settings", "`description`"),
    "channel.language": noted("settings", "`language`"),
    "channel.image": noted("settings", "`image`"),
    "channel.link": imported(POST, "[the team]({filename}/pages/team.md)"),
    "channel.base_site_url": imported(POST, "[the team]({filename}/pages/team.md)"),
    "channel.base_blog_url": imported(POST, "[the team]({filename}/pages/team.md)"),
    **{f"channel.{name}": INTERNAL for name in ("pubDate", "wxr_version", "generator")},
    "channel.currency": noted("not imported", "1 of kind `<currency>`"),
    "author.author_login": imported(POST, 'author: ["Marta Lindqvist"]'),
    "author.author_display_name": imported(POST, 'author: ["Marta Lindqvist"]'),
    "author.author_email": noted("authors", "1 account with e-mail address: never imported"),
    "author.author_id": INTERNAL,
    "author.author_first_name": OTHER_NAME, "author.author_last_name": OTHER_NAME,
    **{f"{kind}.term_id": INTERNAL for kind in ("category", "tag", "term")},
    "category.cat_name": imported(POST, 'category: "CRM"'),
    "category.category_nicename": ignored("lists have their own addresses here"),
    "category.category_parent": noted("categories", "`CRM` is below `Tools` on the old site"),
    "category.category_description": noted(
        "categories", "name only, without `category_description`, `termmeta`"),
    "category.termmeta": noted("categories", "`termmeta`"),
    "tag.tag_slug": ignored("lists have their own addresses here"),
    "tag.tag_name": noted("categories", "`post_tag` without a post: `Idle`"),
    "tag.tag_description": noted("categories", "`funnel` was imported as a name only, without"),
    "term.term_taxonomy": noted("categories", "`nav_menu` without a post: `Main menu`"),
    "term.term_slug": INTERNAL, "term.term_parent": INTERNAL,
    "term.term_name": noted("categories", "`Main menu`"),
    "item.title": imported(POST, 'title: "Everything in WordPress"'),
    "item.link": imported(POST, 'aliases: ["/2025/03/complete/"'),
    **{f"item.{name}": INTERNAL for name in (
        "pubDate", "guid", "description", "comment_status", "ping_status", "commentRss",
        "post_id")},
    "item.creator": imported(POST, 'author: ["Marta Lindqvist"]'),
    "item.encoded": imported(POST, "Own HTML"),
    "item.excerpt": imported(POST, 'summary: "The excerpt that somebody wrote'),
    "item.post_date_gmt": imported(POST, "date: 2025-03-04 09:00"),
    "item.post_date": imported("posts/own.md", "date: 2025-03-07 09:00"),
    "item.post_modified_gmt": imported(POST, "modified: 2025-04-04"),
    "item.post_modified": INTERNAL,
    "item.post_name": imported(POST, "slug: complete"),
    "item.status": imported("posts/waiting.md", "status: draft"),
    "item.post_parent": noted("field", "pages/team.md: is below `About us` on the old site"),
    "item.menu_order": noted("field", "pages/team.md: its position in the order, 3"),
    "item.post_type": imported("pages/team.md", "Us."),
    "item.post_password": noted("status", "secret.md: was protected by a password"),
    "item.is_sticky": noted("field", "is sticky on the old site: no post is sticky here"),
    "item.price": noted("field", "fields were not imported: `price`"),
    "item.attachment_url": noted("attachment", "attachment 21, idle: no text shows it"),
    "item.postmeta": noted("field", "custom fields were not imported: `mood`"),
    "item.comment": noted("comments", "1 comment not imported: personal data"),
    "domain.category": imported(POST, 'tags: ["funnel", "Sales"]'),
    "domain.post_tag": imported(POST, 'tags: ["funnel", "Sales"]'),
    "domain.post_format": noted("field", "`post_format` was not imported: `Aside`"),
    "meta._thumbnail_id": imported(POST, 'image: "/images/2025/03/funnel.png"'),
    **{f"meta.{name}": INTERNAL for name in (
        "_edit_last", "_edit_lock", "_encloseme", "_pingme", "_wp_old_date", "_wp_attached_file",
        "_wp_attachment_metadata")},
    "meta._wp_old_slug": imported(POST, '"/2025/03/older/", "/2025/03/oldest/"'),
    **{f"meta.{name}": noted("field", f"`{name}` was not imported from 1 item") for name in (
        "_wp_page_template", "_yoast_wpseo_title", "_elementor_data")},
    "meta._yoast_wpseo_metadesc": noted("summary", "not imported: `Another summary`"),
    "meta._yoast_wpseo_canonical": imported(POST, 'canonical: "https://first.example/complete/"'),
    "meta._yoast_wpseo_meta-robots-noindex": imported(POST, "noindex: true"),
    "meta.mood": noted("field", "`mood`"),
    "meta.footnotes": imported(POST, "[^1]: By our *count*."),
    "meta._wp_attachment_image_alt": imported(POST, 'image_alt: "A funnel of parts"'),
    "type.post": imported(POST, "slug: complete"),
    "type.page": imported("pages/about-us.md", "We."),
    "type.attachment": noted("attachment", "1 description, 1 alternative text of the media libr"),
    "type.nav_menu_item": noted("not imported", "1 of kind menu"),
    "type.revision": noted("not imported", "1 of kind revision"),
    "type.wp_block": noted("not imported", "1 of kind reusable block"),
    "type.product": noted("not imported", "1 of kind `product`"),
    "status.publish": imported(POST, "slug: complete"),
    "status.private": noted("status", "own.md: was `private` on the old site: imported as a draft"),
    "status.pending": noted("status", "waiting.md: was `pending` on the old site"),
    "status.future": imported("posts/later.md", "date: 2999-03-07"),
    "status.inherit": INTERNAL,
    "status.trash": noted("not imported", "1 of kind `trash`"),
    "status.auto-draft": noted("not imported", "1 of kind `auto-draft`"),
    **{f"block.{name}": imported(POST, text) for name, text in {
        "paragraph": "A <mark>marked</mark> word", "heading": "## Heading", "list": "-   item",
        "list-item": "-   item", "quote": "> <cite>By me</cite>", "pullquote": "> Pulled",
        "verse": "```\nA verse", "code": "```\na < b", "image": "![A funnel]({static}/images/",
        "gallery": "![A ring]({static}/images/2025/03/ring.png)", "media-text": "Beside it",
        "cover": "On the cover", "columns": "Left column", "column": "Left column",
        "group": "Grouped", "buttons": "[Press](https://press.example/)",
        "button": "[Press](https://press.example/)", "file": "[Terms](https://www.old.example/",
        "embed": "[https://video.example/1](", "table": "| Stage |", "separator": "\n---\n",
        "details": "<summary>More</summary>", "preformatted": "```\nPreformatted",
        "html": "Own HTML", "acme/slider": "Slid", "footnotes": "[^1]: By"}.items()},
    "block.more": noted("comment", "complete.md: the end of its excerpt (`more`)"),
    "block.nextpage": noted("comment", "complete.md: a page break (`nextpage`)"),
    "block.spacer": noted("attributes", "2 `style`"),
    "block.audio": noted("embed", "`<audio>` of https://www.old.example/wp-content/uploads/2025"),
    "block.video": noted("embed", "`<video>` of https://film.example/film.mp4 became a link"),
    "block.shortcode": noted("shortcode", '`[contact-form-7 id="5" title="Contact"]` was remo'),
    "block.block": noted("block", "`block` is generated by WordPress for each page view"),
    "block.latest-posts": noted("block", "`latest-posts` is generated by WordPress"),
    **{f"settings.{name}": noted("block", f"`{name}`") for name in (
        "paragraph", "more", "heading", "image", "gallery", "embed", "spacer", "acme/slider",
        "block", "latest-posts")},
    "code.caption": imported(CLASSIC, 'ring.png "A caption")'),
    "code.gallery": imported(CLASSIC, 'ring.png "Ring caption")'),
    "code.embed": imported(CLASSIC, "[https://video.example/2](https://video.example/2)"),
    "code.audio": noted("embed", "`[audio]` of https://sound.example/a.mp3 became a link"),
    "code.acme_box": noted("shortcode", '`[acme_box color="red"]` was removed'),
    "code.unknown": imported(CLASSIC, "\\[unknown\\]"),
}  # fmt: skip
HTML_DESTINATIONS = {
    "attributes": noted("attributes", "1 `rel`"),
    "handler": noted("script", "complete.md: 1 `on...` attributes were removed"),
    "script": noted("script", "`<script>` runs or styles pages: it was removed"),
    "comment": noted("comment", "complete.md: 1 HTML comment not imported"),
    "words in a shortcode": imported(CLASSIC, "Boxed"),
    "address on a line": imported(CLASSIC, "[https://video.example/3](https://video.example/3)"),
    "settings of captions": noted(
        "shortcode", "`[caption]`: not imported: 1 `align`, 1 `id`, 1 `wid"
    ),
    "settings of galleries": noted("shortcode", "`[gallery]`: `columns` not imported"),
    "picture of a gallery": noted(
        "picture", "a gallery shows pictures that are not in the export: attachment 99"
    ),
    "thumbnail": noted("picture", "its featured image, attachment 98, is not in the exp"),
    "tags in a caption": noted("HTML tags", "classic.md: not imported from captions: 1 `em`"),
    "link in a caption": imported(POST, "The [maker](https://by.example/)"),
    "more": noted("comment", "classic.md: the end of its excerpt (`more`)"),
    "file that no text shows": noted("file", "uploads/2025/03/lost.png: no text shows it"),
    "file of the library": noted("attachment", "attachment 21, idle: no text shows it"),
}


@pytest.fixture
def export(project: ImportProject) -> Path:
    name = "wordpress-complete.xml"
    for picture in ("funnel", "dot", "ring", "idle", "idle-300x200", "lost", "lost-300x200"):
        project.picture(f"uploads/2025/03/{picture}.png")
    return Path(shutil.copy(EXPORTS / name, project.site.root / name))


def local(tag: Element) -> str:
    space, _, name = tag.tag.rpartition("}")
    return "excerpt" if "excerpt" in space else name


def elements(channel: Element) -> Iterator[str]:
    for tag in channel:
        if (name := local(tag)) in {"author", "category", "tag", "term"}:
            yield from (f"{name}.{local(child)}" for child in tag)
        elif name == "item":
            yield from item_elements(tag)
        else:
            yield f"channel.{name}"


def item_elements(item: Element) -> Iterator[str]:
    for child in item:
        name, text = local(child), child.text or ""
        if name == "category":
            yield f"domain.{child.get('domain')}"
            continue
        yield f"item.{name}"
        if name == "postmeta":
            yield f"meta.{child[0].text}"
        elif name in {"post_type", "status"}:
            yield f"{name.removeprefix('post_')}.{text}"
        elif name == "encoded":
            yield from (f"block.{name}" for name in re.findall(r"<!-- wp:([a-z/-]+)", text))
            yield from (f"settings.{name}" for name in re.findall(r"<!-- wp:([a-z/-]+) {", text))
            if "<!--" not in text or "[caption" in text:
                yield from (f"code.{name}" for name in re.findall(r"\[([a-z_]+)", text))


def test_each_element_is_imported_or_gets_a_note(project: ImportProject, export: Path) -> None:
    notes = project.notes("wordpress", export)
    assert (
        wrong_destinations(DESTINATIONS, elements(fromstring(export.read_text())[0]), notes) == []
    )


def test_each_html_element_is_imported_or_gets_a_note(project: ImportProject, export: Path) -> None:
    notes = project.notes("wordpress", export)
    assert wrong_destinations(HTML_DESTINATIONS, HTML_DESTINATIONS, notes) == []


def test_resized_copies_of_a_file_get_no_note(project: ImportProject, export: Path) -> None:
    assert project.notes("wordpress", export)["file"] == [
        "uploads/2025/03/lost.png: no text shows it; not imported"
    ]


def test_no_personal_data_except_author_names_is_imported(
    project: ImportProject, export: Path
) -> None:
    notes = project.notes("wordpress", export)
    people = ("marta@", "ann@", "Ann Reader", "192.0.2.7", "Nice!", "hunter2")
    assert leaked_words(project, people, notes) == []


def test_the_imported_site_passes_the_check_and_builds(
    project: ImportProject, export: Path
) -> None:
    project.run("wordpress", export)
    assert project.site.check().findings.errors == ()
    project.site.build()
    assert 'href="/team/"' in project.site.page("complete")
