"""A ledger of very many leads over years of closed months, for the bench of closing.

One real lead goes through the door; the others are written as it was, through the ledger, with ids,
times, addresses and links of the chain of their own. All qualify; silence accepts each two days
later, as the dispatcher would write it down. Every month but the last is closed once it is over.
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
from capture.intake.gate import Submission
from capture.intake.receive import receive_submission
from capture.lead.consent import Consent
from capture.lead.events import Actor, Event, EventKind, show_time
from capture.lead.review_window import deadline, month_of
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import PersonalData

END = "2026-10"
"""The first month after all leads: empty, and over."""
CLOSED_AFTER = timedelta(days=4)
AT_MOST = 5000
"""Leads in one transaction."""


@dataclass(frozen=True)
class Taken:
    """A lead as the door wrote it."""

    events: tuple[Event, ...]
    personal_data: PersonalData


def months_before(end: str, count: int) -> list[str]:
    """So many months before one, in their order."""
    year, number = map(int, end.split("-"))
    places = range(year * 12 + number - 1 - count, year * 12 + number - 1)
    return [f"{place // 12:04d}-{place % 12 + 1:02d}" for place in places]


def fill(folder: Path, leads: int, months: int) -> None:
    """Writes the leads, evenly over the months, and closes all of these but the last."""
    campaign = read_campaign(ROOT / "campaigns" / f"{CAMPAIGN}.toml")
    url = one_command.settings(folder)["GATEPOST_DATABASE_URL"]
    ledger = open_ledger(url, KEY.encode())
    season = months_before(END, months)
    first, end = _start(season[0], campaign), _start(END, campaign) - timedelta(days=3)
    used = _taken(ledger, campaign, first)
    waiting: deque[tuple[str, datetime]] = deque()
    closing = iter(season[:-1])
    month = next(closing, None)
    numbers = iter(range(1, leads))
    size = min(AT_MOST, leads // months // 2)
    while batch := list(itertools.islice(numbers, size)):
        now = first + (end - first) * (batch[0] / leads)
        while month is not None and month_of(now - CLOSED_AFTER, campaign) > month:
            _close(ledger, campaign, month, now, list(_lapsed(waiting, now)))
            month = next(closing, None)

        def work(records: WriteTransaction, batch: list[int] = batch) -> None:
            events: list[Event] = []
            for number in batch:
                now = first + (end - first) * (number / leads)
                events += [*_lapsed(waiting, now), *_copied(used, campaign, number, now)]
                answers = {**used.personal_data.answers, "email": f"ann@clinic-{number}.example"}
                personal_data = replace(used.personal_data, answers=answers)
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
    both = build_parties(agency, read_client(ROOT / "clients" / f"{campaign.client}.toml"))

    def work(records: WriteTransaction) -> None:
        records.append(*lapsed)
        close_month(records, campaign, both, month, now)

    ledger.transact(work)


def _taken(ledger: Ledger, campaign: Campaign, now: datetime) -> Taken:
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
    sent = Submission(answers, Consent(True, campaign.version), first_touch=touch, last_touch=touch)

    def work(records: WriteTransaction) -> Taken:
        lead_id = receive_submission(records, campaign, sent, now).lead_id
        personal_data = records.people.personal_data(lead_id)
        if personal_data is None:
            raise RuntimeError("the door kept no answers")
        return Taken(
            tuple(one.event for one in records.events.select(lead_id=lead_id)), personal_data
        )

    return ledger.transact(work)


def _copied(used: Taken, campaign: Campaign, number: int, now: datetime) -> Iterator[Event]:
    """The same events, of another lead at another time."""
    received, qualified = used.events
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


def _lapsed(waiting: deque[tuple[str, datetime]], now: datetime) -> Iterator[Event]:
    """What silence has accepted by now, in the order of the deadlines."""
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
    """Twelve characters in no order, as the door's are."""
    return f"{number * 2654435761 % 2**48:012x}"
