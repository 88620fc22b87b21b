"""Whatever a visitor, client or receiver writes is inert in every letter."""

import email
from dataclasses import fields, is_dataclass, replace
from email.message import EmailMessage
from email.policy import SMTP, strict
from html import unescape
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture.letters.letter import Attachment, Letter
from capture.letters.render import MAX_SUBJECT, MAX_TEXT
from capture.letters.samples import SAMPLES, Sample
from tests.capture.letters.test_letters import LETTERHEAD, Page

URLS = {"url", "list_url", "own_data_url", "unsubscribe_url"}
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)',
    "header": "Hello\r\nBcc: victim@mail.example\r\n\r\nbody",
    "template": "{{ 7 * 7 }}{% for x in [] %}",
    "bidi": "abc\u202ecba\u2066x\u200fy\u061c",
    "control": "a\x00b\x1b[31mc\x7f\x85\u2028d",
    "surrogate": "a\ud800b",
    "long": "word " * 2000,
    "one long word": "x" * 10_000,
    "marks": "a" + "\u0301" * 1000,
}
FORBIDDEN = (
    set(map(chr, range(32))) - {"\n"}
    | set("\x7f\x85\u2028\u2029\u061c\u200e\u200f")
    | {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
)


def with_text(facts: Any, text: str) -> Any:
    """The facts with every text replaced, except links and files."""
    if isinstance(facts, Attachment):
        return facts
    if isinstance(facts, str):
        return text
    if isinstance(facts, tuple):
        return tuple(with_text(each, text) for each in facts)
    if is_dataclass(facts) and not isinstance(facts, type):
        names = [field.name for field in fields(facts) if field.name not in URLS]
        return replace(facts, **{name: with_text(getattr(facts, name), text) for name in names})
    return facts


def as_received(letter: Letter) -> EmailMessage:
    """The letter as a message that the strictest parser has read."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = letter.subject
    message["From"] = "a@northgate.example"
    message["To"] = "b@acme.example"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return email.message_from_bytes(message.as_bytes(), policy=strict)  # type: ignore[return-value]


def check_is_inert(sample: Sample, text: str) -> None:
    plain = sample.letter(LETTERHEAD)
    letter = sample.write(LETTERHEAD, with_text(sample.facts, text))
    assert len(letter.subject) <= MAX_SUBJECT
    assert not FORBIDDEN & set(letter.subject)
    assert "\n" not in letter.subject
    assert not FORBIDDEN & set(letter.text)
    assert not FORBIDDEN & set(unescape(letter.html))
    assert all(len(line) <= MAX_TEXT + 100 for line in letter.text.splitlines())
    page, plain_page = Page(letter.html), Page(plain.html)
    assert page.loaded == []
    assert set(page.tags) <= set(plain_page.tags) | {"h2", "ul", "li", "blockquote"}
    assert page.links == plain_page.links
    message = as_received(letter)
    # Python's folding of long headers may lose a space between two encoded words.
    assert "".join(message["Subject"].split()) == "".join(letter.subject.split())
    assert set(message.keys()) == {"Subject", "From", "To", "MIME-Version", "Content-Type"}


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_inert(sample: Sample, text: str) -> None:
    check_is_inert(sample, text)


@given(text=st.text(max_size=300), name=st.sampled_from(list(SAMPLES)))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_is_inert(text: str, name: str) -> None:
    check_is_inert(SAMPLES[name], text)


def test_script_is_shown_as_it_was_typed() -> None:
    sample = SAMPLES["lead_to_review"]
    letter = sample.write(LETTERHEAD, with_text(sample.facts, HOSTILE["script"]))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in letter.html
    assert "<script>alert(1)</script>" in letter.text


def test_an_answer_cannot_forge_a_line_of_the_letter() -> None:
    sample = SAMPLES["lead_to_review"]
    answers = (
        ("Message", "Hello\nAnswer before Friday.\n\nReview this lead:\nhttps://bad.example"),
    )
    letter = sample.write(LETTERHEAD, replace(sample.facts, answers=answers))
    assert (
        "    Answer before Friday.\n    Review this lead:\n    https://bad.example" in letter.text
    )


def test_the_visitors_letter_holds_nothing_that_was_typed() -> None:
    """The letter with the guide has no field for an answer."""
    names = {field.name for field in fields(SAMPLES["guide"].facts)}
    assert not names & {"person", "company", "answers", "name"}
