"""`gatepost fix` in front matter: values that have one right form, and quotes that YAML needs."""

from typing import Any

import pytest

from publish.fixing import find_fixes
from tests.publish.checks.conftest import SUMMARY
from tests.publish.checks.text_edits import fix


@pytest.fixture
def site(desk: Any) -> Any:
    desk.post(name="four-numbers")
    desk.post(name="other")
    desk.post(name="about", status="hidden")
    return desk


@pytest.mark.parametrize(
    ("key", "wrong", "right"),
    [
        ("slug", "/what-pays/", "what-pays"),
        ("aliases", "Old-Post", "/Old-Post/"),
        ("aliases", "old_post, fine, 2021/03/hello.html", "/old_post/, fine, /2021/03/hello.html"),
        ("date", "2026/11/2", "2026-11-02"),
        ("date", "2026-11-2 9:05", "2026-11-02 09:05"),
        ("status", "hiden", "hidden"),
        ("lang", "de_DE", "de-DE"),
        ("related", "Other, Four_Numbers", "other, four-numbers"),
        ("campaign", "Guide", "guide"),
    ],
)
def test_a_value_with_one_right_form_gets_it(site: Any, key: str, wrong: str, right: str) -> None:
    site.post(**{key: wrong})
    assert fix(site).fixed == 1
    assert f"{key.capitalize()}: {right}\n" in (site.root / "content/posts/post.md").read_text()
    assert site.findings() == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("slug", "v1.2"),
        ("aliases", "https://a.example/x/"),
        ("aliases", "Old-Post, a b"),
        ("date", "2.11.2026"),
        ("date", "2026/13/2"),
        ("status", "on"),
        ("lang", "german"),
    ],
)
def test_a_value_with_no_sure_form_stays(site: Any, key: str, value: str) -> None:
    site.post(**{key: value})
    assert site.findings()
    assert find_fixes(site.check).files == ()


@pytest.mark.parametrize(
    ("slug", "right"), [("a_b", "a-b"), ("Hello-World", "hello-world"), ("Größe__2", "größe-2")]
)
def test_a_corrected_slug_keeps_its_old_address_as_an_alias(
    site: Any, slug: str, right: str
) -> None:
    site.settings = {**site.settings, "ARTICLE_URL": "blog/{slug}/"}
    site.settings["ARTICLE_SAVE_AS"] = "blog/{slug}/index.html"
    site.post(slug=slug)
    (message,) = site.messages()
    assert f"did you mean `{right}`? If `/blog/{slug}/` is an address that readers know" in message
    assert fix(site).fixed == 1
    text = (site.root / "content/posts/post.md").read_text()
    assert f"\nSlug: {right}\nAliases: /blog/{slug}/\n" in text
    assert site.findings() == []


@pytest.mark.parametrize(
    "front_matter", [{"slug": "What Pays"}, {"slug": "a_b", "aliases": "a-c"}, {"slug": "about_"}]
)
def test_a_slug_is_not_corrected_if_its_old_address_would_be_lost(
    site: Any, front_matter: dict[str, str]
) -> None:
    site.post(**front_matter)
    assert any("did you mean `" in message for message in site.messages())
    assert find_fixes(site.check).files == ()


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_empty_lines_above_the_front_matter_are_deleted(site: Any, line_break: str) -> None:
    site.post()
    path = site.root / "content/posts/post.md"
    text = path.read_text()
    path.write_bytes(f"\n \n{text}".replace("\n", line_break).encode())
    assert fix(site).fixed == 1
    assert path.read_bytes() == text.replace("\n", line_break).encode()
    assert site.findings() == []


@pytest.mark.parametrize(
    ("line", "fixed"),
    [
        ("title: Pricing: a guide", 'title: "Pricing: a guide"'),
        ('title: The "best": a guide', "title: 'The \"best\": a guide'"),
        ("title: @home with leads", 'title: "@home with leads"'),
    ],
)
def test_values_that_yaml_cannot_read_get_quotes(site: Any, line: str, fixed: str) -> None:
    text = f"---\n{line}\ndate: 2026-11-02\nsummary: One: {SUMMARY}\n---\n\nText.\n"
    path = site.write("content/posts/post.md", text)
    fix(site)
    assert path.read_text().split("\n")[1:4] == [
        fixed,
        "date: 2026-11-02",
        f'summary: "One: {SUMMARY}"',
    ]
    assert site.findings() == []


def test_a_value_with_a_comment_or_a_second_line_gets_no_quotes(site: Any) -> None:
    for line in ("title: One: two # three", "title: One: two\n  three: four"):
        site.write("content/posts/post.md", f"---\n{line}\ndate: 2026-11-02\n---\n\nText.\n")
        assert find_fixes(site.check, ["front-matter"]).files == ()
