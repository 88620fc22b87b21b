"""Links to the site's own files work, and no two files share an address."""

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (
            "[x]({filename}othr.md)",
            "`{filename}othr.md` leads to no article or page; "
            "did you mean `{filename}/posts/other.md`?",
        ),
        (
            "[x]({filename}/posts/othr.md#part)",
            "`{filename}/posts/othr.md` leads to no article or page; "
            "did you mean `{filename}/posts/other.md`?",
        ),
        (
            "![a dot]({static}/images/dott.svg)",
            "links to `images/dott.svg`, but there is no such file in content/; "
            "did you mean `{static}/images/dot.svg`?",
        ),
        (
            "[x]({attach}report.pdf)",
            "links to `posts/report.pdf`, but there is no such file in content/"
            ": correct the link or add the file",
        ),
        (
            "[x]({statick}/images/dot.svg)",
            "`{statick}/images/dot.svg` starts with an unknown word in braces; "
            "did you mean `static`?",
        ),
    ],
)
def test_a_dead_link_is_reported_with_its_line(site: Any, link: str, expected: str) -> None:
    site.post("Text.", name="other")
    site.post(f"Text, and `{link}` in code.\n\nA {link} here.")
    assert site.mistakes() == [f"content/posts/post.md:6: {expected}"]


def test_each_of_several_dead_links_is_reported(site: Any) -> None:
    for name in "stvwxyz":
        site.post("[x]({filename}none.md)\n\n[x]({filename}none.md)", name=name)
    assert len(site.mistakes()) == 14


def test_good_links_are_accepted(site: Any) -> None:
    site.post("## Part", name="other")
    site.post("[x]({filename}other.md#part) ![dot]({static}/images/dot.svg) [y]({tag}one) {braces}")
    site.build()
    assert 'href="/other/#part"' in site.page()
    assert (site.site / "images/dot.svg").exists()


def test_a_symbolic_link_to_nothing_is_a_mistake(site: Any) -> None:
    (site.root / "content/images/lost.png").symlink_to("nowhere.png")
    assert site.mistakes() == [
        "content/images/lost.png: links to nowhere.png, which does not exist: delete the link"
    ]


def test_two_files_with_one_address_are_a_mistake(site: Any) -> None:
    site.post("Text.")
    site.write("content/pages/page.md", "Title: Page\nSlug: post\n\nText.")
    assert site.mistakes() == [
        "content/posts/post.md:1: has the same address as pages/page.md, /post/: "
        "give it another `Slug:`"
    ]


def test_an_article_cannot_replace_the_sites_own_page(site: Any) -> None:
    site.set("INDEX_SAVE_AS = 'articles/index.html'")
    site.post("Text.", front_matter="Slug: articles\n")
    assert site.mistakes() == [
        "content/posts/post.md:3: has the same address as the site's own index page, /articles/: "
        "give it another `Slug:`"
    ]


OURS = """
USE_FOLDER_AS_CATEGORY = False
PATH_METADATA = "posts/(?P<category>[^/]+)/.*"
DEFAULT_CATEGORY = "General"
"""


@pytest.mark.parametrize(
    ("settings", "name", "topic"),
    [("", "post", "posts"), (OURS, "post", "general"), (OURS, "pricing/post", "pricing")],
)
def test_a_link_to_the_list_of_a_default_topic_is_accepted(
    site: Any, settings: str, name: str, topic: str
) -> None:
    site.set(settings)
    site.post(f"[x](/category/{topic}.html)", name=name, front_matter="Slug: post\n")
    site.write("theme/templates/category.html", "{{ category }}")
    assert site.check().findings.errors == ()
    site.build()
    assert (site.site / f"category/{topic}.html").is_file()


def test_an_address_may_contain_category_and_author(site: Any) -> None:
    site.set('ARTICLE_URL = "{category}/{author}/{slug}/"\nAUTHOR = "Ann Lee"')
    site.set('ARTICLE_SAVE_AS = "{category}/{author}/{slug}/index.html"')
    site.write("theme/templates/moved.html", "{{ address }}")
    site.post("[b](/posts/jo-doe/b/)", name="a", front_matter="Category: Big Topic\nAliases: old\n")
    site.post("[a](/big-topic/ann-lee/a/)", name="b", front_matter="Author: Jo Doe\n")
    site.build()
    assert {"big-topic/ann-lee/a/index.html", "posts/jo-doe/b/index.html"} <= set(site.files())
    assert site.files()["big-topic/ann-lee/old/index.html"] == b"/big-topic/ann-lee/a/"


def test_two_files_with_the_same_category_address_are_a_mistake(site: Any) -> None:
    site.set('ARTICLE_URL = "{category}/"\nARTICLE_SAVE_AS = "{category}/index.html"')
    site.post("Text.", name="a")
    site.post("Text.", name="b")
    assert site.mistakes() == [
        "content/posts/b.md:1: has the same address as posts/a.md, /posts/: give it another `Slug:`"
    ]
