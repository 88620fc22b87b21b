"""The letters to clients that follow from the clock: the digest of new leads, and the reports.

Each has its day in its key, so it is queued once, however often the clock is read. Days begin and
end in the campaign's zone.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from capture.campaign.catalogue import Catalogue
from capture.campaign.client import Client
from capture.campaign.model import Campaign, Notice
from capture.delivery.event_messages import morning_of
from capture.lead.events import EventKind
from capture.lead.model import Lead
from capture.ledger.messages import Channel, NewMessage
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.review.acts import is_unnotified

_DAY: Final = timedelta(days=1)
_REPORT_DAYS: Final = 3
"""A report is late for at most so many days; after that it is not sent."""


def digests(reading: ReadTransaction, catalogue: Catalogue, now: datetime) -> Iterator[NewMessage]:
    """Today's digest of each campaign with leads of which nobody was notified."""
    for slug in reading.campaigns.slugs():
        leads = [lead for lead in reading.leads.unnotified(slug) if is_unnotified(lead)]
        if leads:
            yield from _digests_of(reading, catalogue, slug, leads, now)


def _digests_of(
    reading: ReadTransaction,
    catalogue: Catalogue,
    slug: str,
    leads: list[Lead],
    now: datetime,
) -> Iterator[NewMessage]:
    client = catalogue.clients.get(leads[0].client)
    zone = saved_campaign(reading, slug, leads[0].version).zone
    today = now.astimezone(zone).date()
    morning = morning_of(today, zone)
    if client is None or now < morning:
        return
    keys = {
        address: f"leads_digest:{slug}:{today}:{address}" for address in client.contacts.notices
    }
    if len(reading.outbox.by_key(keys.values())) == len(keys):  # today's digest is queued
        return
    ids = [lead.lead_id for lead in leads if _is_in_digest(reading, lead, client, morning)]
    for address, key in keys.items() if ids else ():
        yield NewMessage(
            key=key,
            channel=Channel.MAIL,
            kind="leads_digest",
            recipient=address,
            queued_at=now,
            due_at=now,
            expires_at=morning_of(today + _DAY, zone),  # the next one has these leads as well
            client=client.slug,
            campaign=slug,
            data={"leads": ids},
        )


def _is_in_digest(reading: ReadTransaction, lead: Lead, client: Client, morning: datetime) -> bool:
    """Whether the client is notified of the lead by this morning's digest.

    A client that gets a letter for each lead gets a digest only of leads without one to any of its
    addresses: they qualified while its file asked for a digest, had no address, or had another one.
    """
    terms = saved_campaign(reading, lead.campaign, lead.version)
    if terms.review.notice is not Notice.EMAIL or lead.received_at >= morning:
        return False
    if client.notice_frequency != "daily":
        letters = reading.outbox.select(lead_id=lead.lead_id, kind="lead_to_review")
        if any(letter.recipient in client.contacts.notices for letter in letters):
            return False
    *_, newest = (
        recorded
        for recorded in reading.events.select(lead_id=lead.lead_id)
        if recorded.event.kind is EventKind.QUALIFIED
    )
    # Its e-mail domain is looked up when that event is planned.
    is_planned = newest.sequence <= reading.outbox.last_planned_event()
    return is_planned and newest.event.recorded_at < morning


def reports(catalogue: Catalogue, now: datetime) -> Iterator[NewMessage]:
    """The newest report of each campaign whose file promises reports."""
    for campaign in catalogue.campaigns.values():
        client = catalogue.clients.get(campaign.client)
        day = _report_day(campaign, now)
        if client is not None and day is not None:
            yield from _reports_of(campaign, client, day, now)


def _reports_of(
    campaign: Campaign, client: Client, day: date, now: datetime
) -> Iterator[NewMessage]:
    last_day = day - _DAY
    for address in client.contacts.report_recipients:
        yield NewMessage(
            key=f"report:{campaign.slug}:{day}:{address}",
            channel=Channel.MAIL,
            kind="report",
            recipient=address,
            queued_at=now,
            due_at=now,
            expires_at=morning_of(day, campaign.zone) + _REPORT_DAYS * _DAY,
            client=campaign.client,
            campaign=campaign.slug,
            data={"month": f"{last_day:%Y-%m}", "until": last_day.isoformat()},
        )


def _report_day(campaign: Campaign, now: datetime) -> date | None:
    """The last day on which a report was due, if that is not long ago."""
    if campaign.reporting is None:
        return None
    today = now.astimezone(campaign.zone).date()
    for day in (today - number * _DAY for number in range(_REPORT_DAYS)):
        is_monday = campaign.reporting.every == "week" and day.weekday() == 0
        if (day.day == 1 or is_monday) and morning_of(day, campaign.zone) <= now:
            return day
    return None
