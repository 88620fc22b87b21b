"""Names of categories, tags and authors on the pages that Pelican makes."""

from typing import Any
from urllib.parse import quote

import pytest

from publish.build.pelican_run import settings_from
from publish.plugins.project_settings import layout_of
from tests.service import ROOT

THEME = {
    "tag.html": "{{ tag.name }}: {% for a in articles %}{{ a.slug }} {% endfor %}",
    "category.html": "{{ category.name }}: {% for a in articles %}{{ a.slug }} {% endfor %}",
    "author.html": "{{ author.name }}: {% for a in articles %}{{ a.slug }} {% endfor %}",
    "article.html": "{{ article.content }}"
    "{% for tag in article.tags or () %}<i>/{{ tag.url }}</i>{% endfor %}"
    "<b>/{{ article.category.url }}</b><u>/{{ article.author.url }}</u>",
}
SLUGS = """\
tags: {C++: cpp, "C#": 井号}
categories: {R&D: research}
authors: {Ann B.: ann}
"""


@pytest.fixture
def named_site(site: Any) -> Any:
    for name, template in THEME.items():
        site.write(f"theme/templates/{name}", template)
    site.set('TAG_URL, TAG_SAVE_AS = "tag/{slug}/", "tag/{slug}/index.html"')
    site.set('CATEGORY_URL, CATEGORY_SAVE_AS = "topic/{slug}/", "topic/{slug}/index.html"')
    site.set('AUTHOR_URL, AUTHOR_SAVE_AS = "by/{slug}/", "by/{slug}/index.html"')
    site.set('AUTHOR = "Ann B."')
    return site


def test_each_name_has_a_list_of_its_own_at_its_slug(named_site: Any) -> None:
    named_site.write("content/slugs.yaml", SLUGS)
    named_site.post("Text.", name="a", front_matter="Tags: C\nCategory: R&D\n")
    named_site.post("Text.", name="b", front_matter="Tags: C++, C\nCategory: rd\n")
    named_site.post(
        "[x]({tag}C++) ![]({tag}C#) [y]({category}R%26D)", name="k", front_matter="Tags: C#, c++\n"
    )
    named_site.build()
    pages = {
        name: (named_site.site / name / "index.html").read_text()
        for name in ("tag/c", "tag/cpp", "tag/井号", "topic/research", "topic/rd", "by/ann")
    }
    assert pages == {
        "tag/c": "C: b a ",
        "tag/cpp": pages["tag/cpp"],
        "tag/井号": "C#: k ",
        "topic/research": "R&D: a ",
        "topic/rd": "rd: b ",
        "by/ann": "Ann B.: k b a ",
    }
    assert pages["tag/cpp"].lower() == "c++: k b "
    page = named_site.page("k")
    assert 'href="/tag/cpp/"' in page
    sharp = f"/tag/{quote('井号')}/"
    assert f'src="{sharp}"' in page
    assert 'href="/topic/research/"' in page
    assert f"<i>{sharp}</i><i>/tag/cpp/</i>" in page
    assert "<u>/by/ann/</u>" in page
    assert "<b>/topic/research/</b>" in named_site.page("a")


def test_check_and_build_refuse_two_names_with_one_address(named_site: Any) -> None:
    named_site.post("Text.", name="a", front_matter="Tags: 事实\n")
    named_site.post("Text.", name="b", front_matter="Tags: 实事\n")
    (message,) = named_site.mistakes()
    assert message == (
        "content/posts/b.md:3: `tags`: `实事` has the same address as `事实` of "
        "content/posts/a.md, /tag/shi-shi/: use one name, or give it a slug: `实事: ...` below "
        "`tags:` in content/slugs.yaml"
    )


def test_slugs_keep_their_script_if_pelican_is_set_so(named_site: Any) -> None:
    named_site.set("SLUGIFY_USE_UNICODE = True")
    named_site.post("Text.", name="a", front_matter="Tags: 事实, 实事\n")
    named_site.build()
    assert (named_site.site / "tag/实事/index.html").read_text() == "实事: a "


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("posts/pricing/post.md", "pricing"),
        ("posts/pricing/2024/post.md", "pricing"),
        ("posts/pricing/post/index.md", "pricing"),
        ("posts/24-hours/post.md", "24-hours"),
        ("posts/post.md", "General"),
        ("posts/2024/post.md", "General"),
        ("posts/2024/topic/post.md", "General"),
        ("posts/2024/11/post/index.md", "General"),
        ("posts/my-post/index.md", "General"),
    ],
)
def test_the_topic_of_a_post_that_names_none_is_its_folder_but_no_year_and_no_folder_of_one_post(
    name: str, category: str
) -> None:
    layout = layout_of(settings_from(ROOT / "pelicanconf.py", {}))
    assert layout.category_of(name) == category
