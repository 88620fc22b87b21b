"""Front matter: two styles, one model, and each mistake reported with its line."""

from datetime import datetime
from typing import Any

import pytest

from publish.checks.front_matter import read_front_matter
from publish.checks.model import PageFrontMatter, PostFrontMatter
from publish.checks.post_text import validate_front_matter

BOTH = [
    "Title: What: it pays\nTags: a b, c\nModified: 2026-11-03 09:30\nNoindex: yes\n"
    "Aliases: x, y\n\nText.",
    '---\ntitle: "What: it pays"\ntags: [a b, c]\nmodified: 2026-11-03 09:30\nnoindex: yes\n'
    "aliases:\n  - x\n  - y\n---\n\nText.",
]


@pytest.mark.parametrize("text", BOTH)
def test_both_styles_give_the_same_values(text: str) -> None:
    front_matter = read_front_matter(f"{text}\n")
    facts, problems = validate_front_matter(front_matter, PostFrontMatter)
    assert [problem.message.partition(":")[0] for problem in problems] == ["has no date"]
    assert facts == {
        "title": "What: it pays",
        "tags": ("a b", "c"),
        "modified": datetime(2026, 11, 3, 9, 30),  # noqa: DTZ001 - in the site's zone
        "noindex": True,
        "aliases": ("x", "y"),
    }
    assert front_matter.body.strip() == "Text."


def test_the_line_of_the_text_is_its_line_in_the_file() -> None:
    for text in BOTH:
        front_matter = read_front_matter(text)
        line = front_matter.body_line + front_matter.body.split("\n").index("Text.")
        assert text.split("\n")[line - 1] == "Text."


def test_questions_and_answers_are_pairs_in_yaml() -> None:
    text = "---\nfaq:\n  - question: Why?\n    answer: |\n      Because *so*.\n---\n"
    facts, _ = validate_front_matter(read_front_matter(text), PageFrontMatter)
    assert facts["faq"] == (("Why?", "Because *so*."),)


def test_a_yaml_comment_for_editors_is_not_a_key() -> None:
    front_matter = read_front_matter(
        "---\n# yaml-language-server: $schema=x.json\ntitle: A\n---\nText.\n"
    )
    assert (dict(front_matter.values), front_matter.line("title"), front_matter.problems) == (
        {"title": "A"},
        3,
        (),
    )


def test_a_title_that_yaml_would_read_as_false_stays_text() -> None:
    facts, _ = validate_front_matter(
        read_front_matter("---\ntitle: No\ndate: 2026-11-02\n---\n"), PostFrontMatter
    )
    assert facts["title"] == "No"


def test_a_value_may_continue_on_the_next_line() -> None:
    facts, _ = validate_front_matter(
        read_front_matter("Title: One\n    two\nTags: a\n    b\n\nText."), PostFrontMatter
    )
    assert (facts["title"], facts["tags"]) == ("One two", ("a", "b"))


def test_a_name_may_hold_a_comma_if_semicolons_separate_the_names() -> None:
    facts, _ = validate_front_matter(
        read_front_matter("Author: Doe, Jane; Ann\n\n"), PostFrontMatter
    )
    assert facts["author"] == ("Doe, Jane", "Ann")


def test_a_line_below_the_first_empty_line_is_text() -> None:
    front_matter = read_front_matter("Title: A\n\nNote: this stays.\n")
    assert front_matter.body == "\nNote: this stays.\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\ntitle: A", "1: the front matter does not end: put a second `---` on a line"),
        ("---\ntitle: A: b\n---\n", "2: has a second `: ` in one value: put the value in quotes"),
        ("---\n- a\n---\n", "2: must be lines such as `key: value`"),
        ("---\ntitle: [a\n---\n", "3: is not valid YAML (did not find expected ',' or ']')"),
        ("---\ntitle: A\nTitle: B\n---\n", "3: `title` is already on line 2: keep one"),
        ("---\na: &x [1]\nb: *x\n---\n", "2: has an alias (`*name`): write the value itself"),
        ("Title: A\nTITLE: B\n\n", "2: `title` is already on line 1: keep one of them"),
        ("\n\nTitle: A\n\n", "1: has its front matter on line 3: delete the empty lines above it"),
        ("+++\ntitle = 'A'\n+++\n", "1: has front matter in TOML, between `+++`: write it in YAML"),
        ("Title: A\nText follows.\n", "2: is not `Key: value`: put an empty line above the text"),
    ],
)
def test_malformed_front_matter_is_reported_with_its_line(text: str, expected: str) -> None:
    (problem,) = read_front_matter(text).problems
    assert f"{problem.line}: {problem.message}".startswith(expected)


