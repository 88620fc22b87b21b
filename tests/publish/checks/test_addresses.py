"""Rules for addresses: each belongs to one file, and a published address does not vanish."""

from datetime import UTC, datetime
from typing import Any

import pytest

from publish.checks.project import Published
from tests.publish.checks.conftest import LISTS


def test_a_slug_that_is_used_twice_is_reported(desk: Any) -> None:
    desk.post(name="a")
    desk.post(name="b", slug="a")
    desk.post(name="c", slug="articles")
    desk.post(name="d", slug="api")
    assert desk.errors() == [
        "content/posts/b.md:4: has the same address as posts/a.md, /a/: give it another `Slug:`",
        "content/posts/c.md:4: has the same address as the site's own index page, /articles/: "
        "give it another `Slug:`",
        "content/posts/d.md:4: has the same address as the site's own service page, /api/: "
        "give it another `Slug:`",
    ]


def test_two_drafts_with_one_preview_are_reported(desk: Any) -> None:
    for name in "ab":
        desk.post(name=name, status="draft", preview="x" * 16)
    assert desk.errors() == [
        "content/posts/b.md:6: `preview` is the same as in content/posts/a.md: give each its own"
    ]


def test_an_alias_that_is_already_used_is_reported(desk: Any) -> None:
    desk.post(name="a")
    desk.post(name="b", aliases="a")
    desk.post(name="k", aliases="old")
    desk.post(name="m", aliases="old")
    assert desk.errors() == [
        "content/posts/b.md:5: `aliases`: `a` is the slug of content/posts/a.md: remove it",
        "content/posts/m.md:5: `aliases`: `old` already leads to content/posts/k.md: "
        "keep one of them",
    ]


@pytest.mark.parametrize(
    "alias", ["/a/../../x", "/./a", "a/b", "//a", '/a";evil', "/a b", "/$a", "/a\\b", "/..", "/a?b"]
)
def test_an_old_path_must_not_contain_special_characters(desk: Any, alias: str) -> None:
    desk.post(aliases=alias)
    assert "`aliases` is neither a slug nor a path" in desk.messages()[0]


def test_an_old_path_redirects_to_its_post_unless_its_address_is_used(desk: Any) -> None:
    desk.post(name="a")
    desk.post(name="b", aliases="/2021/03/hello/, /old.html, /2021/")
    desk.post("[there](/2021/03/hello/)", name="k")
    assert desk.errors() == []
    (desk.root / "content/posts/k.md").unlink()
    desk.post(name="b", aliases="/a/, /images/dot.svg, /articles/index.html")
    assert desk.errors() == [
        "content/posts/b.md:5: `aliases`: `/a/` is the address of content/posts/a.md: remove it",
        "content/posts/b.md:5: `aliases`: `/articles/index.html` is the address of "
        "the site's own index page: remove it",
        "content/posts/b.md:5: `aliases`: `/images/dot.svg` is the address of the folder images/: "
        "remove it",
    ]


@pytest.mark.parametrize(
    ("taken", "by"),
    [
        ("/category/pricing/", "the list of the category `Pricing`"),
        ("/tag/one/", "the list of the tag `one`"),
        ("/author/ann/3/", "a page of the list of the author `Ann`"),
        ("/articles/2/", "a page of the site's own index page"),
        ("/feed.xml", "the site's own feed"),
        ("/feed.xml/", "the site's own feed"),
        ("/sitemap-pages.xml", "the site's own sitemap"),
        ("/theme/style/", "the folder theme/"),
        ("/drafts/x/", "the folder drafts/"),
        ("/api/leads/", "the folder api/"),
        ("/privacy/me/", "the site's own service page"),
        ("/privacy/me/more/", "the folder privacy/me/"),
    ],
)
def test_an_alias_cannot_replace_a_generated_file(desk: Any, taken: str, by: str) -> None:
    desk.settings |= LISTS
    desk.post(aliases=taken, category="Pricing", tags="one", author="Ann")
    (line,) = desk.messages()
    assert line == f"5: `aliases`: `{taken}` is the address of {by}: remove it"


