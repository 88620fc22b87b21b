"""Control characters are found wherever they could reach a page or a feed."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publish.checks.control_characters import CONTROL
from tests.samples import CAMPAIGN

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


REFERENCES = "&#7; &#x1B; &#0; &#127; &#x0007; &#129; &#x8D; &#XFFFE; &#7"


@pytest.mark.parametrize("reference", REFERENCES.split())
def test_a_reference_to_a_control_character_is_an_error(desk: Any, reference: str) -> None:
    desk.post(f"First.\n\n<p>a{reference}b</p>\n\nc{reference}")
    message = f"`{reference}` is a control character, {DELETE}"
    assert desk.messages() == [f"8: {message}", f"10: {message}"]


@pytest.mark.parametrize("text", ["a{}b", '<p title="{}" class="form">a<input></p>', "`{}`"])
def test_a_reference_with_thousands_of_digits_is_an_error(desk: Any, text: str) -> None:
    desk.post(text.format(f"&#{'9' * 6000};"))
    assert desk.messages() == ["6: has `&#` with a number of more than 1,000 digits: delete it"]


@pytest.mark.parametrize("reference", ["&#146;", "&#x92;"])
def test_a_reference_to_a_character_of_windows_names_the_one_that_is_meant(
    desk: Any, reference: str
) -> None:
    """On the page browsers show the right one, but Markdown has none for alternative texts."""
    desk.post(f"It{reference}s here.")
    message = "is a control character, which no page may contain: write `’`"  # noqa: RUF001
    assert desk.messages() == [f"6: `{reference}` {message}"]


@pytest.mark.parametrize(
    "text",
    [
        "`&#7;`",
        "```\n&#7;\n```",
        "    &#7;",
        "> ~~~\n> &#7;\n> ~~~",
        "&#9; &#10; &#160; &#8217; &#xFFFD; &#65533;",
        "a\tb",
        "R&#D; &#x; &#xD800; &#x110000; &#99999999999999999999;",
    ],
)
def test_code_and_other_characters_are_accepted(desk: Any, text: str) -> None:
    desk.post(text)
    assert desk.messages() == []


# A text with a gap wherever a control character could be, and what may stand in it.

RAW_ONLY, REFERENCES_TOO = "\ue000", "\ue001"
"""A gap for the character itself, and one for a reference to it as well."""
PAGE = f"""\
---
title: T{REFERENCES_TOO}
date: 2026-11-02
summary: What a reader gets from this post, in one sentence of the right length.{REFERENCES_TOO}
category: C{REFERENCES_TOO}
tags: [a{REFERENCES_TOO}, b]
author: A{REFERENCES_TOO}
series: S{REFERENCES_TOO}
image: /images/dot.svg{RAW_ONLY}
image_alt: alt{REFERENCES_TOO}
slug: post{RAW_ONLY}
canonical: https://a.example/x{REFERENCES_TOO}
related: [other{RAW_ONLY}]
aliases: [/old{RAW_ONLY}/]
faq:
  - question: Q{REFERENCES_TOO}
    answer: A{REFERENCES_TOO}
---

Text{REFERENCES_TOO}. ![alt{REFERENCES_TOO}](/images/dot.svg "t{REFERENCES_TOO}") `code{RAW_ONLY}`

```python title="f{REFERENCES_TOO}"
code{RAW_ONLY}
```

<p title="x{REFERENCES_TOO}">a{REFERENCES_TOO}</p>

## Heading{REFERENCES_TOO} {{#id{REFERENCES_TOO}}}

| a{REFERENCES_TOO} | b |
|---|---|
| c{REFERENCES_TOO} | d |

!!! note "T{REFERENCES_TOO}"
    text{REFERENCES_TOO}

> ~~~ text title="x{REFERENCES_TOO}"
> code{RAW_ONLY}
> ~~~

x[^1] [r][ref] HTML <https://a.example/{REFERENCES_TOO}>

[^1]: foot{REFERENCES_TOO}

[ref]: /images/dot.svg "x{REFERENCES_TOO}"

*[HTML]: Hyper{REFERENCES_TOO}
"""
GAP = re.compile(f"[{RAW_ONLY}{REFERENCES_TOO}]")
GAPS = GAP.findall(PAGE)
CODES = FORBIDDEN


def filled(gap: int, text: str) -> str:
    """The page with a text in one gap."""
    gaps = iter(range(len(GAPS)))
    return GAP.sub(lambda _: text if next(gaps) == gap else "", PAGE)


def test_the_page_without_control_characters_has_no_mistake(desk: Any) -> None:
    desk.post(name="other")
    desk.write("content/posts/post.md", filled(-1, ""))
    assert desk.errors() == []


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(gap=st.integers(0, len(GAPS) - 1), code=st.sampled_from(CODES), form=st.integers(0, 5))
def test_a_control_character_is_found_wherever_it_is(
    desk: Any, gap: int, code: int, form: int
) -> None:
    written = [chr(code), f"&#{code};", f"&#x{code:x};", f"&#X00{code:X};", f"&#{code}", chr(code)]
    text = written[form] if GAPS[gap] == REFERENCES_TOO else chr(code)
    desk.post(name="other")
    desk.write("content/posts/post.md", filled(gap, text))
    assert any("control character" in message for message in desk.errors())


@pytest.mark.parametrize("escape", ["\\u0007", "\\u0081", "\\uFFFE", "\\b"])
@pytest.mark.parametrize(
    "value",
    [
        "The guide",
        "I agree that Acme may call me.",
        "Work e-mail",
        "51-100",
        "The company is smaller",
    ],
)
def test_a_campaign_file_contains_none(desk: Any, value: str, escape: str) -> None:
    desk.write("campaigns/guide.toml", CAMPAIGN.replace(value, f"{value[:-1]}{escape}{value[-1]}"))
    desk.post()
    assert any(line.startswith("campaigns/guide.toml:") for line in desk.errors())


def test_a_control_character_in_the_name_of_a_file_is_an_error(desk: Any) -> None:
    desk.write("content/images/a\x07.svg", "<svg/>")
    (message,) = desk.errors()
    assert message == f"content/images/a�.svg: its name has the control character U+0007, {DELETE}"


def test_a_draft_must_not_contain_one_either(desk: Any) -> None:
    desk.post("a\x07b", status="draft", preview="a" * 20)
    assert len(desk.messages()) == 1