def test_empty_lines_above_yaml_count_for_nothing() -> None:
    front_matter = read_front_matter("\n\n---\ntitle: Costs\n---\nText.")
    assert (front_matter.values, front_matter.problems) == ({"title": "Costs"}, ())
    assert (front_matter.line("title"), front_matter.body_line) == (4, 6)


def test_nested_yaml_aliases_are_refused() -> None:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    front_matter = read_front_matter("\n".join(["---", "a0: &a0 [x]", *levels, "---", ""]))
    assert front_matter.problems[0].message == "has an alias (`*name`): write the value itself"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Titel: x", "`titel` is not a known key; did you mean `title`?"),
        ("Colour: red", "`colour` is not a known key, so it has no effect: remove it, or"),
        ("Date: 2026-13-01", "`date` is not a date, `2026-13-01`: write 2026-11-23, or"),
        ("Date: 0001-01-01", "`date` is not a date, `0001-01-01`: write 2026-11-23, or"),
        ("Date: 2026-W36-4", "`date` is not a date, `2026-W36-4`: write 2026-11-23, or"),
        ("Date: 2026-09-03x09:30", "`date` is not a date, `2026-09-03x09:30`: write 2026-11-23"),
        ("Url: //x/", "`url` must be an address of the site, such as guide/start/, not `//x/`"),
        ("Url: javascript:x", "`url` must be an address of the site, such as guide/start/, not"),
        ("Save_as: ../x.html", "`save_as` must be a file of the site, such as guide/index.html"),
        ("Lang: ../../x", "`lang` must be a language, such as de or pt-BR, not `../../x`"),
        ("Slug: Two Words", "`slug` is not a slug, `Two Words`: small letters, digits and"),
        ("Image: https://x.example/a.png", "`image` must be a picture of the site, such as"),
        ("Noindex: maybe", "`noindex` must be true or false, not `maybe`"),
        ("Canonical: /first/", "`canonical` is not a full address, `/first/`: write one such as"),
        ("Canonical: javascript:alert(1)", "`canonical` is not a full address, `javascript:alert"),
        ("Tags: a, a", "`tags` names `a` twice: keep one of them"),
        ("Preview: draft", "`preview` must be 16 to 64 random letters and digits"),
        ("Preview: ../../../../etc/passwd", "`preview` must be 16 to 64 random letters and digits"),
        (
            "Faq: Why?",
            "`faq` needs front matter in YAML, because it contains pairs: see docs/",
        ),
        ("Status: final", "`status` has no known status 'final': use one of published, hidden,"),
        ("Status: darft", "`status` has no known status 'darft'; did you mean `draft`?"),
    ],
)
def test_a_wrong_value_is_reported_with_its_line(desk: Any, line: str, expected: str) -> None:
    key, _, value = line.partition(": ")
    desk.post(**{key.rstrip(":"): value})
    place = 2 if key == "Date" else 4 if key == "Slug" else 5
    assert desk.messages()[0].startswith(f"{place}: {expected}")


def test_one_check_reports_every_mistake_of_every_post(desk: Any) -> None:
    desk.post(name="a", date="soon", slug="A B", colour="red")
    desk.post(name="b", title=None, canonical="x")
    places = [line.split(": ")[0].removeprefix("content/posts/") for line in desk.findings()]
    assert places == ["a.md:2", "a.md:4", "a.md:5", "b.md:1", "b.md:4"]


def test_a_mistake_inside_a_yaml_list_is_reported_with_its_own_line(desk: Any) -> None:
    text = f"---\ntitle: T\ndate: 2026-11-02\nsummary: {'s' * 60}\nfaq:\n  - question: Why?\n---\n"
    desk.write("content/posts/post.md", text)
    assert desk.messages() == [
        "5: `faq` each entry must have `question` and `answer`, not: question"
    ]


@pytest.mark.parametrize("text", ["---\ntitle: A\n", "---\n- a\n---\n", "\nTitle: A\n\n"])
def test_unreadable_front_matter_reports_no_missing_keys(desk: Any, text: str) -> None:
    desk.write("content/posts/post.md", text)
    (line,) = desk.messages()
    assert "has no" not in line


def test_a_message_holds_no_control_characters(desk: Any) -> None:
    desk.post(date="soon\x1b[2J")
    assert desk.messages()[0].startswith("2: `date` is not a date, `soon�[2J`")


def test_a_file_that_is_not_utf8_is_reported_with_its_line(desk: Any) -> None:
    desk.write("content/posts/post.md", "").write_bytes(b"Title: A\n\nCaf\xe9")
    assert desk.messages() == ["3: is not UTF-8 text: save the file as UTF-8"]


def test_a_post_with_status_skip_is_not_checked(desk: Any) -> None:
    desk.post(status="skip", date="soon", summary=None)
    assert desk.is_clean()
