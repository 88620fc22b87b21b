"""Categories, tags and authors keep the slugs, and so the addresses, of the old site."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from publish.checks.name_slugs import read_name_slugs
from tests.publish.importers.conftest import ImportProject

WXR = """\
<rss xmlns:wp="http://wordpress.org/export/1.2/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><link>https://old.example</link>
<item><title>One</title><link>https://old.example/one/</link><dc:creator>ann</dc:creator>
<content:encoded>Text.</content:encoded><wp:post_id>1</wp:post_id><wp:post_name>one</wp:post_name>
<wp:post_date_gmt>2026-03-02 09:30:00</wp:post_date_gmt><wp:status>publish</wp:status>
<wp:post_type>post</wp:post_type>
<category domain="category" nicename="cost-and-price">Pricing</category>
<category domain="category" nicename="%e4%ba%8b%e5%ae%9e">事实</category>
<category domain="post_tag" nicename="c-2">C++</category>
<category domain="post_tag" nicename="c">C</category>
<category domain="post_tag" nicename="plain-name">Plain name</category>
<category domain="post_tag" nicename="bad--slug">Odd</category></item></channel></rss>
"""
GHOST_TAGS = [
    {"id": "1", "name": "Price lists", "slug": "prices"},
    {"id": "2", "name": "C++", "slug": "cpp"},
    {"id": "3", "name": "C", "slug": "c"},
    {"id": "4", "name": "#internal", "slug": "hash-internal"},
]


@pytest.fixture
def lists(project: ImportProject) -> ImportProject:
    """A project with a list of each category, tag and author."""
    for kind in ("category", "tag", "author"):
        project.site.set(f'{kind.upper()}_URL = "{kind}/{{slug}}/"')
        project.site.set(f'{kind.upper()}_SAVE_AS = "{kind}/{{slug}}/index.html"')
        project.site.write(f"theme/templates/{kind}.html", "x")
    return project


def slugs(project: ImportProject) -> Mapping[str, Any]:
    """The file that the import has written; the rules have no objection to it."""
    path = project.site.root / "content/slugs.yaml"
    assert read_name_slugs(path).problems == ()
    errors = (str(finding.problem) for finding in project.site.check().findings.errors)
    assert [error for error in errors if "address" in error] == []
    values: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return values


def write_ghost(project: ImportProject) -> Path:
    links = [{"post_id": "0", "tag_id": tag["id"]} for tag in GHOST_TAGS]
    return project.write_ghost(
        {"slug": "one", "title": "One", "html": "<p>Text.</p>", "author_id": "7"},
        tags=GHOST_TAGS,
        posts_tags=links,
        users=[{"id": "7", "name": "Ann Hill", "slug": "ann"}],
    )


def test_names_of_wordpress_keep_their_slugs(lists: ImportProject) -> None:
    notes = lists.notes("wordpress", lists.site.write("old.xml", WXR))
    assert slugs(lists) == {
        "categories": {"Pricing": "cost-and-price"},
        "tags": {"C++": "c-2", "事实": "事实"},
    }
    assert "address" not in notes
    lists.site.build()
    assert {path.name for path in (lists.site.site / "tag").iterdir()} == {
        *("c", "c-2", "plain-name", "odd", "事实")
    }


def test_names_of_ghost_keep_their_slugs(lists: ImportProject) -> None:
    result = lists.run("ghost", write_ghost(lists))
    assert "and slugs.yaml with 3 names into content" in result.stdout
    assert slugs(lists) == {
        "categories": {"Price lists": "prices"},
        "tags": {"C++": "cpp"},
        "authors": {"Ann Hill": "ann"},
    }


def test_terms_of_hugo_keep_their_slugs_and_two_of_one_address_are_told_apart(
    lists: ImportProject,
) -> None:
    tags = ["C++", "C", "C#", "Café", "Cafe", "事实", "实事", "R & D", "हिन्दी", "Twenty  Ten"]
    lists.site.write(
        "old/content/posts/one.md",
        f"---\ntitle: One\ndate: 2026-03-02\ntags: {tags}\nauthors: [Ann Hill]\n---\nText.\n",
    )
    notes = lists.notes("hugo", "old")
    assert slugs(lists)["tags"] == {
        "C++": "c-2",
        "C#": "c-3",
        "Café": "café",
        "事实": "事实",
        "实事": "实事",
        "हिन्दी": "हिन्दी",
    }
    assert notes["address"] == [
        "slugs.yaml: tags: `C++` would share the address of `C`: it has the slug `c-2` now",
        "slugs.yaml: tags: `C#` would share the address of `C`: it has the slug `c-3` now",
    ]


def test_a_name_that_the_project_has_keeps_its_slug_there(lists: ImportProject) -> None:
    lists.site.post("Text.", name="old", front_matter="Tags: c++, Cpp\nCategory: price-lists\n")
    lists.notes("ghost", write_ghost(lists))
    assert slugs(lists) == {"tags": {"C": "c-2"}, "authors": {"Ann Hill": "ann"}}


def test_a_file_that_exists_is_not_changed(lists: ImportProject) -> None:
    path = lists.site.write("content/slugs.yaml", "tags: {C++: plus}  # mine\n")
    notes = lists.notes("ghost", write_ghost(lists))
    assert path.read_text() == "tags: {C++: plus}  # mine\n"
    assert notes["address"] == [
        'slugs.yaml: add `"Price lists": "prices"` below `categories:`',
        'slugs.yaml: add `"Ann Hill": "ann"` below `authors:`',
    ]


def test_a_dry_run_writes_no_slugs_but_names_them(lists: ImportProject) -> None:
    result = lists.run("ghost", write_ghost(lists), "--dry-run", "--json")
    assert '"name": "C++",\n      "slug": "cpp"' in result.stdout
    assert not (lists.site.root / "content/slugs.yaml").exists()
