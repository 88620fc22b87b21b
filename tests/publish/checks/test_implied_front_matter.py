"""A text without front matter has the title of its first heading and the date of its file name."""

from typing import Any

import pytest

from publish.checks.front_matter import read_front_matter
from publish.checks.implied_front_matter import with_implied_keys
from publish.fixing import find_fixes, write_fixes


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("# The `cost` of *a* lead\n\nText.\n", "The cost of a lead", "\n\nText.\n"),
        ("<!-- by hand -->\n\nCosts\n=====\nText.", "Costs", "<!-- by hand -->\n\n\n\nText."),
        ("# Costs {#own}\nText.", "Costs", "\nText."),
        ("Title: Costs\n\n# costs\n\nText.", "Costs", "\n\n\nText."),
        ("Title: Costs\n\n# Other\n\nText.", "Costs", "\n# Other\n\nText."),
        ("# [Costs](x.md) of us\n", "Costs of us", "# [Costs](x.md) of us\n"),
        ("Text.\n\n# Later\n", None, "Text.\n\n# Later\n"),
        ("#no heading\n", None, "#no heading\n"),
    ],
)
def test_the_first_heading_is_the_title(text: str, title: str | None, body: str) -> None:
    front_matter = with_implied_keys(read_front_matter(text), "posts/a.md")
    assert front_matter.values.get("title") == title
    assert front_matter.body == body
    assert front_matter.body.count("\n") + front_matter.body_line == text.count("\n") + 1


def test_many_comments_above_a_text_are_read_at_once() -> None:
    text = "<!-- by hand -->\n" * 2_000 + "Text.\n"
    assert "title" not in with_implied_keys(read_front_matter(text), "posts/a.md").values


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("posts/2026-11-02-costs.md", "2026-11-02"),
        ("posts/2026-11-02.md", "2026-11-02"),
        ("posts/2026-11-02-costs/index.md", "2026-11-02"),
        ("posts/2026-11-02-costs/part.md", None),
        ("posts/2026-11-025.md", None),
        ("posts/2026-13-02-costs.md", None),
    ],
)
def test_the_date_is_in_the_name_of_the_file(name: str, date: str | None) -> None:
    assert with_implied_keys(read_front_matter("Text."), name).values.get("date") == date


def test_the_front_matter_wins_over_the_name_of_the_file() -> None:
    front_matter = read_front_matter("Title: Costs\nDate: 2026-11-05\n\nText.")
    read = with_implied_keys(front_matter, "posts/2026-11-02-costs.md")
    assert (read.values["date"], read.lines["date",]) == ("2026-11-05", 2)


def test_a_file_of_another_system_is_published_as_it_is(site: Any) -> None:
    site.write("content/posts/2026-11-02-costs.md", "# What a lead costs\n\nText.\n\n## Sums\n")
    site.build()
    page = site.page("what-a-lead-costs")
    assert page.startswith("<h1>What a lead costs</h1><p>Text.</p>")


def test_links_to_the_heading_that_became_the_title_still_work(site: Any) -> None:
    site.write("theme/templates/article.html", "<h1 id={{ article.title_id }}></h1>")
    text = "# What a lead costs\n\n[Up](#what-a-lead-costs)"
    site.write("content/posts/2026-11-02-costs.md", text)
    site.build()
    assert site.page("what-a-lead-costs") == "<h1 id=what-a-lead-costs></h1>"


def test_another_heading_with_the_same_id_keeps_it(desk: Any) -> None:
    desk.write("content/posts/2026-11-02-costs.md", "# Costs\n\n## Costs\n")
    writing, _ = desk.check()
    assert [post.title_id for post in writing.posts if post.slug == "costs"] == [""]


def test_a_text_without_front_matter_gets_a_summary(desk: Any) -> None:
    paragraph = "This is what a reader gets from the text, said in one plain sentence."
    path = desk.write("content/posts/2026-11-02-costs.md", f"# Costs\n\n{paragraph}\n")
    fixes = find_fixes(desk.check, ["missing-summary"])
    write_fixes(fixes.files)
    assert path.read_text() == f"Summary: {paragraph}\n\n# Costs\n\n{paragraph}\n"
