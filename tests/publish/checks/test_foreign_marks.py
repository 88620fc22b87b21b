"""What only another system understands is text here, and said once for each text."""

from typing import Any

import pytest

from publish.checks.foreign_marks import find_foreign_marks


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'Text.\n\n{{< picture src="a.png" >}}\n\n{{< map >}}\n\n{{< map >}}\n',
            '8: `{{< picture src="a.png" >}}` (and 2 more here) is a shortcode of Hugo, which '
            "readers see as text: write Markdown in its place",
        ),
        (
            "See {{ page.owner }}.",
            "6: `{{ page.owner }}` is a variable of a template, which readers see as text: "
            "write what it stands for",
        ),
        (
            '<Hint kind="mild">\nText.\n</Hint>',
            '6: `<Hint kind="mild">` (and 1 more here) is a component of MDX, which readers see '
            "as text: write Markdown or HTML in its place",
        ),
        (
            'import { Hint } from "./hint.js"\n\nText.',
            '6: `import { Hint } from "./hint.js"` is a line of MDX, which readers see as text: '
            "remove it",
        ),
        (
            "export const name = 1\n\nText.",
            "6: `export const name = 1` is a line of MDX, which readers see as text: remove it",
        ),
        (
            "[x]({{page.owner}}/about)",
            "which does not exist: it is a variable of a template, so write the address itself",
        ),
    ],
)
def test_marks_of_other_systems_are_reported(desk: Any, text: str, expected: str) -> None:
    desk.post(text)
    assert any(line.endswith(expected) for line in desk.messages()), desk.messages()


@pytest.mark.parametrize(
    "text",
    [
        "Use `{{ page.owner }}` and `{{< map >}}`.",
        "```\nimport x from 'y'\n<Hint/>\n```",
        "A List<String> and a <Token>, <B>bold</B> and <Video src='a.mp4'/>.",
        "import duties from abroad\n\nExport figures are better.",
        "<!-- {{ note }} -->",
        '<IFRAME SRC="/about/" TITLE="About"></IFRAME>',
    ],
)
def test_code_comments_and_plain_words_are_no_marks(desk: Any, text: str) -> None:
    desk.post(text)
    assert not [line for line in desk.messages() if "readers see as text" in line]


def test_a_long_mark_is_shortened() -> None:
    (mark,) = find_foreign_marks("{{< note " + "x" * 500 + " >}}")
    assert len(mark.message) < 160


@pytest.mark.parametrize("part", ["<Hint a=", "= ", "{{ a ", "{{< a ", "<Hint ", "</Hint "])
def test_unclosed_marks_take_linear_time(part: str) -> None:
    assert not list(find_foreign_marks("<Hint " + part * 50_000))


@pytest.mark.parametrize("tag", ["{% for post in posts %}", "{% endfor %}", "{{% note %}}"])
def test_a_tag_of_a_template_is_no_misspelt_form(desk: Any, tag: str) -> None:
    desk.post(f"Text with {tag}.")
    (line,) = desk.messages()
    assert line.startswith(f"6: `{tag}` is not a tag: use `{{% form SLUG %}}`")
