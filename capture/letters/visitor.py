"""Letters to the visitor who sent a form.

They contain nothing that the visitor typed. Otherwise anybody could use our forms to send texts of
their own to somebody else's address.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from capture.letters.letter import Letter
from capture.letters.render import (
    Block,
    Button,
    Content,
    Facts,
    Letterhead,
    Link,
    Paragraph,
    Quote,
    moment_in_words,
)
from capture.text import count_noun

GUIDE: Final = "guide"


@dataclass(frozen=True, slots=True)
class GatedLink:
    """One file of the campaign, with its signed link."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """The visitor's consent as it was recorded (rule 35 of docs/rules.md)."""

    is_given: bool
    """Whether the box was ticked."""
    wording: str
    """The text beside the box; empty if it is not known."""
    received_at: datetime
    page: str
    """The address of the page on which the form was sent; empty if it is not known."""


@dataclass(frozen=True, slots=True)
class GuideFacts:
    """What the letter with the guide says."""

    title: str
    """The title of the campaign."""
    client: str
    """The legal name of the client."""
    files: tuple[GatedLink, ...]
    links_end: datetime
    zone: ZoneInfo
    consent: ConsentRecord
    unsubscribe_url: str
    is_test: bool = False


def guide(letterhead: Letterhead, facts: GuideFacts) -> Letter:
    """The files that the visitor asked for, and the consent as it was recorded."""
    number = len(facts.files)
    files: tuple[Block, ...] = (
        (Button(f"Download {facts.files[0].name}", facts.files[0].url),)
        if number == 1
        else tuple(Link(f"Download {file.name}", file.url) for file in facts.files)
    )
    until = moment_in_words(facts.links_end, facts.zone)
    content = Content(
        subject=f"Your download: {facts.title}",
        heading=facts.title,
        summary=f"{count_noun(number, 'file')} to download until {until}.",
        blocks=(
            Paragraph(
                "Thank you for your request. Here is what you asked for: "
                f"{count_noun(number, 'file')}."
            ),
            *files,
            Paragraph(
                f"{'The link works' if number == 1 else 'The links work'} until {until}. After "
                "that, send the form again to get "
                f"{'a new one' if number == 1 else 'new ones'}."
            ),
            *_consent_blocks(facts),
        ),
        reason=(
            "You get this letter because somebody entered your address in the form named above. If "
            "it was not you, you need not do anything: ignore it, or unsubscribe to get no letters "
            "from our forms any more."
        ),
        is_test=facts.is_test,
    )
    return letterhead.letter(content, unsubscribe_url=facts.unsubscribe_url)


def _consent_blocks(facts: GuideFacts) -> tuple[Block, ...]:
    consent = facts.consent
    sent = moment_in_words(consent.received_at, facts.zone)
    rows: tuple[tuple[str, str], ...] = (("Form sent", sent),)
    if consent.page:
        rows += (("On the page", consent.page),)
    if not consent.is_given:
        text = "The box for consent was not ticked. So you consented to nothing."
        return Facts((*rows, ("Consent", text)), "What you agreed to"), _ask(facts)
    box = Facts((*rows, ("Box for consent", "ticked")), "What you agreed to")
    if not consent.wording:
        return box, _ask(facts)
    return box, Paragraph("The text beside the box was:"), Quote(consent.wording), _ask(facts)


def _ask(facts: GuideFacts) -> Paragraph:
    return Paragraph(
        f"{facts.client} is the company for which we run this form. To withdraw a consent, to see "
        "your data or to have it deleted, reply to this letter."
    )
