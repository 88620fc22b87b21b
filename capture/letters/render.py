"""A letter's content, and how it becomes text and HTML.

Each letter is a list of blocks: paragraphs, facts, links. Two templates of the theme show the same
blocks, `letters/letter.txt` as text and `letters/letter.html` as HTML. Every text of a block is
cleaned here, because it may be something that a visitor typed: no control characters, nothing that
changes the reading order, no endless text. HTML is escaped by the template.
"""

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, get_timezone_name
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from capture.billing.statement import Party
from capture.form.text import cleaned_line, cleaned_text
from capture.letters.letter import Attachment, Letter

WIDTH: Final = 76
"""Most columns of a line of text; only a link or one long word may be longer."""
MAX_SUBJECT: Final = 120
"""Most characters of a subject. RFC 5322 allows 998 octets of a line."""
MAX_LINE: Final = 300
"""Most characters of a name or of another text on one line."""
MAX_TEXT: Final = 2000
"""Most characters of a text of several lines."""
TEST_MARK: Final = "[test] "
_DIRECTION_MARKS: Final = re.compile("[\u061c\u200e\u200f]")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences."""

    text: str
    is_strong: bool = False

    def cleaned(self) -> "Paragraph":
        return Paragraph(short(self.text, MAX_TEXT), self.is_strong)


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels and values, such as the answers of a lead. A value may have several lines."""

    rows: tuple[tuple[str, str], ...]
    title: str = ""

    def cleaned(self) -> "Facts":
        rows = tuple((short(label), clean_text(value)) for label, value in self.rows)
        return Facts(rows, short(self.title))


@dataclass(frozen=True, slots=True)
class Items:
    """A list of short texts."""

    items: tuple[str, ...]
    title: str = ""

    def cleaned(self) -> "Items":
        return Items(tuple(map(short, self.items)), short(self.title))


@dataclass(frozen=True, slots=True)
class Quote:
    """A text in the words of somebody else."""

    text: str

    def cleaned(self) -> "Quote":
        return Quote(clean_text(self.text))


@dataclass(frozen=True, slots=True)
class Button:
    """The link to what the reader should do."""

    label: str
    url: str

    def cleaned(self) -> "Button":
        return Button(short(self.label), self.url)


@dataclass(frozen=True, slots=True)
class Link:
    """Another link; `note` says more about it."""

    label: str
    url: str
    note: str = ""

    def cleaned(self) -> "Link":
        return Link(short(self.label), self.url, short(self.note))


@dataclass(frozen=True, slots=True)
class Command:
    """A command to type."""

    text: str

    def cleaned(self) -> "Command":
        return Command(short(self.text))


Block = Paragraph | Facts | Items | Quote | Button | Link | Command


@dataclass(frozen=True, slots=True)
class Content:
    """What a letter says, without its look."""

    subject: str
    heading: str
    blocks: tuple[Block, ...]
    reason: str
    """Why the reader gets this letter, and whom to ask to get no more of them."""
    summary: str = ""
    """What a list of letters shows beside the subject."""
    is_test: bool = False
    """Whether it is about a test lead (rule 5 of docs/rules.md)."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who sends letters, and the theme's templates."""

    agency: Party
    templates: Path

    def letter(
        self,
        content: Content,
        attachments: tuple[Attachment, ...] = (),
        unsubscribe_url: str = "",
    ) -> Letter:
        """The letter as text and as HTML."""
        mark = TEST_MARK if content.is_test else ""
        subject = short(f"{mark}{content.subject}", MAX_SUBJECT)
        values = {
            "subject": subject,
            "summary": short(content.summary),
            "heading": short(content.heading),
            "blocks": [block.cleaned() for block in content.blocks],
            "reason": short(content.reason, MAX_TEXT),
            "is_test": content.is_test,
            "unsubscribe_url": unsubscribe_url,
            "agency": self.agency,
        }
        pages = _environment(self.templates)
        text = pages.get_template("letters/letter.txt").render(values)
        html = pages.get_template("letters/letter.html").render(values)
        return Letter(subject, f"{text.strip()}\n", html, attachments, unsubscribe_url)

    def contact_reason(self, client: str, topic: str) -> str:
        """Why a contact of a client gets a letter that cannot be unsubscribed."""
        return (
            f"You get this letter because your address is on the list of {client} for {topic}. It "
            "is part of the agreement, so it cannot be unsubscribed. To change who gets it, ask "
            f"{self.agency.name}."
        )


def short(text: str, most: int = MAX_LINE) -> str:
    """The text on one line without control characters, cut to `most` characters."""
    return _cut(" ".join(cleaned_line(_DIRECTION_MARKS.sub("", text)).split()), most)


def clean_text(text: str) -> str:
    """The text without control characters and empty lines, cut to `MAX_TEXT` characters."""
    lines = cleaned_text(_DIRECTION_MARKS.sub("", text)).split("\n")
    return _cut("\n".join(filter(None, (" ".join(line.split()) for line in lines))), MAX_TEXT)


def moment_in_words(moment: datetime, zone: ZoneInfo) -> str:
    """`Wednesday, 2 December 2026, 10:15 (Eastern Standard Time)`: the minute that has begun.

    So a deadline is never later in a letter than in the ledger.
    """
    there = moment.astimezone(zone)
    shown = format_datetime(there, "EEEE, d MMMM y, HH:mm", locale="en")
    return f"{shown} ({get_timezone_name(there, locale='en')})"


def short_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`Wed, 2 Dec, 10:15`, for subjects."""
    text: str = format_datetime(moment.astimezone(zone), "EEE, d MMM, HH:mm", locale="en")
    return text


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


@lru_cache(maxsize=4)
def _environment(templates: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["wrapped"] = _wrapped
    environment.filters["fact"] = _fact_lines
    environment.tests["kind"] = lambda block, name: type(block).__name__ == name
    return environment


def _wrapped(text: str, first: str = "", rest: str | None = None) -> str:
    """The text in lines of at most `WIDTH` columns, the first after `first`, others after `rest`.

    Every line of the text begins a new line.
    """
    rest = first if rest is None else rest
    lines: list[str] = []
    for line in text.split("\n"):
        start = rest if lines else first
        lines += _fill(line, start, rest) or [start.rstrip()]
    return "\n".join(lines)


def _fill(text: str, first: str, rest: str) -> Sequence[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _fact_lines(rows: Iterable[tuple[str, str]]) -> str:
    """One row on one line if it fits, else the value below its label, indented."""
    lines = []
    for label, value in rows:
        line = f"{label}: {value}"
        if "\n" in value or len(line) > WIDTH:
            line = f"{_wrapped(f'{label}:')}\n{_wrapped(value, '    ')}"
        lines.append(line)
    return "\n".join(lines)
