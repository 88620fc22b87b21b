"""Sections about price, caps, payment and the review window."""

from capture.billing.lines import is_billable_event
from capture.billing.reversals import rule_sentences
from capture.campaign.client import Client
from capture.campaign.model import Campaign, Caps, Notice, Price, Reporting, Review
from capture.documents.agreement.model import (
    Clause,
    Section,
    Table,
    amount,
    day,
    join_words,
    percent,
    price_amount,
    price_unit,
)
from capture.documents.price_words import campaign_price
from capture.lead.events import EventKind
from capture.text import count_noun


def price_section(campaign: Campaign) -> Section:
    """Price model, due dates and reversals."""
    price = campaign.price
    frequency = (
        "A customer is billed once for each period of revenue."
        if price.billable == "revenue"
        else "A lead is billed once in its life."
    )
    clauses = [
        Clause(
            f"The price is {price_amount(campaign)} {price_unit(campaign)}, net of tax. Nothing "
            f"else is charged. {frequency} On documents and reports the price reads: "
            f"{campaign_price(campaign)}."
        ),
        Clause(_due(price)),
        *map(Clause, rule_sentences(price)),
    ]
    if price.billable != "accepted":
        clauses.append(Clause(_final(campaign)))
    clauses.append(
        Clause(
            f"All amounts are in {campaign.currency}. Each line is rounded by itself to the "
            "currency's smallest unit; a half goes to the even neighbour."
        )
    )
    return Section("Price, and what is billable", tuple(clauses))


def _due(price: Price) -> str:
    if price.billable == "accepted":
        return "A line falls due at the moment of acceptance, by the client's word or by silence."
    event = {
        "scheduled": "the moment at which a time for the appointment was agreed",
        "held": "the moment at which the appointment was held",
        "won": "the moment at which the sale was won",
        "revenue": "the moment at which a period's revenue came in",
    }[price.billable]
    return (
        f"A line falls due at {event} or at the moment of acceptance, by the client's word or by "
        "silence, whichever is later."
    )


def _final(campaign: Campaign) -> str:
    hours = count_noun(campaign.review.hours, "hour")
    unless = (
        "says that the person did not come or names a reason of the validation window"
        if campaign.price.billable == "held"
        else "names a reason of the validation window"
    )
    silence = (
        f" An appointment about which nobody reports anything counts as held {hours} after its "
        "time, unless the client says one of these before."
        if campaign.price.billable == "held"
        else ""
    )
    final = (
        "A booking that the client records by its own word is final, except that it may be "
        "cancelled as described above."
        if campaign.price.billable == "scheduled"
        else "An outcome that the client records by its own word is final."
    )
    return (
        f"{final} One that the agency records, for itself or for the client, becomes final, and "
        f"falls due, {hours} later unless the client {unless}.{silence} These hours count like "
        "those of the validation window."
    )


def caps_section(campaign: Campaign) -> Section | None:
    """The caps; None if none is set."""
    clauses = [Clause(text) for text in _lead_caps(campaign.caps)]
    if campaign.caps.money_a_month is not None:
        limit = amount(campaign.caps.money_a_month, campaign.currency)
        clauses.append(
            Clause(
                f"No more than {limit} is billed for a month. Lines count in the order in which "
                "they fall due, then of their lead ids; a line that would cross the cap is "
                "completely free."
            )
        )
    return Section("Caps", tuple(clauses)) if clauses else None


def _lead_caps(caps: Caps) -> list[str]:
    parts = []
    if caps.leads_a_month is not None:
        parts.append(
            f"The client takes at most {count_noun(caps.leads_a_month, 'qualified lead')} a month."
        )
    if caps.leads_a_company is not None:
        parts.append(
            f"The client takes at most {count_noun(caps.leads_a_company, 'qualified lead')} a "
            "month from one company, identified by the domain of the e-mail address. A person "
            "with a free mailbox counts for no company."
        )
    if not parts:
        return []
    cap = "the cap" if len(parts) == 1 else "a cap"
    over = (
        f"A lead over {cap} is recorded, and neither delivered nor billed."
        if caps.over == "refuse"
        else f"A lead over {cap} is delivered, marked as free from the start, never billed, and "
        "fills no place."
    )
    places = (
        "Qualified and accepted leads count, in the month of their receipt. A rejection frees its "
        "place for later leads of that month, never for earlier ones."
    )
    return [*parts, over, places]


def payment_section(campaign: Campaign, client: Client) -> Section:
    """Months, statements, tax, and the due date of payments."""
    days = client.payment_days
    due = f"{count_noun(days, 'day')} after its date" if days else "on its date"
    order = (
        f" It carries the order number {client.purchase_order}." if client.purchase_order else ""
    )
    clauses = [
        Clause(
            f"Days and months are those of the time zone {campaign.time_zone}. A line belongs to "
            "the month in which it falls due or, if that month is closed already, to the earliest "
            "one that is open."
        ),
        Clause(
            f"Each month with something to bill has one {client.document} over all campaigns of "
            f"the client in {campaign.currency}. It is made out to {client.legal_name}, sent to "
            f"{join_words(client.contacts.bills)}, and payable {due}.{order}"
        ),
    ]
    tax = []
    if client.vat_rate:
        tax.append(f"VAT of {percent(client.vat_rate)} is added to each {client.document}.")
    if client.vat_note:
        tax.append(client.vat_note)
    if tax:
        clauses.append(Clause(" ".join(tax)))
    return Section("Months and payment", tuple(clauses))


