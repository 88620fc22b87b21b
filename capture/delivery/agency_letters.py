"""Finds the facts of letters to the agency."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Final

from capture.campaign.gated_files import unavailable_files
from capture.campaign.model import Campaign
from capture.client_access.answers import labelled_answers
from capture.closing.cap_use import MONEY_CAP, CapUse
from capture.closing.months import campaign_groups, closings_of
from capture.delivery.request import Dropped, Request
from capture.documents.agreement.model import day, month_name
from capture.intake.quarantine_entries import QuarantineEntry, quarantine_entries
from capture.intake.signal_words import risk_signal_in_words
from capture.intake.spam import spam_signals
from capture.lead.model import Lead
from capture.ledger.messages import VISITOR, Channel, Message, MessageState
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import LeadFilter
from capture.letters import agency
from capture.letters.agency import MOST_ROWS
from capture.letters.letter import Letter
from capture.letters.quarantine import (
    QuarantineEntryFacts,
    QuarantineFacts,
    QuarantineGroup,
)
from capture.letters.quarantine import quarantine_digest as write_quarantine_digest

_OVER_BUDGET: Final = (
    "A lead whose price would cross the budget is delivered, but the client is not charged for it."
)
_OVER_CAP: Final = {
    "refuse": "A lead over the cap is recorded, and neither delivered nor billed.",
    "free": "A lead over the cap is delivered free of charge.",
}


def spam_digest(request: Request) -> Letter:
    """The spam of a day to one campaign."""
    request.check_agency()
    today = date.fromisoformat(request.message.data["day"])
    spam = [
        lead
        for lead in request.reading.leads.select(
            LeadFilter(campaign=request.message.campaign, month=f"{today:%Y-%m}"),
            newest_first=True,
        )
        if lead.review == "spam" and not lead.test
    ]
    terms = {lead.lead_id: _terms(request, lead) for lead in spam}
    of_day = [
        lead
        for lead in spam
        if lead.received_at.astimezone(terms[lead.lead_id].zone).date() == today
    ]
    if not of_day:
        raise Dropped("no lead of that day is spam any more")
    newest = terms[of_day[0].lead_id]
    facts = agency.SpamFacts(
        slug=newest.slug,
        title=newest.title,
        day=day(today),
        zone=newest.zone,
        leads=tuple(_spam_lead(request, lead, terms[lead.lead_id]) for lead in of_day),
    )
    return agency.spam_digest(request.letterhead, facts)


def quarantine_digest(request: Request) -> Letter:
    """The leads that are in quarantine now."""
    request.check_agency()
    entries = quarantine_entries(request.reading)
    if not entries:
        raise Dropped("no lead is in quarantine any more")
    groups = Counter((entry.lead.campaign, tuple(sorted(entry.names))) for entry in entries)
    examples = {
        (entry.lead.campaign, tuple(sorted(entry.names))): entry.lead.lead_id
        for entry in reversed(entries)
    }
    facts = QuarantineFacts(
        leads=tuple(_entry(request, entry) for entry in entries[:MOST_ROWS]),
        count=len(entries),
        in_review=sum(entry.lead.review == "held_back" for entry in entries),
        groups=tuple(
            QuarantineGroup(group[0], ", ".join(group[1]), count, examples[group])
            for group, count in groups.items()
        ),
    )
    return write_quarantine_digest(request.letterhead, facts)


def failed_deliveries(request: Request) -> Letter:
    """The messages that failed and were not sent since."""
    request.check_agency()
    messages = map(request.reading.outbox.get, request.message.data["messages"])
    failed = [
        _failed_delivery(request.reading, message)
        for message in messages
        if message is not None and message.state is MessageState.FAILED
    ]
    if not failed:
        raise Dropped("all of its messages were sent or dropped since")
    return agency.failed_deliveries(request.letterhead, tuple(failed))


def cap_nearly_reached(request: Request) -> Letter:
    """A monthly cap, and how much of it is used."""
    request.check_agency()
    campaign, data = request.campaign, request.message.data
    facts = agency.CapFacts(
        slug=campaign.slug,
        title=campaign.title,
        client=request.client.name,
        month=month_name(data["month"]),
        reached=CapUse(data["cap"], data["month"], data["count"], data["limit"]).in_words(
            campaign.currency
        ),
        consequence=(_OVER_BUDGET if data["cap"] == MONEY_CAP else _OVER_CAP[campaign.caps.over]),
        is_reached=data["count"] >= data["limit"],
    )
    return agency.cap_nearly_reached(request.letterhead, facts)


def campaign_ends(request: Request) -> Letter:
    """A campaign that will close by its dates."""
    request.check_agency()
    campaign = request.campaign
    closes = date.fromisoformat(request.message.data["closes"])
    if campaign.closes != closes:
        raise Dropped("the campaign has another last day by now")
    facts = agency.EndFacts(
        slug=campaign.slug,
        title=campaign.title,
        client=request.client.name,
        last_day=day(closes),
        time_zone=campaign.time_zone,
    )
    return agency.campaign_ends(request.letterhead, facts)


def missing_files(request: Request) -> Letter:
    """The files that visitors still cannot get."""
    request.check_agency()
    context = request.context
    files = unavailable_files(context.catalogue().campaigns.values(), context.gated)
    if not files:
        raise Dropped("all files can be sent again")
    return agency.missing_files(
        request.letterhead,
        tuple(
            agency.MissingFile(file.name, file.problem, ", ".join(file.campaigns)) for file in files
        ),
    )


def month_ready(request: Request) -> Letter:
    """A month of a client that is over and not closed."""
    request.check_agency()
    month = request.message.data["month"]
    open_groups = [
        group
        for group in campaign_groups(request.reading, request.now, request.message.client)
        if group.first_month <= month and month not in closings_of(request.reading, group)
    ]
    if not open_groups:
        raise Dropped("the month is closed already")
    facts = agency.MonthFacts(
        slug=request.message.client,
        client=request.client.name,
        month=month,
        month_name=month_name(month),
        campaigns=tuple(title for group in open_groups for title in group.titles.values()),
    )
    return agency.month_ready(request.letterhead, facts)


def _terms(request: Request, lead: Lead) -> Campaign:
    return saved_campaign(request.reading, lead.campaign, lead.version)


def _spam_lead(request: Request, lead: Lead, terms: Campaign) -> agency.SpamLead:
    return agency.SpamLead(
        lead_id=lead.lead_id,
        received_at=lead.received_at,
        signals=tuple(spam_signals(request.reading, lead)),
        answers=tuple(_answers(request, lead, terms)),
    )


def _entry(request: Request, entry: QuarantineEntry) -> QuarantineEntryFacts:
    lead, terms = entry.lead, _terms(request, entry.lead)
    return QuarantineEntryFacts(
        lead_id=lead.lead_id,
        slug=lead.campaign,
        zone=terms.zone,
        received_at=lead.received_at,
        held_at=entry.held_at,
        is_in_review=lead.review == "held_back",
        signals=tuple(map(risk_signal_in_words, entry.signals)),
        answers=tuple(_answers(request, lead, terms)),
    )


def _answers(request: Request, lead: Lead, terms: Campaign) -> Iterator[tuple[str, str]]:
    data = request.reading.people.personal_data(lead.lead_id)
    for answer in labelled_answers(terms, data) if data else ():
        yield answer.label, answer.text


def _failed_delivery(reading: ReadTransaction, message: Message) -> agency.FailedDelivery:
    about = f"lead {message.lead_id}" if message.lead_id else message.campaign or message.client
    if message.channel is Channel.WEBHOOK:  # what the receiver answered may be a page, or personal
        endpoint = reading.endpoints.get(message.recipient)
        return agency.FailedDelivery(
            id=message.id,
            kind=message.kind,
            recipient=f"webhook {message.recipient} of {message.client}",
            about=about,
            result=message.result,
            attempts=message.attempts,
            paused_webhook=endpoint.id if endpoint is not None and endpoint.paused_at else "",
        )
    return agency.FailedDelivery(
        id=message.id,
        kind=message.kind,
        recipient="the visitor" if message.recipient == VISITOR else message.recipient,
        about=about,
        result=message.answer.strip() or message.result,
        attempts=message.attempts,
    )
