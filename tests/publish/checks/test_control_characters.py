"""Control characters are found wherever they could reach a page or a feed."""

from typing import Any

import pytest

from publish.checks.control_characters import CONTROL

DELETE = "which no page may contain: delete it"
FORBIDDEN = [*range(9), 11, 12, *range(14, 32), *range(127, 160), 0xFFFE, 0xFFFF]


def test_the_forbidden_characters_are_those_of_html_and_xml() -> None:
    assert [code for code in range(0x10000) if CONTROL.fullmatch(chr(code))] == FORBIDDEN


@pytest.mark.parametrize("code", [0x00, 0x01, 0x08, 0x0B, 0x0C, 0x1B, 0x7F, 0xFFFF])
def test_a_control_character_in_a_text_is_an_error_with_its_line(desk: Any, code: int) -> None:
    desk.post(f"First.\n\nSecond{chr(code)}.")
    assert desk.messages() == [f"8: has the control character U+{code:04X}, {DELETE}"]


def test_a_character_of_windows_is_named_with_the_one_that_is_meant(desk: Any) -> None:
    desk.post("It\x92s here.")
    message = "6: has the control character U+0092, which no page may contain: "
    assert desk.messages() == [f"{message}write `’`, for which Windows uses it"]  # noqa: RUF001


@pytest.mark.parametrize("key", ["Title", "Summary", "Category", "Tags", "Author"])
def test_a_control_character_in_the_front_matter_is_an_error(desk: Any, key: str) -> None:
    value = "What a reader gets from this post,\x07 in one sentence of the right length."
    desk.post(**{key.lower(): value if key == "Summary" else "a\x07b"})
    (message,) = desk.messages()
    assert message.endswith(f": has the control character U+0007, {DELETE}")


def test_an_escape_of_yaml_is_an_error_at_its_key(desk: Any) -> None:
    desk.write(
        "content/posts/post.md",
        '---\ntitle: On post\ndate: 2026-11-02\nsummary: "What a reader gets from this post, in\n'
        '  one sentence."\nfaq:\n  - question: "a\\x07?"\n    answer: b\n---\n\nText.\n',
    )
    assert desk.messages() == [f"7: `faq` has the control character U+0007, {DELETE}"]


def test_a_raw_control_character_in_yaml_is_reported_once(desk: Any) -> None:
    desk.write(
        "content/posts/post.md",
        "---\ntitle: On\x07 post\ndate: 2026-11-02\n"
        "summary: What a reader gets from this post, in one sentence.\n---\n\nText.\n",
    )
    assert desk.messages() == [f"2: has the control character U+0007, {DELETE}"]


@pytest.mark.parametrize("reference", ["&#7;", "&#x1B;", "&#0;", "&#127;", "&#x0007;"])
def test_a_reference_to_a_control_character_is_an_error(desk: Any, reference: str) -> None:
    desk.post(f"First.\n\n<p>a{reference}b</p>\n\nc{reference}")
    message = f"`{reference}` is a control character, {DELETE}"
    assert desk.messages() == [f"8: {message}", f"10: {message}"]


@pytest.mark.parametrize("text", ["`&#7;`", "```\n&#7;\n```", "&#9; &#10; &#146; &#8217;", "a\tb"])
def test_code_and_other_characters_are_accepted(desk: Any, text: str) -> None:
    desk.post(text)
    assert desk.messages() == []


def test_a_control_character_in_the_name_of_a_file_is_an_error(desk: Any) -> None:
    desk.write("content/images/a\x07.svg", "<svg/>")
    (message,) = desk.errors()
    assert message == f"content/images/a�.svg: its name has the control character U+0007, {DELETE}"


def test_a_draft_must_not_contain_one_either(desk: Any) -> None:
    desk.post("a\x07b", status="draft", preview="a" * 20)
    assert len(desk.messages()) == 1
