"""The letter to a user of the desk."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from capture.letters.letter import Letter
from capture.letters.render import Button, Content, Letterhead, Paragraph, moment_in_words

_ZONE: Final = ZoneInfo("UTC")
"""A user has no zone of their own."""


@dataclass(frozen=True, slots=True)
class PassphraseLinkFacts:
    """A one-time link for a user."""

    name: str
    """The name to log in with."""
    url: str
    link_ends: datetime


def passphrase_link(letterhead: Letterhead, facts: PassphraseLinkFacts) -> Letter:
    """The link behind which a user chooses a passphrase."""
    until = moment_in_words(facts.link_ends, _ZONE)
    agency = letterhead.agency.name
    content = Content(
        subject=f"Choose your passphrase for the desk of {agency}",
        heading="Choose your passphrase",
        summary=f"The link works once, until {until}.",
        blocks=(
            Paragraph(
                f"At the desk of {agency} your name is {facts.name}. Behind this link you choose "
                "the passphrase to log in with."
            ),
            Button("Choose a passphrase", facts.url),
            Paragraph(
                f"The link works once, until {until}. Please do not forward this letter: whoever "
                "has the link can log in with your name."
            ),
        ),
        reason=(
            "You get this letter because somebody requested a new passphrase for your name, or "
            "added you as a user. If it was not you, ignore this letter: your passphrase is as "
            "before."
        ),
    )
    return letterhead.letter(content)
