"""Each element of a complete Ghost export is imported, is in a note, or is internal."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.publish.importers.conftest import EXPORTS, ImportProject
from tests.publish.importers.destinations import (
    Destination,
    ignored,
    imported,
    leaked_words,
    linked_file,
    noted,
    wrong_destinations,
)

KEY = ignored("a key of the database, or derived from other fields")
POST = "posts/complete.md"
FIELD = "posts/complete.md: fields were not imported: "


def field(name: str) -> Destination:
    return noted("field", f"`{name}`")


def tag_note(name: str) -> Destination:
    return noted("tags", f"`{name}`")


def user_note(name: str) -> Destination:
    return noted("authors", f"`{name}`")


def table_note(name: str) -> Destination:
    return noted("not imported", f"ghost.json: 1 of kind {name}")


SECRET = noted("authors", "2 accounts with e-mail address or password: never imported")
DESTINATIONS = {
    **{f"posts.{name}": KEY for name in (
        "id", "uuid", "comment_id", "plaintext", "created_by", "updated_by", "published_by",
        "primary_tag")},
    "posts.title": imported(POST, 'title: "Everything in Ghost"'),
    "posts.slug": imported(POST, "slug: complete"),
    "posts.html": imported(POST, "See [about us]({filename}/pages/about.md)"),
    "posts.lexical": imported("posts/lexical.md", "Words **bold**"),
    "posts.mobiledoc": imported("posts/mobiledoc.md", "*leaning*"),
    "posts.markdown": imported("posts/markdown.md", "Of *Ghost 0.x*"),
    "posts.feature_image": imported(POST, 'image: "/images/2026/01/cover.png"'),
    "posts.image": ignored("Ghost 0.x's name of feature_image"),
    "posts.type": imported("pages/about.md", "We."),
    "posts.page": ignored("Ghost 0.x's name of the type"),
    "posts.status": noted("status", "letter.md: was `sent` on the old site: imported as a draft"),
    "posts.visibility": noted("status", "paid.md: was only for `paid` on the old site"),
    "posts.created_at": imported("posts/unready.md", "date: 2026-01-01 08:00"),
    "posts.published_at": imported(POST, "date: 2026-01-02 08:00"),
    "posts.updated_at": imported(POST, "modified: 2026-01-05"),
    "posts.custom_excerpt": imported(POST, 'summary: "The excerpt that somebody wrote'),
    "posts.canonical_url": imported(POST, 'canonical: "https://first.example/complete/"'),
    "posts.codeinjection_head": noted("script", "complete.md: `codeinjection_head` was"),
    "posts.codeinjection_foot": noted("script", "complete.md: `codeinjection_foot` was"),
    "posts.author_id": noted("authors", "markdown.md: its author is not in the export"),
    **{f"posts.{name}": field(name) for name in (
        "featured", "locale", "email_recipient_filter", "custom_template", "newsletter_id",
        "show_title_and_feature_image", "tiers", "count", "language")},
    **{f"posts_meta.{name}": KEY for name in ("id", "post_id")},
    "posts_meta.meta_description": noted("summary", "imported; not imported: `Another"),
    "posts_meta.feature_image_alt": imported(POST, 'image_alt: "The cover"'),
    **{f"posts_meta.{name}": field(name) for name in (
        "og_image", "og_title", "og_description", "twitter_image", "twitter_title",
        "twitter_description", "meta_title", "email_subject", "frontmatter",
        "feature_image_caption", "email_only")},
    "posts_authors.id": KEY,
    "posts_authors.post_id": imported(POST, 'author: ["Marta Lindqvist", "Daniel Okafor"]'),
    "posts_authors.author_id": noted("not imported", "1 of kind posts_authors without their"),
    "posts_authors.sort_order": imported(POST, '"Marta Lindqvist", "Daniel Okafor"'),
    "posts_tags.id": KEY,
    "posts_tags.post_id": imported(POST, 'category: "Costs"'),
    "posts_tags.tag_id": noted("tags", "about.md: a page has no tags here; not imported: `Costs`"),
    "posts_tags.sort_order": imported(POST, 'tags: ["Leads"]'),
    **{f"tags.{name}": KEY for name in ("id", "parent_id", "created_at", "updated_at")},
    "tags.name": noted("tags", "1 tag without a post: `Idle`"),
    "tags.slug": ignored("addresses of lists are made from their names here"),
    "tags.visibility": noted("tags", "complete.md: internal tags were not imported: `#wide`"),
    **{f"tags.{name}": tag_note(name) for name in (
        "description", "feature_image", "og_image", "og_title", "og_description", "twitter_image",
        "twitter_title", "twitter_description", "meta_title", "meta_description",
        "codeinjection_head", "codeinjection_foot", "canonical_url", "accent_color")},
    **{f"users.{name}": ignored("belongs to the account, not to the author") for name in (
        "id", "status", "locale", "visibility", "tour", "last_seen", "created_at", "updated_at",
        "accessibility", "comment_notifications", "free_member_signup_notification",
        "paid_subscription_started_notification")},
    "users.name": noted("authors", "about.md: a page has no author and no"),
    "users.slug": ignored("addresses of lists are made from their names here"),
    "users.email": SECRET,
    "users.password": SECRET,
    **{f"users.{name}": user_note(name) for name in (
        "profile_image", "cover_image", "bio", "website", "location", "facebook", "twitter",
        "threads", "bluesky", "mastodon", "tiktok", "youtube", "instagram", "linkedin",
        "meta_title", "meta_description")},
    "setting.title": noted("settings", "3 settings of the site: `title`"),
    "setting.description": noted("settings", "`description`"),
    "setting.portal_button": noted("settings", "and 1 other"),
    "setting.navigation": noted("menu", "`navigation`"),
    "setting.secondary_navigation": noted("menu", "`secondary_navigation`"),
    "setting.codeinjection_head": noted("script", "the site's `codeinjection_head`"),
    "setting.codeinjection_foot": noted("script", "the site's `codeinjection_foot`"),
    "members": noted("members", "1 member not imported: personal data"),
    **{name: table_note(name) for name in (
        "members_labels", "members_newsletters", "labels", "newsletters", "products", "benefits",
        "products_benefits", "offers", "snippets", "comments", "roles", "roles_users",
        "custom_theme_settings", "integrations", "redirects", "collections", "emails",
        "stripe_products", "recommendations")},
    **{f"card.{name}": imported("posts/lexical.md", text) for name, text in {
        "paragraph": "Words", "extended-text": "**bold**", "linebreak": "  \n[linked]",
        "link": "[linked]({filename}/posts/complete.md)", "extended-heading": "## Heading",
        "list": "1.  item", "listitem": "item", "extended-quote": "> quote", "aside": "> aside",
        "image": "[![Dot](", "gallery": "![Ring](", "codeblock": "```python\nx = 1",
        "html": "raw html", "markdown": "some *marked* words", "horizontalrule": "---\n\n[Emb",
        "embed": "[Embedded](https://embed.example/)", "bookmark": "[Booked](https://book.",
        "button": "[Go](https://go.example/)", "audio": "[Tune](", "callout": "> callout words",
        "video": "[/content/media/v.mp4](/content/media/v.mp4)",
        "file": "[/content/files/f.pdf](/content/files/f.pdf)",
        "toggle": "<summary>toggle head</summary>\n\ntoggle words"}.items()},
    **{f"card.{name}": noted("card", f"lexical.md: a card of kind `{name}` was not imported")
       for name in ("product", "header", "signup", "email", "email-cta", "call-to-action",
                    "paywall", "transistor")},
    **{f"card.{kind}.{name}": noted("card", f"lexical.md: fields of a card of kind `{kind}` were")
       for kind, names in {
           "image": ("title", "cardWidth", "width", "height"), "gallery": ("caption",),
           "codeblock": ("caption",), "html": ("visibility",), "button": ("alignment",),
           "embed": ("embedType", "metadata", "caption"), "bookmark": ("metadata", "caption"),
           "video": ("caption", "loop"), "audio": ("duration",),
           "file": ("fileTitle", "fileCaption", "fileName"),
           "callout": ("calloutEmoji", "backgroundColor")}.items() for name in names},
}  # fmt: skip
USED_FIELDS = {
    "type", "version", "children", "format", "detail", "mode", "style", "text", "url", "src",
    "alt", "tag", "code", "language", "images", "markdown", "buttonText", "buttonUrl",
    "calloutText", "heading", "content", "href",
}  # fmt: skip
USED_FIELDS_OF_ONE_CARD = {
    ("image", "caption"),
    ("audio", "title"),
    ("html", "html"),
    ("embed", "html"),
}
NOT_IMPORTED = ("product", "header", "signup", "email", "email-cta", "call-to-action", "paywall")


@pytest.fixture
def export(project: ImportProject) -> Path:
    path = Path(shutil.copy(EXPORTS / "ghost.json", project.site.root / "ghost.json"))
    for name in ("chart", "dot", "ring", "cover", "idle"):
        project.picture(f"images/2026/01/{name}.png")
    return path


def elements(data: dict[str, Any]) -> Iterator[str]:
    for table, rows in data.items():
        for row in rows:
            if table == "settings":
                yield f"setting.{row['key']}"
            elif table in {"posts", "posts_meta", "posts_authors", "posts_tags", "tags", "users"}:
                yield from (f"{table}.{name}" for name in row)
            else:
                yield table
    yield from card_elements(json.loads(data["posts"][2]["lexical"])["root"]["children"])


def card_elements(nodes: list[dict[str, Any]]) -> Iterator[str]:
    for node in nodes:
        kind = node["type"]
        yield f"card.{kind}"
        for name in node.keys() - USED_FIELDS:
            is_used = (kind, name) in USED_FIELDS_OF_ONE_CARD
            if not is_used and kind not in NOT_IMPORTED:
                yield f"card.{kind}.{name}"
        yield from card_elements(node.get("children", []))


def test_each_element_is_imported_or_gets_a_note(project: ImportProject, export: Path) -> None:
    notes = project.notes("ghost", export)
    data = json.loads(export.read_text())["db"][0]["data"]
    assert wrong_destinations(DESTINATIONS, elements(data), notes) == []


def test_each_html_element_is_imported_or_gets_a_note(project: ImportProject, export: Path) -> None:
    notes = project.notes("ghost", export)
    destinations = {
        "image": imported(POST, '![A chart]({static}/images/2026/01/chart.png "The chart")'),
        "gallery": imported(POST, "![A ring]({static}/images/2026/01/ring.png)"),
        "embed": imported(POST, "[The talk](https://video.example/v/1)"),
        "bookmark": imported(POST, "[Marked Worth it](https://mark.example/)"),
        "button": imported(POST, "[Press](https://button.example/)"),
        "callout": imported(POST, "Called out"),
        "toggle": imported(POST, "## Toggled\n\nUnfolded"),
        "audio": noted("embed", "`<audio>` of __GHOST_URL__/content/media/2026/01/talk.mp3"),
        "file": imported(POST, '[Terms](/content/files/2026/01/terms.pdf "Download")'),
        "signup": noted("form", "`<form>` with the text “Join now” was removed"),
        "code": imported(POST, "```python\na < b"),
        "merged cells": imported(POST, '<td colspan="2">joined</td>'),
        "link in code": noted("link", "https://api.example/call in code was removed"),
        "link without text": noted("link", "a link to https://empty.example/ has no text"),
        "attributes": noted("attributes", "1 `rel`, 1 `reversed`"),
        "tags": noted("HTML tags", "1 `center`, 1 `rt`, 1 `ruby`"),
        "comment": noted("comment", "1 HTML comment not imported"),
        "paywall": noted("comment", "the start of its part for members"),
        "newsletter card": noted("card", "complete.md: 1 card of kind `email` not imported"),
        "heading": noted("headings", "3 headings changed level"),
        "unused picture": noted("file", "images/2026/01/idle.png: no text shows it; not imported"),
    }
    assert wrong_destinations(destinations, destinations, notes) == []


def test_no_email_address_or_password_is_imported(project: ImportProject, export: Path) -> None:
    notes = project.notes("ghost", export)
    people = ("marta@", "daniel@", "reader@", "$2a$10$", "A Reader")
    assert leaked_words(project, people, notes) == []


def test_the_imported_site_builds_without_the_files_that_notes_name(
    project: ImportProject, export: Path
) -> None:
    notes = str(project.notes("ghost", export))
    for error in project.site.check().findings.errors:
        assert error.rule == "dead-link"
        assert linked_file(error.message) in notes
    project.site.set('WRITING_RULES["dead-link"] = "warning"')
    project.site.build()
    assert 'href="/about/"' in project.site.page("complete")
