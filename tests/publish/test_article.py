"""Parts of an article: contents, series, notes, tasks, questions and answers."""

import re
from pathlib import Path
from typing import Any

import pytest
from markdown import Markdown, markdown
from pelican import signals

from publish.build.pelican_run import settings_from
from publish.plugins.article_nav import outline
from publish.plugins.commonmark import make_markdown
from publish.plugins.prose import ProseExtension
from tests.publish.test_html_head import ORIGIN, build, data, post, read
from tests.publish.test_theme import Page
from tests.service import ROOT

TEXT = """
## Questions and answers

Mine.

## First & "foremost" `code`

!!! warning "Mind the gap"
    It is *wide*.

- [ ] open
- [x] *closed* item
- [y] no task

## Second {.wide title="2"}

[x] no task either.

## Third

A claim[^1].

[^1]: Its source.
"""
FAQ = (
    ("By whom[^1]?", "Ann[^1].\n\n[^1]: A note of hers."),
    ("Why <b>so</b>?", 'Because *it* is 5 < 6 & ["home"]({filename}/pages/home.md).'),
    (
        "How?",
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1\n```\n\n!!! note\n    N[^1].\n\n"
        '<div markdown="1">\n*As in texts*\n</div>\n\n'
        "[^1]: His.",
    ),
)


def give_faq(generator: Any) -> None:
    for article in generator.articles:
        if article.slug == "b":
            article.faq = FAQ


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    posts = {slug: post(slug, slug, front_matter="Series: A & B\n", text=TEXT) for slug in "abe"}
    posts["alone"] = post("Alone", "alone").replace("Tags: one, two\n", "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEPOST_SITE_URL", ORIGIN)
        with signals.article_generator_finalized.connected_to(give_faq):
            return build(tmp_path_factory.mktemp("reading"), posts)


@pytest.fixture
def page(output: Path) -> Page:
    return read(output, "b")


def test_a_contents_list_links_to_each_main_heading(page: Page) -> None:
    links = [tag["href"][1:] for tag in page.all("a") if tag["href"].startswith("#")]
    headings = [link for link in links if not link.startswith(("page-", "fn"))]
    assert headings == [
        "questions-and-answers",
        "first--foremost-code",
        "second",
        "third",
        "questions-and-answers-2",
    ]
    assert all(page.by_id(link) for link in headings)


def test_an_article_with_two_headings_has_no_contents_list() -> None:
    assert outline('<h2 id="a">A</h2><h2 id="b">B</h2>') == ()


def test_the_contents_list_shows_a_heading_as_plain_text() -> None:
    html = '<h2 id="a">A &lt;b&gt; <em>c</em></h2>' * 3
    assert outline(html)[0].title == "A <b> c"


def test_a_series_lists_its_parts_and_marks_the_current_one(page: Page) -> None:
    assert "Part 2 of 3: A & B" in page.words("summary")
    here = [tag["href"] for tag in page.all("a") if tag.get("aria-current") == "page"]
    assert here == [f"{ORIGIN}/b/"]


def test_an_article_links_to_the_older_the_newer_and_related_articles(page: Page) -> None:
    ways = {tag["rel"]: tag["href"] for tag in page.all("a") if tag.get("rel") in {"prev", "next"}}
    assert ways == {"prev": f"{ORIGIN}/alone/", "next": f"{ORIGIN}/e/"}
    assert "Read on" in page.words("h2")


def test_an_article_without_related_articles_shows_no_list(output: Path) -> None:
    assert "Read on" not in read(output, "alone").words("h2")


def test_a_note_has_the_role_note(page: Page) -> None:
    note = next(tag for tag in page.all("div") if "admonition" in tag.get("class", ""))
    assert (note["class"], note["role"]) == ("admonition warning", "note")


@pytest.mark.parametrize("around", ["!!! note\n", "1. One\n\n", "-   One\n\n"])
def test_code_in_a_note_or_list_is_coloured_as_code(around: str) -> None:
    text = settings_from(ROOT / "pelicanconf.py", {})["MARKDOWN"]
    named = [*text["extensions"], *text["extension_configs"]]
    markdown = Markdown(**text | {"extensions": named})
    page = markdown.convert(f"{around}    ```python\n    x = 1\n    ```\n")
    assert '<span class="n">x</span> <span class="o">=</span>' in page


def test_a_task_list_shows_disabled_checkboxes(page: Page) -> None:
    boxes = [tag for tag in page.all("input") if tag["type"] == "checkbox"]
    assert [(box["aria-label"], "checked" in box) for box in boxes] == [
        ("To do", False),
        ("Done", True),
    ]
    assert all("disabled" in box for box in boxes)
    assert "[x] no task either." in page.words("p")


def test_questions_are_at_the_end_and_search_engines_get_them_as_text(page: Page) -> None:
    assert "Why <b>so</b>?" in page.words("h3")
    assert f"{ORIGIN}/" in [
        tag["href"] for tag in page.all("a") if tag["href"].endswith(".example.com/")
    ]
    questions = data(page)["FAQPage"]["mainEntity"]
    assert [question["name"] for question in questions] == [
        "By whom[^1]?",
        "Why <b>so</b>?",
        "How?",
    ]
    assert questions[1]["acceptedAnswer"]["text"] == "Because it is 5 < 6 & “home”."


def test_an_answer_may_contain_a_table_code_and_a_note(page: Page) -> None:
    kinds = [tag.get("class") for tag in page.all("div")]
    assert {"table", "highlight", "admonition note"} <= set(kinds)


def test_an_answer_is_read_by_the_extensions_of_texts(page: Page) -> None:
    assert "As in texts" in page.words("em")


def test_each_answer_may_have_its_own_footnotes(page: Page) -> None:
    notes = [tag["id"] for tag in page.all("li") if tag.get("id", "").startswith("fn")]
    assert len(set(notes)) == 3
    ways = {tag["href"][1:] for tag in page.all("a") if tag["href"].startswith("#fn:")}
    assert ways == set(notes)


def test_only_an_article_with_questions_is_a_faq_page(output: Path) -> None:
    assert "FAQPage" not in data(read(output, "a"))


def test_a_related_article_that_does_not_exist_stops_the_build(site: Any) -> None:
    site.set('PLUGINS.insert(1, "publish.plugins.article_nav")')
    site.post("Text.", name="pricing")
    site.post("Text.", front_matter="Related: pricng\n")
    assert site.mistakes() == [
        "content/posts/post.md:3: no article `pricng`; did you mean `pricing`?"
    ]


def test_an_empty_corner_of_a_table_is_no_heading() -> None:
    table = markdown("|  | b |\n|---|---|\n| c | d |", extensions=["tables", ProseExtension()])
    assert "<td></td>" in table
    assert '<th scope="col">b</th>' in table


def test_titles_of_alerts_and_names_for_screen_readers_have_the_words_of_the_site() -> None:
    words = {"Note": "Hinweis", "Tip": "Tipp", "Table": "Tabelle", "To do": "Offen"}
    prose = ProseExtension(words=words)
    html = markdown(
        '!!! note\n    a\n\n!!! tip "Eis"\n    b\n\n!!! danger\n    c\n\n- [ ] d\n\n|e|\n|-|\n|f|',
        extensions=["admonition", "tables", prose],
    )
    assert re.findall(r'"admonition-title">(.*?)<', html) == ["Hinweis", "Eis", "Danger"]
    assert re.findall(r'aria-label="(.*?)"', html) == ["Offen", "Tabelle: e"]


def test_alerts_have_the_words_of_the_site() -> None:
    words = {"publish.plugins.prose": {"words": {"Warning": "Achtung"}}}
    converted = make_markdown({"MARKDOWN": {"extension_configs": words}}).convert(
        "> [!WARNING]\n> a"
    )
    assert '<p class="admonition-title">Achtung</p>' in converted
