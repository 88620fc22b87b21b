"""Letters to the contacts of a client on leads: reviews, the digest, meetings."""

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
    moment_in_words,
    short,
    short_moment,
)
from capture.text import count_noun

_DIGEST_SIZE: Final = 50
"""Most leads that a digest names. The list behind its link has all."""


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """One lead as its client sees it."""

    lead_id: str
    client: str
    """The client's name."""
    campaign: str
    """The campaign's title."""
    person: str
    company: str
    answers: tuple[tuple[str, str], ...]
    """Label and answer, in the form's order."""
    criteria: tuple[tuple[str, str], ...]
    """The rule of each criterion that it meets, and the answer that meets it."""
    received_at: datetime
    zone: ZoneInfo
    deadline: datetime | None
    """When silence accepts it; None if silence never does."""
    price: str
    """Such as `$50.00 per accepted lead, net of tax`."""
    is_charged_on_acceptance: bool
    url: str
    list_url: str
    budget: str = ""
    """The most that a month costs, such as `$5,000.00`; empty without such a cap (rule 9)."""
    is_free: bool = False
    """Delivered over a cap, and never billed (rule 8 of docs/rules.md)."""
    is_entered: bool = False
    """The agency has entered an acceptance for the client (rule 41)."""
    is_bounced: bool = False
    """A mail server refused the person's address (rule 36)."""
    is_test: bool = False

    @property
    def name(self) -> str:
        """The company; without one the campaign's title and the lead's id."""
        return short(self.company, 60) or f"{short(self.campaign, 50)}, {self.lead_id}"


def lead_to_review(letterhead: Letterhead, facts: LeadFacts) -> Letter:
    """A qualified lead: who it is, why it qualifies, until when to answer."""
    content = Content(
        subject=f"Lead to review: {facts.name}{_until(facts)}",
        heading="A new lead to review",
        summary=f"{facts.name}. {_silence(facts)}",
        blocks=(
            Paragraph(
                f"A visitor sent the form \u201c{facts.campaign}\u201d, and meets every criterion "
                "of your agreement. Please look at the lead, and accept or reject it."
            ),
            *_lead_blocks(facts),
        ),
        reason=_notice_reason(letterhead, facts.client),
        is_test=facts.is_test,
    )
    return letterhead.letter(content)


def lead_released(letterhead: Letterhead, facts: LeadFacts) -> Letter:
    """A lead that was `held_back` and is released, so that its review begins again."""
    content = Content(
        subject=f"Lead to review again: {facts.name}{_until(facts)}",
        heading="A lead to review again",
        summary=f"{facts.name}. {_silence(facts)}",
        blocks=(
            Paragraph(
                f"You have this lead of the form \u201c{facts.campaign}\u201d already. Its review "
                "was stopped while the agency checked it. Now the full review time begins. Please "
                "accept or reject the lead."
            ),
            *_lead_blocks(facts),
        ),
        reason=_notice_reason(letterhead, facts.client),
        is_test=facts.is_test,
    )
    return letterhead.letter(content)


def _lead_blocks(facts: LeadFacts) -> tuple[Block, ...]:
    """The deadline, the effect of silence, and the lead with its answers."""
    criteria = tuple(
        f"{rule} (answer: {short(value, 100)})" if value else rule for rule, value in facts.criteria
    )
    return (
        _deadline(facts),
        Paragraph(_silence(facts)),
        Button("Review this lead", facts.url),
        *_test_note(facts),
        Facts(_person_rows(facts), "The lead"),
        Items(criteria, "Why it qualifies"),
        Facts(facts.answers, "All answers"),
        *_list_link(facts.list_url),
    )


def review_warning(letterhead: Letterhead, facts: LeadFacts) -> Letter:
    """The last reminder before silence accepts a lead."""
    content = Content(
        subject=f"Reminder, lead to review: {facts.name}{_until(facts)}",
        heading="A review ends soon",
        summary=_silence(facts),
        blocks=(
            Paragraph("This lead still waits for an answer. This is the only reminder."),
            _deadline(facts),
            Paragraph(_silence(facts)),
            Button("Review this lead", facts.url),
            Facts(_person_rows(facts), "The lead"),
            *_list_link(facts.list_url),
        ),
        reason=_notice_reason(letterhead, facts.client),
        is_test=facts.is_test,
    )
    return letterhead.letter(content)


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """The leads of a digest, not empty, and the link to the list of all that wait."""

    leads: tuple[LeadFacts, ...]
    list_url: str


def leads_digest(letterhead: Letterhead, facts: DigestFacts) -> Letter:
    """The new leads of a day, each with its deadline and its link."""
    leads = facts.leads
    number = count_noun(len(leads), "lead")
    is_test = all(lead.is_test for lead in leads)
    blocks: list[Block] = [
        Paragraph(
            f"{number} came since the last digest and {'waits' if len(leads) == 1 else 'wait'} for "
            "a review. Each meets every criterion of your agreement. Please accept or reject each "
            "one until its deadline."
        ),
        Button("Review all leads", facts.list_url),
    ]
    for lead in leads[:_DIGEST_SIZE]:
        rows = (
            *(row for row in _person_rows(lead) if row[0] != "Company"),
            ("Answer before", _answer_before(lead)),
            ("Without an answer", _without_answer(lead)),
        )
        blocks += [
            Facts(rows, lead.name),
            Link("Review this lead", lead.url),
        ]
    if len(leads) > _DIGEST_SIZE:
        blocks.append(Paragraph(_rest(leads[_DIGEST_SIZE:])))
    blocks.append(Paragraph("The link to the list works for 7 days."))
    content = Content(
        subject=f"{number} to review",
        heading=f"{number} to review",
        summary=f"From {leads[0].name}" + (" and others." if len(leads) > 1 else "."),
        blocks=tuple(blocks),
        reason=_notice_reason(letterhead, leads[0].client),
        is_test=is_test,
    )
    return letterhead.letter(content)