def reporting_section(campaign: Campaign, client: Client) -> Section | None:
    """What is reported, when and to whom; None if the campaign file promises no report."""
    if campaign.reporting is None:
        return None
    return Section(
        "Reporting",
        (
            Clause(
                "The agency sends the client a report on this campaign. It is one HTML page on one "
                "month: every figure with its calculation, the lead funnel, rejected leads by "
                "reason, and leads by article. It contains no personal data."
            ),
            Clause(
                f"{schedule(campaign.reporting)} The time is that of the time zone "
                f"{campaign.time_zone}."
            ),
            Clause(
                f"The report is sent to {join_words(client.contacts.report_recipients)}. Whoever "
                "unsubscribes from it gets it no more."
            ),
            Clause(
                "A report is for information: it bills nothing, notifies of no lead and starts no "
                "deadline. On a month that is not closed it says that figures may change."
            ),
        ),
    )


def schedule(reporting: Reporting) -> str:
    """When the reports are sent, and on which month."""
    monthly = "on the first day of each month after 08:00, on the month before"
    if reporting.every == "month":
        return f"The report is sent {monthly}."
    return (
        "The report is sent each Monday after 08:00, on the month in which the day before lies, up "
        f"to that time; and {monthly}. If both fall on one day, they are one report."
    )


# The review window.


def review_section(campaign: Campaign, client: Client) -> Section:
    """Length and start of the window, reasons to reject, silence, and entries by the agency."""
    terms = campaign.review
    exception = (
        ""
        if terms.notice is Notice.NONE
        else "; as long as the client was not notified, silence accepts nothing"
    )
    hours = count_noun(terms.hours, "hour")
    reasons = "this reason" if len(terms.reasons) == 1 else "these reasons"
    return Section(
        "The validation window",
        (
            Clause(
                "The client may accept or reject a qualified lead until its deadline. That is "
                f"{hours} after {_start(terms, client)} Silence accepts at the instant of the "
                f"deadline{exception}."
            ),
            Clause(clock(terms)),
            Clause(
                f"The client may reject a lead for {reasons} only. A rejection names the "
                "reason's code, may carry a note, and counts if it was "
                "recorded before the deadline; a later one is refused.",
                table=Table(("Code", "Reason"), tuple(terms.reasons.items()), code=True),
            ),
            Clause(
                "Whoever accepted or rejected a lead can undo that within ten seconds. A "
                "rejection that the agency disputes stays a rejection until the client agrees; the "
                "lead is then accepted from that moment."
            ),
            Clause(
                "Only the client's own word, never silence, accepts a lead whose answers were "
                "corrected by hand, one that was recovered from spam, one from a person who "
                "was not qualified before and has since changed an answer to a criterion, and one "
                "whose e-mail address a mail server refused before the deadline."
            ),
            Clause(_own_word(campaign)),
            Clause(
                "The client's word comes by its own access: its token or its link. What the agency "
                "enters for the client is recorded as the agency's entry and shown so. A rejection "
                "that the agency entered takes effect immediately; an acceptance that it entered "
                f"is final {hours} later. Until then the client may say the opposite by its own "
                "word; a rejection names one of the reasons above. These hours count "
                "like those of the window. Where silence accepts nothing, the agency enters no "
                "acceptance; and only the client itself settles a dispute or approves a debit note."
            ),
        ),
    )


def _own_word(campaign: Campaign) -> str:
    meeting = (
        "an appointment was scheduled or held"
        if is_billable_event(EventKind.SCHEDULED, campaign)
        else "an appointment was held"
    )
    return (
        f"A client that records by its own word that {meeting} with a lead, that a sale was won or "
        "what revenue came in has accepted the lead; no rejection follows."
    )


def _start(terms: Review, client: Client) -> str:
    match terms.notice:
        case Notice.NONE:
            return "the moment at which the lead qualified; no notice is sent."
        case Notice.EMAIL:
            addresses = client.contacts.notices
            recipients = f" to {join_words(addresses)}" if addresses else ""
            return (
                f"the client was notified. The notice is an e-mail{recipients}; the client is "
                "notified once the mail server that the agency sends through has accepted it, or "
                "once the client's system read the lead with its token. Opening the link in the "
                "e-mail is no notice."
            )
        case Notice.WEBHOOK:
            return (
                "the client was notified. The notice is a call to the client's system (a "
                "webhook); the client is notified once that system has accepted it, or once it "
                "read the lead with its token."
            )


def notice(terms: Review) -> str:
    """How the client is notified, as a noun."""
    return {Notice.NONE: "none", Notice.EMAIL: "an e-mail", Notice.WEBHOOK: "a webhook"}[
        terms.notice
    ]


def clock(terms: Review) -> str:
    """The hours that count, in a sentence."""
    if not terms.working_days:
        return "Hours are hours that pass, at night, on weekends and on holidays too."
    holidays = (f"on {day(holiday)}" for holiday in sorted(terms.holidays))
    pauses = join_words(["on Saturdays", "on Sundays", *holidays])
    return (
        f"Hours are hours that pass, but the clock stands still {pauses}, by the days of "
        "the campaign's time zone."
    )
