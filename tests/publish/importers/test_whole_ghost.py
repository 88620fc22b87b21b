"""Everything that Ghost's format holds, in one export, and where each thing of it went."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.publish.importers.account import (
    Went,
    carried,
    dead,
    inner,
    missing,
    secrets_in,
    told,
)
from tests.publish.importers.conftest import EXPORTS, Move

KEY = inner("the database's own key, or made of other fields")
POST = "posts/whole.md"
FIELD = "posts/whole.md: fields were not imported: "


def field(name: str) -> Went:
    return told("field", f"`{name}`")


def of_tag(name: str) -> Went:
    return told("tags", f"`{name}`")


def of_user(name: str) -> Went:
    return told("authors", f"`{name}`")


def rows(name: str) -> Went:
    return told("not imported", f"ghost.json: 1 of kind {name}")


SECRET = told("authors", "2 accounts with e-mail address or password: never imported")
ACCOUNT = {
    **{f"posts.{name}": KEY for name in (
        "id", "uuid", "comment_id", "plaintext", "created_by", "updated_by", "published_by",
        "primary_tag")},
    "posts.title": carried(POST, 'title: "The whole of Ghost"'),
    "posts.slug": carried(POST, "slug: whole"),
    "posts.html": carried(POST, "See [about us]({filename}/pages/about.md)"),
    "posts.lexical": carried("posts/lexical.md", "Words **bold**"),
    "posts.mobiledoc": carried("posts/mobiledoc.md", "*leaning*"),
    "posts.markdown": carried("posts/markdown.md", "Of *Ghost 0.x*"),
    "posts.feature_image": carried(POST, 'image: "/images/2026/01/cover.png"'),
    "posts.image": inner("Ghost 0.x's name of feature_image"),
    "posts.type": carried("pages/about.md", "We."),
    "posts.page": inner("Ghost 0.x's name of the type"),
    "posts.status": told("status", "letter.md: was `sent` on the old site: imported as a draft"),
    "posts.visibility": told("status", "paid.md: was only for `paid` on the old site"),
    "posts.created_at": carried("posts/unready.md", "date: 2026-01-01 08:00"),
    "posts.published_at": carried(POST, "date: 2026-01-02 08:00"),
    "posts.updated_at": carried(POST, "modified: 2026-01-05"),
    "posts.custom_excerpt": carried(POST, 'summary: "The excerpt that somebody wrote'),
    "posts.canonical_url": carried(POST, 'canonical: "https://first.example/whole/"'),
    "posts.codeinjection_head": told("script", "whole.md: `codeinjection_head` was not imported"),
    "posts.codeinjection_foot": told("script", "whole.md: `codeinjection_foot` was not imported"),
    "posts.author_id": told("authors", "markdown.md: its author is not in the export"),
    **{f"posts.{name}": field(name) for name in (
        "featured", "locale", "email_recipient_filter", "custom_template", "newsletter_id",
        "show_title_and_feature_image", "tiers", "count", "language")},
    **{f"posts_meta.{name}": KEY for name in ("id", "post_id")},
    "posts_meta.meta_description": told("summary", "imported; not imported: `Another"),
    "posts_meta.feature_image_alt": carried(POST, 'image_alt: "The cover"'),
    **{f"posts_meta.{name}": field(name) for name in (
        "og_image", "og_title", "og_description", "twitter_image", "twitter_title",
        "twitter_description", "meta_title", "email_subject", "frontmatter",
        "feature_image_caption", "email_only")},
    "posts_authors.id": KEY,
    "posts_authors.post_id": carried(POST, 'author: ["Marta Lindqvist", "Daniel Okafor"]'),
    "posts_authors.author_id": told("not imported", "1 of kind posts_authors without their"),
    "posts_authors.sort_order": carried(POST, '"Marta Lindqvist", "Daniel Okafor"'),
    "posts_tags.id": KEY,
    "posts_tags.post_id": carried(POST, 'category: "Costs"'),
    "posts_tags.tag_id": told("tags", "about.md: a page has no tags here; not imported: `Costs`"),
    "posts_tags.sort_order": carried(POST, 'tags: ["Leads"]'),
    **{f"tags.{name}": KEY for name in ("id", "parent_id", "created_at", "updated_at")},
    "tags.name": told("tags", "1 tag without a post: `Idle`"),
    "tags.slug": inner("this site makes the addresses of its lists of their names"),
    "tags.visibility": told("tags", "whole.md: internal tags were not imported: `#wide`"),
    **{f"tags.{name}": of_tag(name) for name in (
        "description", "feature_image", "og_image", "og_title", "og_description", "twitter_image",
        "twitter_title", "twitter_description", "meta_title", "meta_description",
        "codeinjection_head", "codeinjection_foot", "canonical_url", "accent_color")},
    **{f"users.{name}": inner("of the account, not of the author") for name in (
        "id", "status", "locale", "visibility", "tour", "last_seen", "created_at", "updated_at",
        "accessibility", "comment_notifications", "free_member_signup_notification",
        "paid_subscription_started_notification")},
    "users.name": told("authors", "about.md: a page has no author and no"),
    "users.slug": inner("this site makes the addresses of its lists of their names"),
    "users.email": SECRET,
    "users.password": SECRET,
    **{f"users.{name}": of_user(name) for name in (
        "profile_image", "cover_image", "bio", "website", "location", "facebook", "twitter",
        "threads", "bluesky", "mastodon", "tiktok", "youtube", "instagram", "linkedin",
        "meta_title", "meta_description")},
    "setting.title": told("settings", "3 settings of the site: `title`"),
    "setting.description": told("settings", "`description`"),
    "setting.portal_button": told("settings", "and 1 other"),
    "setting.navigation": told("menu", "`navigation`"),
    "setting.secondary_navigation": told("menu", "`secondary_navigation`"),
    "setting.codeinjection_head": told("script", "the site's `codeinjection_head`"),
    "setting.codeinjection_foot": told("script", "the site's `codeinjection_foot`"),
    "members": told("members", "1 member not imported: personal data"),
    **{name: rows(name) for name in (
        "members_labels", "members_newsletters", "labels", "newsletters", "products", "benefits",
        "products_benefits", "offers", "snippets", "comments", "roles", "roles_users",
        "custom_theme_settings", "integrations", "redirects", "collections", "emails",
        "stripe_products", "recommendations")},
    **{f"card.{name}": carried("posts/lexical.md", said) for name, said in {
        "paragraph": "Words", "extended-text": "**bold**", "linebreak": "  \n[linked]",
        "link": "[linked]({filename}/posts/whole.md)", "extended-heading": "## Heading",
        "list": "1.  item", "listitem": "item", "extended-quote": "> quote", "aside": "> aside",
        "image": "[![Dot](", "gallery": "![Ring](", "codeblock": "```python\nx = 1",
        "html": "raw html", "markdown": "some *marked* words", "horizontalrule": "---\n\n[Emb",
        "embed": "[Embedded](https://embed.example/)", "bookmark": "[Booked](https://book.",
        "button": "[Go](https://go.example/)", "audio": "[Tune](", "callout": "> callout words",
        "video": "[/content/media/v.mp4](/content/media/v.mp4)",
        "file": "[/content/files/f.pdf](/content/files/f.pdf)",
        "toggle": "<summary>toggle head</summary>\n\ntoggle words"}.items()},
    **{f"card.{name}": told("card", f"lexical.md: a card of kind `{name}` was not imported")
       for name in ("product", "header", "signup", "email", "email-cta", "call-to-action",
                    "paywall", "transistor")},
    **{f"card.{kind}.{name}": told("card", f"lexical.md: fields of a card of kind `{kind}` were")
       for kind, names in {
           "image": ("title", "cardWidth", "width", "height"), "gallery": ("caption",),
           "codeblock": ("caption",), "html": ("visibility",), "button": ("alignment",),
           "embed": ("embedType", "metadata", "caption"), "bookmark": ("metadata", "caption"),
           "video": ("caption", "loop"), "audio": ("duration",),
           "file": ("fileTitle", "fileCaption", "fileName"),
           "callout": ("calloutEmoji", "backgroundColor")}.items() for name in names},
}  # fmt: skip
READ_OF_CARDS = {
    "type", "version", "children", "format", "detail", "mode", "style", "text", "url", "src",
    "alt", "tag", "code", "language", "images", "markdown", "buttonText", "buttonUrl",
    "calloutText", "heading", "content", "href",
}  # fmt: skip
READ_OF_ONE = {("image", "caption"), ("audio", "title"), ("html", "html"), ("embed", "html")}
NOT_CARRIED = ("product", "header", "signup", "email", "email-cta", "call-to-action", "paywall")


@pytest.fixture
def ghost(move: Move) -> Path:
    path = Path(shutil.copy(EXPORTS / "ghost.json", move.site.root / "ghost.json"))
    for name in ("chart", "dot", "ring", "cover", "idle"):
        move.site.write(f"images/2026/01/{name}.png", name)
    return path


def things(data: dict[str, Any]) -> Iterator[str]:
    for table, found in data.items():
        for row in found:
            if table == "settings":
                yield f"setting.{row['key']}"
            elif table in {"posts", "posts_meta", "posts_authors", "posts_tags", "tags", "users"}:
                yield from (f"{table}.{name}" for name in row)
            else:
                yield table
    yield from cards(json.loads(data["posts"][2]["lexical"])["root"]["children"])


def cards(nodes: list[dict[str, Any]]) -> Iterator[str]:
    for node in nodes:
        yield f"card.{node['type']}"
        for name in node.keys() - READ_OF_CARDS:
            if (node["type"], name) not in READ_OF_ONE and node["type"] not in NOT_CARRIED:
                yield f"card.{node['type']}.{name}"
        yield from cards(node.get("children", []))


def test_every_thing_in_the_export_is_carried_or_listed(move: Move, ghost: Path) -> None:
    listed = move.told("ghost", ghost)
    data = json.loads(ghost.read_text())["db"][0]["data"]
    assert missing(ACCOUNT, things(data), listed) == []


def test_its_html_is_carried_or_listed(move: Move, ghost: Path) -> None:
    listed = move.told("ghost", ghost)
    account = {
        "image": carried(POST, '![A chart]({static}/images/2026/01/chart.png "The chart")'),
        "gallery": carried(POST, "![A ring]({static}/images/2026/01/ring.png)"),
        "embed": carried(POST, "[The talk](https://video.example/v/1)"),
        "bookmark": carried(POST, "[Marked Worth it](https://mark.example/)"),
        "button": carried(POST, "[Press](https://button.example/)"),
        "callout": carried(POST, "Called out"),
        "toggle": carried(POST, "## Toggled\n\nUnfolded"),
        "audio": told("embed", "`<audio>` of __GHOST_URL__/content/media/2026/01/talk.mp3"),
        "file": carried(POST, '[Terms](/content/files/2026/01/terms.pdf "Download")'),
        "signup": told("form", "`<form>` with the text “Join now” was removed"),
        "code": carried(POST, "```python\na < b"),
        "joined cells": carried(POST, '<td colspan="2">joined</td>'),
        "link in code": told("link", "https://api.example/call in code was removed"),
        "link without words": told("link", "a link to https://empty.example/ has no text"),
        "attributes": told("attributes", "1 `rel`, 1 `reversed`"),
        "tags": told("HTML tags", "1 `center`, 1 `rt`, 1 `ruby`"),
        "comment": told("comment", "1 HTML comment not imported"),
        "paywall": told("comment", "the start of its part for members"),
        "letter": told("card", "whole.md: 1 card of kind `email` not imported"),
        "heading": told("headings", "3 headings changed level"),
        "unused picture": told("file", "images/2026/01/idle.png: no text shows it; not imported"),
    }
    assert missing(account, account, listed) == []


def test_no_address_and_no_password_of_a_person_is_carried(move: Move, ghost: Path) -> None:
    listed = move.told("ghost", ghost)
    people = ("marta@", "daniel@", "reader@", "$2a$10$", "A Reader")
    assert secrets_in(move, people, listed) == []


def test_the_whole_of_it_builds_once_the_files_are_there_that_the_list_names(
    move: Move, ghost: Path
) -> None:
    listed = str(move.told("ghost", ghost))
    for error in move.site.check().findings.errors:
        assert error.rule == "dead-link"
        assert dead(error.message) in listed
    move.site.set('WRITING_RULES["dead-link"] = "warning"')
    move.site.build()
    assert 'href="/about/"' in move.site.page("whole")
