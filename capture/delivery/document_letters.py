"""Finds the facts of letters on documents: statements and notes, reports, debits to approve."""

from datetime import date

from capture.closing.close import read_statement
from capture.closing.debit import find_proposal
from capture.closing.documents import day_in_zone, find_closed_statement
from capture.delivery.request import Dropped, Request
from capture.documents.agreement.model import day, month_name
from capture.documents.closed_document import ClosedDocument, load_closed_document
from capture.documents.lead_references import lead_references
from capture.documents.report import (
    NO_MONTH_BEFORE,
    gather_report,
    make_report,
    report_file_name,
)
from capture.documents.report import to_html as report_html
from capture.documents.report_charts import Row
from capture.documents.sheet import to_html, to_pdf
from capture.documents.statement_sheet import reason_words
from capture.errors import Refused
from capture.kpi.grouping import Period
from capture.letters import documents
from capture.letters.letter import Attachment, Letter
from capture.money import show_money
from capture.signed_links import review_path


def statement(request: Request) -> Letter:
    """The statement of a closed month, or a credit or debit note on one."""
    client = request.client
    request.check_contact(client.contacts.bills)
    closed = load_closed_document(request.reading, request.message.data["number"])
    sheet = closed.sheet
    facts = documents.StatementFacts(
        client=client.name,
        title=sheet.title,
        subtitle=sheet.subtitle,
        is_note=bool(closed.document.corrects),
        facts=sheet.facts,
        totals=sheet.totals,
        payment=sheet.payment.text,
        details=sheet.payment.lines,
        document=_printed(closed),
    )
    return documents.statement(request.letterhead, facts)


def report(request: Request) -> Letter:
    """The report on a month, or on its days so far."""
    client, campaign, now = request.client, request.campaign, request.now
    request.check_contact(client.contacts.report_recipients)
    unsubscribe_url = request.unsubscribe_url(request.message.recipient.casefold())
    month = request.message.data["month"]
    last_day = date.fromisoformat(request.message.data["until"])
    data = gather_report(request.reading, campaign, month, request.context.titles(), now)
    content = make_report(campaign, client, request.context.agency.party.name, data, now)
    page = report_html(content).encode()
    is_complete = last_day == Period.of_month(month).last
    facts = documents.ReportFacts(
        client=client.name,
        campaign=campaign.title,
        month=month_name(month),
        until="" if is_complete else day(last_day).rpartition(" ")[0],
        status=content.status,
        sentences=content.sentences,
        figures=tuple(_figure(row) for row in content.rows if _has_number(row)),
        page=Attachment(report_file_name(campaign.slug, month), "text/html", page),
        unsubscribe_url=unsubscribe_url,
    )
    return documents.report(request.letterhead, facts)


def debit_to_approve(request: Request) -> Letter:
    """A debit that waits for the client's answer."""
    client, reading = request.client, request.reading
    request.check_contact(client.contacts.bills)
    recorded = reading.events.get(request.message.data["sequence"])
    proposal = find_proposal(reading, client.slug, recorded.event.data["id"])
    if proposal.stage != "open":
        raise Dropped(f"the debit was {proposal.stage}")
    billed = read_statement(find_closed_statement(reading, proposal.statement))
    names = lead_references(reading, billed, [proposal.lead_id])
    link = request.context.link_signer.debit_link(
        client.slug, request.message.recipient, proposal.id
    )
    facts = documents.DebitFacts(
        client=client.name,
        id=proposal.id,
        statement=proposal.statement,
        lead=names.get(proposal.lead_id, proposal.lead_id),
        period=day(date.fromisoformat(proposal.period)) if proposal.period else "",
        amount=show_money(proposal.amount, proposal.currency),
        reason=reason_words(proposal.reason).capitalize(),
        proposed_on=day(day_in_zone(billed.time_zone, proposal.proposed_at)),
        url=request.url(review_path(link)),
    )
    return documents.debit_to_approve(request.letterhead, facts)


def _printed(closed: ClosedDocument) -> Attachment:
    """The document as PDF; as an HTML page if the PDF's fonts lack a character of it."""
    number = closed.document.number
    try:
        return Attachment(f"{number}.pdf", "application/pdf", to_pdf(closed.sheet))
    except Refused:
        return Attachment(f"{number}.html", "text/html", to_html(closed.sheet).encode())


def _has_number(row: Row) -> bool:
    """Whether the figure can be computed; the attached page says why another one cannot."""
    return any(character.isdigit() for character in row.value)


def _figure(row: Row) -> tuple[str, str]:
    name = f"{row.name[:1].upper()}{row.name[1:]}"
    if row.previous == NO_MONTH_BEFORE:
        return name, row.value
    return name, f"{row.value} (month before: {row.previous})"
