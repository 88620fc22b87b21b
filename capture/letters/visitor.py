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
    Items,
    Letterhead,
    Link,
    Paragraph,
    Quote,
    moment_in_words,
)
from capture.text import count_noun

GUIDE: Final = "guide"
_NOT_ME: Final = "\N{LEFT DOUBLE QUOTATION MARK}This was not me\N{RIGHT DOUBLE QUOTATION MARK}"


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
    url: str
    """The page with the receipt of the consent."""
    own_data_url: str
    """The page where the person can request their data and withdraw the consent."""


@dataclass(frozen=True, slots=True)
class GuideFacts:
    """The facts of the letter with the guide, and of the confirmation letter."""

    title: str
    """The title of the campaign."""
    client: str
    """The legal name of the client."""
    files: tuple[str, ...]
    """The names of the files; none if the form promises none."""
    url: str
    """The page with the links to the files, or with the button that confirms the address. A program
    that only opens a letter's links downloads no file and confirms nothing."""
    link_ends: datetime
    zone: ZoneInfo
    consent: ConsentRecord
    unsubscribe_url: str
    is_test: bool = False


def guide(letterhead: Letterhead, facts: GuideFacts) -> Letter:
    """The files that the visitor asked for, and the consent as it was recorded."""
    number = count_noun(len(facts.files), "file")
    until = moment_in_words(facts.link_ends, facts.zone)
    content = Content(
        subject=f"Your download: {facts.title}",
        heading=facts.title,
        summary=f"{number} to download until {until}.",
        blocks=(
            Paragraph(f"Thank you for your request. Here is what you asked for: {number}."),
            Items(facts.files),
            Button("Open your download page", facts.url),
            Paragraph(
                f"This link works until {until}. Please save the files before. Afterwards, send "
                "the form again to get a new link. The page also shows what you sent and what you "
                "agreed to."
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


def confirmation(letterhead: Letterhead, facts: GuideFacts) -> Letter:
    """The letter with the link that confirms the address and leads to the files, if there are any.

    The letter is the same for every lead, so it does not reveal the verdict (rule 6).
    """
    until = moment_in_words(facts.link_ends, facts.zone)
    thanks = "Thank you for your request."
    next_step = f"{facts.client} gets it once you have confirmed that this address is yours."
    files: tuple[Block, ...] = ()
    if facts.files:
        number = count_noun(len(facts.files), "file")
        files = (
            Paragraph(f"The page behind the link also has what you asked for: {number}."),
            Items(facts.files),
        )
    content = Content(
        subject=f"Please confirm your address: {facts.title}",
        heading=facts.title,
        summary=f"Confirm your address until {until}.",
        blocks=(
            Paragraph(f"{thanks} {next_step}"),
            *files,
            Button("Confirm and get the files" if files else "Confirm my address", facts.url),
            Paragraph(
                "In the browser in which you sent the form, it is enough to open the link. In any "
                f"other browser, press the button on its page. The link works until {until}. "
                "Afterwards, send the form again to get a new letter."
            ),
            Paragraph(
                f"Was it not you? Open the link and press {_NOT_ME}. Then we withdraw the request, "
                "and the form sends no more letters to your address."
            ),
            *_consent_blocks(facts),
        ),
        reason=(
            "You get this letter because somebody entered your address in the form named above. If "
            "you do not confirm it, nobody gets the request. You can also unsubscribe to get "
            "no letters from our forms any more."
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
        return Facts((*rows, ("Consent", text)), "What you agreed to"), *_rights(facts)
    box = Facts((*rows, ("Box for consent", "ticked")), "What you agreed to")
    if not consent.wording:
        return box, *_rights(facts)
    quote = (Paragraph("The text beside the box was:"), Quote(consent.wording))
    return box, *quote, *_rights(facts)


def _rights(facts: GuideFacts) -> tuple[Block, ...]:
    return (
        Link("Your consent, as we recorded it", facts.consent.url),
        Paragraph(
            f"{facts.client} is the company for which we run this form. To have your data deleted, "
            "reply to this letter."
        ),
        Link("See your data, or withdraw a consent", facts.consent.own_data_url),
    )
