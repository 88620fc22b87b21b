"""Everything that WordPress's format holds, in one export, and where each thing of it went."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from tests.publish.importers.account import carried, inner, missing, secrets_in, told
from tests.publish.importers.conftest import EXPORTS, Move

POST, CLASSIC = "posts/whole.md", "posts/classic.md"
OWN = inner("WordPress's own, or of the format")
NAMES = inner("the display name is carried")
ACCOUNT = {
    "channel.title": told("settings", "`title`, `description`, `language`, `image`"),
    "channel.description": told("settings", "`description`"),
    "channel.language": told("settings", "`language`"),
    "channel.image": told("settings", "`image`"),
    "channel.link": carried(POST, "[the team]({filename}/pages/team.md)"),
    "channel.base_site_url": carried(POST, "[the team]({filename}/pages/team.md)"),
    "channel.base_blog_url": carried(POST, "[the team]({filename}/pages/team.md)"),
    **{f"channel.{name}": OWN for name in ("pubDate", "wxr_version", "generator")},
    "channel.currency": told("not imported", "1 of kind `<currency>`"),
    "author.author_login": carried(POST, 'author: ["Marta Lindqvist"]'),
    "author.author_display_name": carried(POST, 'author: ["Marta Lindqvist"]'),
    "author.author_email": told("authors", "1 account with e-mail address: never imported"),
    "author.author_id": OWN, "author.author_first_name": NAMES, "author.author_last_name": NAMES,
    **{f"{kind}.term_id": OWN for kind in ("category", "tag", "term")},
    "category.cat_name": carried(POST, 'category: "CRM"'),
    "category.category_nicename": inner("lists here have addresses of their own"),
    "category.category_parent": told("categories", "`CRM` is below `Tools` on the old site"),
    "category.category_description": told(
        "categories", "name only, without `category_description`, `termmeta`"),
    "category.termmeta": told("categories", "`termmeta`"),
    "tag.tag_slug": inner("lists here have addresses of their own"),
    "tag.tag_name": told("categories", "`post_tag` without a post: `Idle`"),
    "tag.tag_description": told("categories", "`funnel` was imported as a name only, without"),
    "term.term_taxonomy": told("categories", "`nav_menu` without a post: `Main menu`"),
    "term.term_slug": OWN, "term.term_parent": OWN,
    "term.term_name": told("categories", "`Main menu`"),
    "item.title": carried(POST, 'title: "The whole of WordPress"'),
    "item.link": carried(POST, 'aliases: ["/2025/03/whole/"'),
    **{f"item.{name}": OWN for name in (
        "pubDate", "guid", "description", "comment_status", "ping_status", "commentRss",
        "post_id")},
    "item.creator": carried(POST, 'author: ["Marta Lindqvist"]'),
    "item.encoded": carried(POST, "Own HTML"),
    "item.excerpt": carried(POST, 'summary: "The excerpt that somebody wrote'),
    "item.post_date_gmt": carried(POST, "date: 2025-03-04 09:00"),
    "item.post_date": carried("posts/own.md", "date: 2025-03-07 09:00"),
    "item.post_modified_gmt": carried(POST, "modified: 2025-04-04"),
    "item.post_modified": OWN,
    "item.post_name": carried(POST, "slug: whole"),
    "item.status": carried("posts/waiting.md", "status: draft"),
    "item.post_parent": told("field", "pages/team.md: is below `About us` on the old site"),
    "item.menu_order": told("field", "pages/team.md: its position in the order, 3"),
    "item.post_type": carried("pages/team.md", "Us."),
    "item.post_password": told("status", "secret.md: was protected by a password"),
    "item.is_sticky": told("field", "is sticky on the old site: no post is sticky here"),
    "item.price": told("field", "fields were not imported: `price`"),
    "item.attachment_url": told("attachment", "attachment 21, idle: no text shows it"),
    "item.postmeta": told("field", "custom fields were not imported: `mood`"),
    "item.comment": told("comments", "1 comment not imported: personal data"),
    "domain.category": carried(POST, 'tags: ["funnel", "Sales"]'),
    "domain.post_tag": carried(POST, 'tags: ["funnel", "Sales"]'),
    "domain.post_format": told("field", "`post_format` was not imported: `Aside`"),
    "meta._thumbnail_id": carried(POST, 'image: "/images/2025/03/funnel.png"'),
    **{f"meta.{name}": OWN for name in (
        "_edit_last", "_edit_lock", "_encloseme", "_pingme", "_wp_old_date", "_wp_attached_file",
        "_wp_attachment_metadata")},
    "meta._wp_old_slug": carried(POST, '"/2025/03/older/", "/2025/03/oldest/"'),
    **{f"meta.{name}": told("field", f"`{name}` was not imported from 1 item") for name in (
        "_wp_page_template", "_yoast_wpseo_title", "_elementor_data")},
    "meta._yoast_wpseo_metadesc": told("summary", "not imported: `Another summary`"),
    "meta._yoast_wpseo_canonical": carried(POST, 'canonical: "https://first.example/whole/"'),
    "meta._yoast_wpseo_meta-robots-noindex": carried(POST, "noindex: true"),
    "meta.mood": told("field", "`mood`"),
    "meta.footnotes": carried(POST, "[^1]: By our *count*."),
    "meta._wp_attachment_image_alt": carried(POST, 'image_alt: "A funnel of parts"'),
    "type.post": carried(POST, "slug: whole"), "type.page": carried("pages/about-us.md", "We."),
    "type.attachment": told("attachment", "1 description, 1 alternative text of the media libr"),
    "type.nav_menu_item": told("not imported", "1 of kind menu"),
    "type.revision": told("not imported", "1 of kind revision"),
    "type.wp_block": told("not imported", "1 of kind reusable block"),
    "type.product": told("not imported", "1 of kind `product`"),
    "status.publish": carried(POST, "slug: whole"),
    "status.private": told("status", "own.md: was `private` on the old site: imported as a draft"),
    "status.pending": told("status", "waiting.md: was `pending` on the old site"),
    "status.future": carried("posts/later.md", "date: 2999-03-07"),
    "status.inherit": OWN,
    "status.trash": told("not imported", "1 of kind `trash`"),
    "status.auto-draft": told("not imported", "1 of kind `auto-draft`"),
    **{f"block.{name}": carried(POST, said) for name, said in {
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
    "block.more": told("comment", "whole.md: the end of its excerpt (`more`)"),
    "block.nextpage": told("comment", "whole.md: a page break (`nextpage`)"),
    "block.spacer": told("attributes", "2 `style`"),
    "block.audio": told("embed", "`<audio>` of https://www.old.example/wp-content/uploads/2025"),
    "block.video": told("embed", "`<video>` of https://film.example/film.mp4 became a link"),
    "block.shortcode": told("shortcode", '`[contact-form-7 id="5" title="Contact"]` was remo'),
    "block.block": told("block", "`block` is generated by WordPress for each page view"),
    "block.latest-posts": told("block", "`latest-posts` is generated by WordPress"),
    **{f"settings.{name}": told("block", f"`{name}`") for name in (
        "paragraph", "more", "heading", "image", "gallery", "embed", "spacer", "acme/slider",
        "block", "latest-posts")},
    "code.caption": carried(CLASSIC, 'ring.png "A caption")'),
    "code.gallery": carried(CLASSIC, 'ring.png "Ring caption")'),
    "code.embed": carried(CLASSIC, "[https://video.example/2](https://video.example/2)"),
    "code.audio": told("embed", "`[audio]` of https://sound.example/a.mp3 became a link"),
    "code.acme_box": told("shortcode", '`[acme_box color="red"]` was removed'),
    "code.unknown": carried(CLASSIC, "\\[unknown\\]"),
}  # fmt: skip
OF_THE_HTML = {
    "attributes": told("attributes", "1 `rel`"),
    "handler": told("script", "whole.md: 1 `on...` attributes were removed"),
    "script": told("script", "`<script>` runs or styles pages: it was removed"),
    "comment": told("comment", "whole.md: 1 HTML comment not imported"),
    "words in a shortcode": carried(CLASSIC, "Boxed"),
    "address on a line": carried(CLASSIC, "[https://video.example/3](https://video.example/3)"),
    "settings of captions": told(
        "shortcode", "`[caption]`: not imported: 1 `align`, 1 `id`, 1 `wid"
    ),
    "settings of galleries": told("shortcode", "`[gallery]`: `columns` not imported"),
    "picture of a gallery": told(
        "picture", "a gallery shows pictures that are not in the export: attachment 99"
    ),
    "thumbnail": told("picture", "its featured image, attachment 98, is not in the exp"),
    "tags in a caption": told("HTML tags", "classic.md: not imported from captions: 1 `em`"),
    "link in a caption": carried(POST, "The [maker](https://by.example/)"),
    "more": told("comment", "classic.md: the end of its excerpt (`more`)"),
    "file that no text shows": told("file", "uploads/2025/03/lost.png: no text shows it"),
    "file of the library": told("attachment", "attachment 21, idle: no text shows it"),
}


@pytest.fixture
def whole(move: Move) -> Path:
    name = "wordpress-whole.xml"
    for picture in ("funnel", "dot", "ring", "idle", "idle-300x200", "lost", "lost-300x200"):
        move.site.write(f"uploads/2025/03/{picture}.png", picture)
    return Path(shutil.copy(EXPORTS / name, move.site.root / name))


def local(tag: Element) -> str:
    space, _, name = tag.tag.rpartition("}")
    return "excerpt" if "excerpt" in space else name


def things(channel: Element) -> Iterator[str]:
    for tag in channel:
        if (name := local(tag)) in {"author", "category", "tag", "term"}:
            yield from (f"{name}.{local(child)}" for child in tag)
        elif name == "item":
            yield from of_item(tag)
        else:
            yield f"channel.{name}"


def of_item(item: Element) -> Iterator[str]:
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
            yield from (f"block.{found}" for found in re.findall(r"<!-- wp:([a-z/-]+)", text))
            yield from (f"settings.{found}" for found in re.findall(r"<!-- wp:([a-z/-]+) {", text))
            if "<!--" not in text or "[caption" in text:
                yield from (f"code.{found}" for found in re.findall(r"\[([a-z_]+)", text))


def test_every_thing_in_the_export_is_carried_or_listed(move: Move, whole: Path) -> None:
    listed = move.told("wordpress", whole)
    assert missing(ACCOUNT, things(fromstring(whole.read_text())[0]), listed) == []


def test_its_html_is_carried_or_listed(move: Move, whole: Path) -> None:
    listed = move.told("wordpress", whole)
    assert missing(OF_THE_HTML, OF_THE_HTML, listed) == []


def test_smaller_copies_of_a_file_are_not_listed_each(move: Move, whole: Path) -> None:
    assert move.told("wordpress", whole)["file"] == [
        "uploads/2025/03/lost.png: no text shows it; not imported"
    ]


def test_nothing_of_a_person_beside_the_authors_name_is_carried(move: Move, whole: Path) -> None:
    listed = move.told("wordpress", whole)
    people = ("marta@", "ann@", "Ann Reader", "192.0.2.7", "Nice!", "hunter2")
    assert secrets_in(move, people, listed) == []


def test_the_whole_of_it_passes_the_check_and_builds(move: Move, whole: Path) -> None:
    move.run("wordpress", whole)
    assert move.site.check().findings.errors == ()
    move.site.build()
    assert 'href="/team/"' in move.site.page("whole")
