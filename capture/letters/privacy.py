"""Letters on personal data: to the client on a withdrawn consent, to a person on their own data."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from capture.letters.letter import Letter
from capture.letters.render import (
    Block,
    Button,
    Content,
    Facts,
    Letterhead,
    Paragraph,
    moment_in_words,
    short,
)


@dataclass(frozen=True, slots=True)
class WithdrawalFacts:
    """A lead whose person withdrew the consent after the client had received it."""

    lead_id: str
    client: str
    """The client's name."""
    campaign: str
    """The campaign's title."""
    person: str
    company: str
    """`person` and `company` are empty after erasure."""
    email: str
    received_at: datetime
    withdrawn_at: datetime
    zone: ZoneInfo
    is_waiting: bool
    """Whether the client may still accept or reject the lead."""
    is_not_me: bool
    """Whether the owner of the address says that somebody else entered it."""
    url: str
    is_test: bool = False


def consent_withdrawn(letterhead: Letterhead, facts: WithdrawalFacts) -> Letter:
    """The letter to the client: do not contact this person any more, and the state of the lead."""
    name = short(facts.company, 60) or f"{short(facts.campaign, 50)}, {facts.lead_id}"
    rows = (
        ("Name", facts.person),
        ("Company", facts.company),
        ("E-mail", facts.email),
        ("Form", facts.campaign),
        ("Received", moment_in_words(facts.received_at, facts.zone)),
        ("Withdrawn", moment_in_words(facts.withdrawn_at, facts.zone)),
        ("Lead id", facts.lead_id),
    )
    cause = (
        "The owner of this e-mail address says that somebody else sent the form in their name."
        if facts.is_not_me
        else "The person behind this lead has withdrawn the consent to be contacted."
    )
    content = Content(
        subject=f"Do not contact any more: {name}",
        heading="Do not contact this person any more",
        summary=f"{name}. {cause}",
        blocks=(
            Paragraph(cause),
            Paragraph(
                "Do not contact this person any more. If you have copied the data into other "
                "systems, mark it there too, and erase what you have no other reason to keep.",
                is_strong=True,
            ),
            Facts(tuple((label, value) for label, value in rows if value), "The lead"),
            *_what_happens(facts),
        ),
        reason=letterhead.contact_reason(facts.client, "new leads"),
        is_test=facts.is_test,
    )
    return letterhead.letter(content)


def _what_happens(facts: WithdrawalFacts) -> tuple[Block, ...]:
    if not facts.is_waiting:
        return (Paragraph("The withdrawal does not change the review or the bill of this lead."),)
    return (
        Paragraph(
            "You have not decided on this lead. Silence no longer accepts it: without an answer it "
            "costs nothing. You may still accept it, or reject it with a reason of your agreement."
        ),
        Button("Open this lead", facts.url),
    )


@dataclass(frozen=True, slots=True)
class OwnDataFacts:
    """The link to a person's own data."""

    url: str
    link_ends: datetime
    zone: ZoneInfo


def own_data(letterhead: Letterhead, facts: OwnDataFacts) -> Letter:
    """The link to the page with all data that we store under the address."""
    until = moment_in_words(facts.link_ends, facts.zone)
    content = Content(
        subject="Your data: the link that you asked for",
        heading="See your data",
        summary=f"The link works until {until}.",
        blocks=(
            Paragraph(
                "Somebody asked on our website to see the data that we store under this e-mail "
                "address. The page behind this link shows the data. There you can also save a copy "
                "and withdraw your consent."
            ),
            Button("See your data", facts.url),
            Paragraph(
                f"The link works until {until}. Please do not forward this letter: whoever has "
                "the link sees your data."
            ),
        ),
        reason=(
            "You get this letter because somebody entered your address on our page for people who "
            "want to see their data. If it was not you, ignore this letter: nothing has changed, "
            "and nobody else has seen your data."
        ),
    )
    return letterhead.letter(content)
