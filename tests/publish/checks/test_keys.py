"""Keys of front matter that are misspelt, or that belong to another system."""

import posixpath
from typing import Any

import pytest

from publish.checks.near_name import near_name
from publish.checks.project import relative_name
from publish.fixing import find_fixes, write_fixes
from tests.publish.checks.conftest import SUMMARY

NO_EFFECT = "is not a known key, so it has no effect: remove it, or see docs/writer.md"


@pytest.mark.parametrize(
    ("key", "rule", "message"),
    [
        ("statsu", "misspelt-key", "`statsu` is not a known key; did you mean `status`?"),
        ("tag", "misspelt-key", "`tag` is not a known key; did you mean `tags`?"),
        ("weight", "unknown-key", f"`weight` {NO_EFFECT}"),
        ("genres", "unknown-key", f"`genres` {NO_EFFECT}"),
        ("images", "unknown-key", f"`images` {NO_EFFECT}"),
        ("categories", "unknown-key", "`categories` is not a known key: write `category`"),
        ("lastmod", "unknown-key", "`lastmod` is not a known key: write `modified`"),
    ],
)
def test_a_key_without_an_effect_is_reported(desk: Any, key: str, rule: str, message: str) -> None:
    desk.post(**{key: "x"})
    (finding,) = (finding for finding in desk.check()[1].every if "-key" in finding.rule)
    assert (finding.rule, finding.line, finding.message) == (rule, 5, message)


@pytest.mark.parametrize(("key", "value"), [("draft", "true"), ("published", "False")])
def test_a_draft_of_another_system_is_not_published(desk: Any, key: str, value: str) -> None:
    desk.post(**{key: value})
    (message,) = desk.errors()
    assert message.endswith(
        f"`{key}: {value}` would not keep it off the site: write `status: draft`"
    )
    desk.post(**{key: value}, status="draft", preview="x" * 16)
    assert desk.errors() == []
    desk.post(draft="false", published="true")
    assert desk.errors() == []


@pytest.mark.parametrize(
    ("lines", "fixed"),
    [
        ("Draft: true", "Status: draft"),
        ("published: no", "status: draft"),
        ("draft: false", ""),
        ("Published: True ", ""),
        ("categories: [Lead care]", "category: Lead care"),
        ('Categories: [ "A, b" ]', 'Category: "A, b"'),
    ],
)
def test_a_key_of_another_system_is_replaced_where_its_meaning_is_sure(
    desk: Any, lines: str, fixed: str
) -> None:
    text = f"---\ntitle: T\ndate: 2026-11-02\nsummary: {SUMMARY}\n{lines}\n---\n\nText.\n"
    path = desk.root / "content/posts/post.md"
    path.parent.mkdir()
    path.write_text(text)
    fixes = find_fixes(desk.check)
    write_fixes(fixes.files)
    assert path.read_text() == text.replace(f"{lines}\n", f"{fixed}\n" if fixed else "")
    assert find_fixes(desk.check).fixed == 0


@pytest.mark.parametrize(
    "lines",
    [
        "draft: true # not yet",
        "draft: false\nstatus: published # sure",
        "categories: [A, B]",
        "categories:\n  - A",
        "draft:\n  true",
        "draft: true\nstatus: published",
    ],
)
def test_a_key_of_another_system_stays_where_its_meaning_is_not_sure(desk: Any, lines: str) -> None:
    text = f"---\ntitle: T\ndate: 2026-11-02\nsummary: {SUMMARY}\n{lines}\n---\n\nText.\n"
    path = desk.root / "content/posts/post.md"
    path.parent.mkdir()
    path.write_text(text)
    write_fixes(find_fixes(desk.check).files)
    assert path.read_text() == text.replace("draft: false\n", "")


@pytest.mark.parametrize(
    "wrong",
    [
        (f"Tittle: T\r\nDATE: 2026-11-02\r\nsumary: {SUMMARY}\r\nSlug: a\r\n\r\nText."),
        (f"---\ntittle: T\ndate: 2026-11-02\nDescription: {SUMMARY}\nslug: a\n---\n\nText."),
    ],
)
def test_a_misspelt_key_is_renamed(desk: Any, wrong: str) -> None:
    path = desk.root / "content/posts/post.md"
    path.parent.mkdir()
    path.write_bytes(wrong.encode())
    fixes = find_fixes(desk.check)
    write_fixes(fixes.files)
    fixed = wrong.replace("ittle", "itle").replace("sumary", "summary")
    assert path.read_bytes().decode() == fixed.replace("Description", "Summary")
    assert desk.messages() == []


def test_a_key_is_not_renamed_to_one_that_is_there(desk: Any) -> None:
    desk.post(tittle="Another")
    assert find_fixes(desk.check).files == ()


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("giude", "guide"),
        ("guid", "guide"),
        ("statsu", "status"),
        ("acme-cluod-guied", "acme-cloud-guide"),
    ],
)
def test_a_typing_error_is_recognized(word: str, name: str) -> None:
    assert near_name(word, [name, "other"], "").typo_of == name


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("install-guide", "installation-guide"),
        ("guide-1", "guide-2"),
        ("guide", "guide"),
        ("gudi", "guide"),
    ],
)
def test_another_name_is_no_typing_error(word: str, name: str) -> None:
    assert near_name(word, [name], "").typo_of == ""


@pytest.mark.parametrize(
    ("word", "name", "hint"),
    [
        ("README", "readme", "; did you mean `readme`?"),
        (
            "cafe\u0301",
            "caf\u00e9",
            "; did you mean `caf\u00e9`? It has the same letters in another Unicode form: copy it "
            "from there",
        ),
        ("p\u0430ge", "page", "; did you mean `page`? Its `\u0430` is CYRILLIC SMALL LETTER A"),
        ("page", "page", "none"),
        ("事实", "实事求是", "none"),
    ],
)
def test_a_suggestion_shows_how_it_differs(word: str, name: str, hint: str) -> None:
    assert near_name(word, [name], "none").hint == hint


@pytest.mark.parametrize(
    ("name", "folder"),
    [("a.md", ""), ("p/a.md", "p"), ("p/q/a.md", "p/r"), ("a.md", "p/q"), ("p/p", "p")],
)
def test_a_relative_name_is_that_of_the_file_system(name: str, folder: str) -> None:
    assert relative_name(name, folder) == posixpath.relpath(name, folder or ".")