@pytest.mark.parametrize(
    ("front_matter", "expected"),
    [
        ({"slug": "share", "url": None}, "4: has the same address as the folder share/, /share/"),
        ({"save_as": "feed.xml"}, "5: has the same address as the site's own feed, /post/: give"),
        ({"save_as": "images/dot.svg"}, "5: has the same address as the folder images/, /post/"),
    ],
)
def test_a_post_cannot_replace_a_generated_file(
    desk: Any, front_matter: Any, expected: str
) -> None:
    desk.settings |= LISTS
    desk.post(**front_matter)
    assert desk.messages()[0].startswith(expected)


def test_a_text_in_another_language_has_addresses_of_that_language(desk: Any) -> None:
    desk.settings |= {
        "ARTICLE_LANG_URL": "{lang}/{slug}/",
        "ARTICLE_LANG_SAVE_AS": "{lang}/{slug}/index.html",
    }
    desk.post(name="a", slug="price")
    desk.post("[x](/de/price/) [y](/de/old/)", name="b", slug="price", lang="de", aliases="old")
    assert desk.errors() == []
    desk.post("[x](/old/)", name="a", slug="price")
    (line,) = desk.errors()
    assert line.startswith("content/posts/a.md:6: `/old/` leads to /old, which does not exist")


@pytest.mark.parametrize(("folder", "status"), [("posts", "hidden"), ("pages", "published")])
def test_a_post_with_a_future_date_is_held_back(desk: Any, folder: str, status: str) -> None:
    desk.post(name="later", date="2999-01-01", status=status)
    later = desk.root / "content/posts/later.md"
    (desk.root / "content" / folder).mkdir(exist_ok=True)
    later.rename(desk.root / "content" / folder / "later.md")
    desk.post("[x](/later/)")
    (line,) = desk.messages()
    assert line.startswith("6: `/later/` leads to a post that is held back until 2999-01-01 00:00")


def published(desk: Any, *slugs: str) -> None:
    (desk.root / "output").mkdir(exist_ok=True)
    named = {slug: f"content/posts/{slug}.md" for slug in slugs}
    Published(named).write(desk.root / "output/published.json")


def test_a_slug_that_vanished_since_the_last_published_build_is_an_error(desk: Any) -> None:
    published(desk, "old", "held", "post")
    desk.post()
    desk.post(name="held", status="draft", preview="x" * 16)
    assert desk.errors() == [
        "content/posts/held.md:5: was published as `held` and is not public now: publish it, "
        "or write the slug on a line of content/gone.txt",
        "content/posts/old.md: its slug `old` was published and is gone: put it into the `aliases` "
        "of the post that replaces it, or write it on a line of content/gone.txt",
    ]


def test_a_slug_that_is_an_alias_or_in_gone_txt_has_not_vanished(desk: Any) -> None:
    published(desk, "old", "older", "oldest")
    desk.write("content/gone.txt", "\ufeff# taken back\r\nolder  # by Ann\r\n\r\n")
    desk.post(aliases="old, /oldest/")
    assert desk.errors() == []


def test_a_line_of_gone_txt_must_be_a_slug(desk: Any) -> None:
    desk.write("content/gone.txt", "fine\n/old/\n")
    assert desk.errors() == ["content/gone.txt:2: `/old/` is not a slug: write one on each line"]


DATED = {"ARTICLE_URL": "{date:%Y/%m}/{slug}/", "PAGE_URL": "{date:%Y}/{slug}/"}


@pytest.mark.parametrize(
    ("zone", "date"),
    [
        ("Europe/Berlin", "2026-11-01"),
        ("America/New_York", "2026-11-30 23:30"),
        ("UTC", "2026-11-01T00:30+05:00"),
    ],
)
def test_an_address_contains_the_date_that_the_writer_gave(desk: Any, zone: str, date: str) -> None:
    desk.settings |= DATED | {"TIMEZONE": zone}
    desk.post(date=date, aliases="old")
    writing, _ = desk.check()
    assert set(writing.by_address) == {"2026/11/post/", "2026/11/old/"}


def test_an_address_without_a_date_contains_the_date_of_the_build(desk: Any) -> None:
    desk.settings |= DATED
    desk.now = datetime(2032, 1, 1, 3, 0, tzinfo=UTC)  # still 2031 in New York
    desk.write("content/pages/about.md", "Title: About\nAliases: old\n\nText.")
    writing, _ = desk.check()
    assert set(writing.by_address) == {"2031/about/", "2031/old/"}
