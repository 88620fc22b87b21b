"""Letters to the contacts of a client on documents: statements, reports, debits to approve."""

from dataclasses import dataclass

from capture.letters.letter import Attachment, Letter
from capture.letters.render import Button, Content, Facts, Letterhead, Paragraph


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """A closed month, in the words of its printed document."""

    client: str
    title: str
    """Kind and number, such as `Invoice acme-0001`."""
    subtitle: str
    """The month, such as `November 2026`, or what a note corrects."""
    is_note: bool
    """Whether it is a credit or debit note."""
    facts: tuple[tuple[str, str], ...]
    totals: tuple[tuple[str, str], ...]
    """The last row is the amount to pay."""
    payment: str
    details: tuple[str, ...]
    """The bank account, and the note on VAT."""
    document: Attachment


def statement(letterhead: Letterhead, facts: StatementFacts) -> Letter:
    """The statement of a closed month, or a note on one, with its document attached."""
    name = facts.document.name
    introduction = (
        f"The attached file {name} corrects a closed month. In short:"
        if facts.is_note
        else f"The month {facts.subtitle} is closed. The attached file {name} names every lead, "
        "its price and how to check it. In short:"
    )
    content = Content(
        subject=f"{facts.title}: {facts.subtitle}, {facts.totals[-1][1]}",
        heading=facts.title,
        summary=f"{facts.subtitle}. {facts.payment}",
        blocks=(
            Paragraph(introduction),
            Facts((*facts.facts, *facts.totals)),
            Paragraph(facts.payment, is_strong=True),
            *((Facts((("Details", "\n".join(facts.details)),)),) if facts.details else ()),
            Paragraph(
                "Is something wrong? Please tell us, with the number of this document. A closed "
                "month never changes; we correct it by a credit note."
            ),
        ),
        reason=letterhead.contact_reason(facts.client, "statements"),
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
        ("Reason", facts.reason),
        ("Proposed on", facts.proposed_on),
    ]
    content = Content(
        subject=f"Please approve or decline: {facts.amount} more on {facts.statement}",
        heading="An additional charge needs your approval",
        summary=f"{facts.amount} more on {facts.statement}.",
        blocks=(
            Paragraph(
                f"{letterhead.agency.name} billed a lead too low, and asks to add the difference "
                "by a debit note."
            ),
            Facts(tuple((name, value) for name, value in rows if value)),
            Paragraph(
                "Only you can approve it. Nothing is charged until you do. There is no deadline: "
                "if nobody answers, nothing is charged. If you decline, the statement stays as it "
                "is."
            ),
            Button("Approve or decline", facts.url),
        ),
        reason=letterhead.contact_reason(facts.client, "statements"),
    )
    return letterhead.letter(content)
