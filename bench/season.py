"""Fills a ledger with very many leads over years of closed months, for `bench.closing`.

One real lead goes through the intake. The others are copies with their own ids, times, addresses
and links of the chain, written through the ledger. All qualify, and silence accepts each two days
later. Every month except the last is closed after its end.
"""

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from bench import one_command
from bench.contenders import CAMPAIGN, KEY, ROOT
from capture.billing.statement import Agency, Party, build_parties
from capture.campaign.files import read_campaign, read_client
from capture.campaign.model import Campaign
from capture.closing.close import close_month
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.lead.consent import Consent
from capture.lead.events import Actor, Event, EventKind, show_time
from capture.lead.review_window import deadline, month_of
from capture.ledger import open_ledger
from capture.ledger.administration import BY_GATEPOST
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import PersonalData

END = "2026-10"
"""The first month after all leads. It is empty and over."""
CLOSED_AFTER = timedelta(days=4)
MAX_BATCH = 5000
"""Most leads in one transaction."""


@dataclass(frozen=True)
class ReceivedLead:
    """A lead as the intake recorded it."""

    events: tuple[Event, ...]
    personal_data: PersonalData


def months_before(end: str, count: int) -> list[str]:
    """The last `count` months before a month, in order."""
    year, number = map(int, end.split("-"))
    places = range(year * 12 + number - 1 - count, year * 12 + number - 1)
    return [f"{place // 12:04d}-{place % 12 + 1:02d}" for place in places]


def fill(folder: Path, leads: int, months: int) -> None:
    """Writes the leads evenly over the months, and closes every month except the last."""
    campaign = read_campaign(ROOT / "campaigns" / f"{CAMPAIGN}.toml")
    url = one_command.settings(folder)["GATEPOST_DATABASE_URL"]
    ledger = open_ledger(url, KEY.encode())
    season = months_before(END, months)
    first, end = _start(season[0], campaign), _start(END, campaign) - timedelta(days=3)
    template = _receive_template(ledger, campaign, first)
    waiting: deque[tuple[str, datetime]] = deque()
    closing = iter(season[:-1])
    month = next(closing, None)
    numbers = iter(range(1, leads))
    size = min(MAX_BATCH, leads // months // 2)
    while batch := list(itertools.islice(numbers, size)):
        now = first + (end - first) * (batch[0] / leads)
        while month is not None and month_of(now - CLOSED_AFTER, campaign) > month:
            _close(ledger, campaign, month, now, list(_silent_acceptances(waiting, now)))
            month = next(closing, None)

        def work(records: WriteTransaction, batch: list[int] = batch) -> None:
            events: list[Event] = []
            for number in batch:
                now = first + (end - first) * (number / leads)
                events += [
                    *_silent_acceptances(waiting, now),
                    *_copied_events(template, campaign, number, now),
                ]
                answers = {
                    **template.personal_data.answers,
                    "email": f"ann@clinic-{number}.example",
                }
                personal_data = replace(template.personal_data, answers=answers)
                records.people.save_personal_data(CAMPAIGN, _lead_id(number), personal_data)
                waiting.append((_lead_id(number), deadline(campaign, now)))
            records.append(*events)

        ledger.transact(work)
    ledger.close()


def _start(month: str, campaign: Campaign) -> datetime:
    return datetime.strptime(month, "%Y-%m").replace(hour=6, tzinfo=campaign.zone)


def _close(
    ledger: Ledger, campaign: Campaign, month: str, now: datetime, lapsed: list[Event]
) -> None:
    agency = Agency(Party("Northgate Leads", ("1 Main Street",)))
    parties = build_parties(agency, read_client(ROOT / "clients" / f"{campaign.client}.toml"))

    def work(records: WriteTransaction) -> None:
        records.append(*lapsed)
        close_month(records, campaign.client, parties, month, now, by=BY_GATEPOST)

    ledger.transact(work)


def _receive_template(ledger: Ledger, campaign: Campaign, now: datetime) -> ReceivedLead:
    answers = {
        "full_name": "Ann Lee",
        "email": "ann@clinic.example",
        "company": "Clinic",
        "job_title": "Head of IT",
        "industry": "Healthcare",
        "company_size": "101-500",
        "country": "US",
    }
    touch = {"path": "/how-to-choose/", "utm_source": "news", "time": show_time(now)}
    submission = Submission(
        answers, Consent(True, campaign.version), first_touch=touch, last_touch=touch
    )

    def work(records: WriteTransaction) -> ReceivedLead:
        lead_id = receive_submission(records, campaign, submission, now).lead_id
        personal_data = records.people.personal_data(lead_id)
        if personal_data is None:
            raise RuntimeError("the intake stored no answers")
        return ReceivedLead(
            tuple(recorded.event for recorded in records.events.select(lead_id=lead_id)),
            personal_data,
        )

    return ledger.transact(work)


def _copied_events(
    template: ReceivedLead, campaign: Campaign, number: int, now: datetime
) -> Iterator[Event]:
    """The events of the template for another lead at another time."""
    received, qualified = template.events
    changes = (
        (received, {"month": month_of(now, campaign)}),
        (qualified, {"deadline": show_time(deadline(campaign, now))}),
    )
    for event, data in changes:
        yield replace(
            event,
            lead_id=_lead_id(number),
            occurred_at=now,
            recorded_at=now,
            data={**event.data, **data},
        )


def _silent_acceptances(waiting: deque[tuple[str, datetime]], now: datetime) -> Iterator[Event]:
    """The acceptances by silence until now, in the order of the deadlines."""
    while waiting and waiting[0][1] <= now:
        lead_id, ended = waiting.popleft()
        data = {"silence": True}
        yield Event(
            campaign=CAMPAIGN,
            lead_id=lead_id,
            kind=EventKind.ACCEPTED,
            occurred_at=ended,
            recorded_at=ended,
            actor=Actor.SYSTEM,
            data=data,
        )


def _lead_id(number: int) -> str:
    """Twelve characters without an order, like real ids."""
    return f"{number * 2654435761 % 2**48:012x}"
