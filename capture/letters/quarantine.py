"""The letter to the agency on leads in quarantine."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from capture.letters.agency import REASON
from capture.letters.letter import Letter
from capture.letters.render import (
    Block,
    Command,
    Content,
    Facts,
    Letterhead,
    Paragraph,
    moment_in_words,
    short,
)
from capture.text import count_noun


@dataclass(frozen=True, slots=True)
class QuarantineEntryFacts:
    """One lead in quarantine."""

    lead_id: str
    slug: str
    """The slug of the campaign."""
    zone: ZoneInfo
    received_at: datetime
    held_at: datetime
    is_in_review: bool
    """Whether the client has it in review, with the deadline stopped."""
    signals: tuple[str, ...]
    """Its risk signals, in sentences."""
    answers: tuple[tuple[str, str], ...]
    """Label and answer; empty after erasure."""


@dataclass(frozen=True, slots=True)
class QuarantineGroup:
    """Leads of one campaign that are in quarantine because of the same signals."""

    slug: str
    signals: str
    """The names of the signals, such as `burst, network`."""
    count: int
    example: str
    """The id of one of them."""


@dataclass(frozen=True, slots=True)
class QuarantineFacts:
    """All leads in quarantine."""

    leads: tuple[QuarantineEntryFacts, ...]
    """The `MOST_ROWS` leads that wait longest, the longest wait first; not empty."""
    count: int
    in_review: int
    """The number of leads that clients have in review."""
    groups: tuple[QuarantineGroup, ...]


def quarantine_digest(letterhead: Letterhead, facts: QuarantineFacts) -> Letter:
    """The leads in quarantine, and how to release or discard them."""
    number = count_noun(facts.count, "lead")
    first = facts.leads[0].lead_id
    blocks: list[Block] = [
        Paragraph(
            f"{_introduction(facts)} Until you decide, a lead stays in quarantine. It is not "
            "billed."
        ),
        Paragraph(
            "If a lead is from a real person, release it. Then it is processed like any other lead:"
        ),
        Command(f"gatepost quarantine release {first} --as NAME"),
        Paragraph("Otherwise, discard it:"),
        Command(f"gatepost quarantine discard {first} --as NAME"),
        Facts(tuple(_group_row(group) for group in facts.groups), "Leads in quarantine"),
        Paragraph("To release all leads of one line, name one of them:"),
        Command(f"gatepost quarantine release --like {facts.groups[0].example} --as NAME"),
    ]
    for lead in facts.leads:
        rows = (
            ("Campaign", lead.slug),
            ("Received", moment_in_words(lead.received_at, lead.zone)),
            ("In quarantine since", moment_in_words(lead.held_at, lead.zone)),
            ("The client", "has it in review" if lead.is_in_review else "does not see it"),
            ("Risk signals", " ".join(lead.signals)),
            *((label, short(answer, 200)) for label, answer in lead.answers),
        )
        blocks.append(Facts(rows, lead.lead_id))
    more = facts.count - len(facts.leads)
    if more:
        blocks += [Paragraph(f"{more} more are in the list:"), Command("gatepost quarantine list")]
    verb = "waits" if facts.count == 1 else "wait"
    content = Content(
        subject=f"{number} {verb} for your check",
        heading=f"{number} {verb} for your check",
        summary=f"The longest wait: {facts.leads[0].slug}, {' '.join(facts.leads[0].signals)}",
        blocks=tuple(blocks),
        reason=REASON,
    )
    return letterhead.letter(content)


def _introduction(facts: QuarantineFacts) -> str:
    verb = "is" if facts.count == 1 else "are"
    text = f"{count_noun(facts.count, 'lead')} {verb} in quarantine because of risk signals."
    if not facts.in_review:
        return f"{text} No client sees {'it' if facts.count == 1 else 'them'}."
    if facts.in_review == facts.count:
        return f"{text} The deadline of a lead that a client has in review is stopped."
    return (
        f"{text} Clients have {facts.in_review} of them in review, with the deadline stopped, and "
        "do not see the others."
    )


def _group_row(group: QuarantineGroup) -> tuple[str, str]:
    number = count_noun(group.count, "lead")
    example = f"such as {group.example}" if group.count > 1 else group.example
    return f"{group.slug}: {group.signals}", f"{number}, {example}"