@dataclass(frozen=True, slots=True)
class MeetingFacts:
    """A meeting whose time is over, and for which nobody has recorded an outcome."""

    lead: LeadFacts
    meeting_at: datetime
    answer_by: datetime | None
    """When silence takes it as held (rule 14 of docs/rules.md); None if silence never does."""
    is_charged_when_held: bool
    url: str


def meeting_question(letterhead: Letterhead, facts: MeetingFacts) -> Letter:
    """Asks whether a meeting was held."""
    lead, zone = facts.lead, facts.lead.zone
    at = moment_in_words(facts.meeting_at, zone)
    silence = Paragraph("Until somebody answers, the meeting counts as neither held nor missed.")
    if facts.answer_by is not None:
        costs = f" The price is {lead.price}." if facts.is_charged_when_held else ""
        silence = Paragraph(
            f"Please answer before {moment_in_words(facts.answer_by, zone)}. If nobody answers by "
            f"then, the meeting counts as held.{costs}"
        )
    content = Content(
        subject=f"Was the meeting held? {lead.name}, {short_moment(facts.meeting_at, zone)}",
        heading="Was this meeting held?",
        summary=f"{lead.name}, {at}",
        blocks=(
            Paragraph(
                "A meeting with this person was planned. Its time is over, and nobody has reported "
                "whether it took place."
            ),
            Facts((*_person_rows(lead), ("Meeting", at))),
            silence,
            Button("Answer: held or not held", facts.url),
        ),
        reason=_notice_reason(letterhead, lead.client),
        is_test=lead.is_test,
    )
    return letterhead.letter(content)


def _rest(leads: tuple[LeadFacts, ...]) -> str:
    """The leads that a digest does not name."""
    deadlines = [(lead.deadline, lead.zone) for lead in leads if lead.deadline is not None]
    text = f"{len(leads)} more are in the list behind the first link."
    if not deadlines:
        return text
    first = moment_in_words(*min(deadlines, key=lambda each: each[0]))
    return f"{text} The first of their deadlines is {first}."


def _person_rows(facts: LeadFacts) -> tuple[tuple[str, str], ...]:
    rows = (
        ("Name", facts.person),
        ("Company", facts.company),
        ("Form", facts.campaign),
        ("Received", moment_in_words(facts.received_at, facts.zone)),
        ("Lead id", facts.lead_id),
        ("Price", "free of charge" if facts.is_free else facts.price),
    )
    return tuple((name, value) for name, value in rows if value)


def _test_note(facts: LeadFacts) -> tuple[Paragraph, ...]:
    if not facts.is_test:
        return ()
    return (Paragraph("Because this lead is a test, the link shows no lead."),)


def _until(facts: LeadFacts) -> str:
    """The deadline for a subject."""
    return f", by {short_moment(facts.deadline, facts.zone)}" if facts.deadline else ""


def _answer_before(facts: LeadFacts) -> str:
    if facts.deadline is None:
        return "no deadline"
    return moment_in_words(facts.deadline, facts.zone)


def _deadline(facts: LeadFacts) -> Paragraph:
    if facts.deadline is None:
        return Paragraph("There is no deadline.", is_strong=True)
    return Paragraph(
        f"Answer before {moment_in_words(facts.deadline, facts.zone)}.", is_strong=True
    )


def _silence(facts: LeadFacts) -> str:
    """What happens if nobody answers, and what that costs."""
    if facts.deadline is None:
        bounced = "A mail server refused this person's address. " if facts.is_bounced else ""
        own = f"{bounced}Only your own answer decides."
        return f"{own} If nobody answers, {_without_answer(facts)}"
    entered = (
        "The agency has entered an acceptance for you; you may still reject the lead. "
        if facts.is_entered
        else ""
    )
    return f"{entered}If nobody answers by then, {_without_answer(facts)}"


def _without_answer(facts: LeadFacts) -> str:
    if facts.deadline is None:
        return "the lead is not accepted and costs nothing."
    accepted = "the lead counts as accepted"
    if facts.is_free:
        return f"{accepted}. It is free of charge, because a limit of the agreement was reached."
    if facts.is_charged_on_acceptance:
        budget = (
            f", or nothing once the month's budget of {facts.budget} is used up"
            if facts.budget
            else ""
        )
        return f"{accepted} and is charged: {facts.price}{budget}."
    return f"{accepted}. The acceptance alone is not charged; the price is {facts.price}."


def _list_link(url: str) -> tuple[Link, ...]:
    if not url:
        return ()
    return (Link("All leads that wait for you", url, "This link works for 7 days."),)


def _notice_reason(letterhead: Letterhead, client: str) -> str:
    reason = letterhead.contact_reason(client, "new leads")
    return f"{reason} Please do not forward it: its links act in your name."
