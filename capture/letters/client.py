"""Letters to the contacts of a client: leads to review, meetings, documents, reports."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from capture.letters.letter import Attachment, Letter
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
    is_free: bool = False
    """Delivered over a cap, and never billed (rule 8 of docs/rules.md)."""
    is_entered: bool = False
    """The agency has entered an acceptance for the client (rule 41)."""
    is_test: bool = False

    @property
    def name(self) -> str:
        """The company; without one the campaign's title and the lead's id."""
        return short(self.company, 60) or f"{short(self.campaign, 50)}, {self.lead_id}"


def lead_to_review(letterhead: Letterhead, facts: LeadFacts) -> Letter:
    """A qualified lead: who it is, why it qualifies, until when to answer."""
    criteria = tuple(
        f"{rule} (answer: {short(value, 100)})" if value else rule for rule, value in facts.criteria
    )
    content = Content(
        subject=f"Lead to review: {facts.name}{_until(facts)}",
        heading="A new lead to review",
        summary=f"{facts.name}. {_silence(facts)}",
        blocks=(
            Paragraph(
                f"A visitor sent the form \u201c{facts.campaign}\u201d, and meets every criterion "
                "of your agreement. Please look at the lead, and accept or reject it."
            ),
            _deadline(facts),
            Paragraph(_silence(facts)),
            Button("Review this lead", facts.url),
            Facts(_person_rows(facts), "The lead"),
            Items(criteria, "Why it qualifies"),
            Facts(facts.answers, "All answers"),
            *_list_link(facts.list_url),
        ),
        reason=_notice_reason(letterhead, facts.client),
        is_test=facts.is_test,
    )
    return letterhead.letter(content)


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
        blocks.append(
            Paragraph(f"{len(leads) - _DIGEST_SIZE} more are in the list behind the first link.")
        )
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
                "A meeting with this person was planned. Its time is over, and nobody has told us "
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


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """A closed month, in the words of its printed document."""

    client: str
    title: str
    """Kind and number, such as `Invoice acme-0001`."""
    month: str
    """Such as `November 2026`."""
    facts: tuple[tuple[str, str], ...]
    totals: tuple[tuple[str, str], ...]
    """The last row is the amount to pay."""
    payment: str
    bank: tuple[str, ...]
    document: Attachment


def statement(letterhead: Letterhead, facts: StatementFacts) -> Letter:
    """The statement of a closed month, with its document attached."""
    to_pay = facts.totals[-1][1]
    content = Content(
        subject=f"{facts.title}: {facts.month}, {to_pay}",
        heading=facts.title,
        summary=f"{facts.month}. {facts.payment}",
        blocks=(
            Paragraph(
                f"The month {facts.month} is closed. The attached file {facts.document.name} names "
                "every lead, its price and how to check it. In short:"
            ),
            Facts((*facts.facts, *facts.totals)),
            Paragraph(facts.payment, is_strong=True),
            *((Facts((("Account", "\n".join(facts.bank)),)),) if facts.bank else ()),
            Paragraph(
                "Is a line wrong? Please tell us, with the number of this document. We correct a "
                "closed month by a credit note."
            ),
        ),
        reason=(
            f"You get this letter because your address is on the list of {facts.client} for "
            "statements. It is part of the agreement, so it cannot be unsubscribed. To change who "
            f"gets it, ask {letterhead.agency.name}."
        ),
    )
    return letterhead.letter(content, (facts.document,))


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """The report on one month of a campaign."""

    client: str
    campaign: str
    """The campaign's title."""
    month: str
    """Such as `November 2026`."""
    until: str
    """The last day that it covers, such as `15 November`; empty if it covers the month."""
    status: str
    """Whether the month is closed, and the current price."""
    sentences: tuple[str, ...]
    figures: tuple[tuple[str, str], ...]
    page: Attachment
    """The complete report."""
    unsubscribe_url: str


def report(letterhead: Letterhead, facts: ReportFacts) -> Letter:
    """The weekly or monthly report, with the complete page attached."""
    period = f"{facts.month}, up to {facts.until}" if facts.until else facts.month
    content = Content(
        subject=f"Report, {period}: {facts.campaign}",
        heading=f"Leads in {period}",
        summary=facts.sentences[0] if facts.sentences else facts.status,
        blocks=(
            Paragraph(facts.campaign, is_strong=True),
            *map(Paragraph, facts.sentences),
            Facts(facts.figures, "Figures"),
            Paragraph(facts.status),
            Paragraph(
                f"The attached file {facts.page.name} is the complete report, with the calculation "
                "of each figure and with charts. Open it in a browser. The report is for your "
                "information; you need not do anything."
            ),
        ),
        reason=(
            f"You get this letter because your address is on the list of {facts.client} for "
            "reports. You may unsubscribe from reports; letters on leads, meetings and statements "
            "still come."
        ),
    )
    return letterhead.letter(content, (facts.page,), facts.unsubscribe_url)


@dataclass(frozen=True, slots=True)
class DebitFacts:
    """A debit that the agency proposes on a line of a closed statement."""

    client: str
    id: str
    statement: str
    lead: str
    """How the statement's document names the lead."""
    period: str
    """The first day of the period of revenue; empty for other price models."""
    amount: str
    """With its currency, net of tax."""
    reason: str
    proposed_on: str
    url: str


def debit_to_approve(letterhead: Letterhead, facts: DebitFacts) -> Letter:
    """Asks the client to approve or decline a debit note."""
    rows = [
        ("Proposal", facts.id),
        ("Statement", facts.statement),
        ("Lead", facts.lead),
        ("Period from", facts.period),
        ("Amount", f"{facts.amount}, net of tax"),
        ("Proposed on", facts.proposed_on),
    ]
    content = Content(
        subject=f"Please approve or decline: {facts.amount} more on {facts.statement}",
        heading="An additional charge needs your approval",
        summary=f"{facts.amount} more on {facts.statement}.",
        blocks=(
            Paragraph(
                f"{letterhead.agency.name} billed a lead too low, and asks to add the difference "
                "by a debit note. The reason is:"
            ),
            Quote(facts.reason),
            Facts(tuple((name, value) for name, value in rows if value)),
            Paragraph(
                "Only you can approve it. Nothing is charged until you do. There is no deadline: "
                "if nobody answers, nothing is charged. If you decline, the statement stays as it "
                "is."
            ),
            Button("Approve or decline", facts.url),
        ),
        reason=(
            f"You get this letter because your address is on the list of {facts.client} for "
            "statements. It is part of the agreement, so it cannot be unsubscribed. To change who "
            f"gets it, ask {letterhead.agency.name}."
        ),
    )
    return letterhead.letter(content)


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
        return f"Only your own answer decides. If nobody answers, {_without_answer(facts)}"
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
        return f"{accepted} and is charged: {facts.price}."
    return f"{accepted}. The acceptance alone is not charged; the price is {facts.price}."


def _list_link(url: str) -> tuple[Link, ...]:
    if not url:
        return ()
    return (Link("All leads that wait for you", url, "This link works for 7 days."),)


def _notice_reason(letterhead: Letterhead, client: str) -> str:
    return (
        f"You get this letter because your address is on the list of {client} for new leads. It is "
        "part of the agreement, so it cannot be unsubscribed. To change who gets it, ask "
        f"{letterhead.agency.name}. Please do not forward it: its links act in your name."
    )
