"""One year of the demonstration: leads, reviews, outcomes, quarantine, closed months, payments.

Every step is the use case that the service, the commands and the dispatcher call, with the time of
the event passed in, so the ledger is as if it had all happened.
"""

import heapq
import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Final

from capture.billing.statement import Parties
from capture.campaign.model import Campaign
from capture.closing.close import close_month
from capture.closing.documents import accounts_of, find_document
from capture.closing.payments import PaymentRequest, record_payment
from capture.demo import last_days
from capture.demo.last_days import Step
from capture.demo.people import People
from capture.demo.terms import TermsOfYear
from capture.intake.confirm import confirm_address, expire_leads
from capture.intake.quarantine import discard, release
from capture.intake.receive import receive_submission
from capture.lead.events import Actor, EventKind
from capture.ledger.administration import BY_GATEPOST
from capture.ledger.protocol import Ledger, ReadTransaction, WriteTransaction
from capture.ledger.terms import save_terms
from capture.money import from_minor
from capture.outcomes.record import Outcome, record_outcome
from capture.review.acts import (
    Act,
    accept,
    dispute,
    notify_client_of,
    record_held_meetings,
    record_silent_acceptances,
    reject,
    settle,
)

YEAR: Final = timedelta(days=365)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
LAST_DAYS: Final = timedelta(days=3)
"""The end of the year: letters and webhooks are written, hour by hour."""
_CHANGE_OF_TERMS: Final = timedelta(days=100)
"""Before the end of the year."""
_FRESH: Final = timedelta(hours=46)
"""Leads of these last hours are mostly not reviewed yet."""
_AGENCY: Final = "Ada Lee"
_REVIEWERS: Final[Mapping[str, str]] = {
    "harbor": "Carol Diaz",
    "linden": "Jonas Weber",
    "orchard": "Olivia Brooks",
}
_SHARE_OF_FORMS: Final[Mapping[str, int]] = {
    "cloud-checklist": 5,
    "payroll-trial": 3,
    "cloud-demo": 2,
    "analytics-audit": 2,
}
_HOURS_OF_DAY: Final = (8, 9, 9, 10, 10, 10, 11, 11, 12, 13, 13, 14, 14, 15, 15, 16, 17, 19, 21)


@dataclass
class Year:
    """The events of a year, step by step in the order of time."""

    terms: TermsOfYear
    parties: Mapping[str, Parties]
    """By client."""
    articles: Sequence[str]
    end: datetime
    seed: int = 1
    _queue: list[tuple[datetime, int, Step]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - no secret
        self._people = People(self._chance, self.articles)
        self._campaigns = self.terms.first

    def record(self, ledger: Ledger, leads: int, report: Callable[[float], None]) -> None:
        """Records everything but the last days, in one transaction for each day.

        `report` gets the share of the year that is done.
        """
        start = self.end - YEAR
        self._plan_forms(start, leads)
        self._plan(start, self._save_terms)
        self._plan(self.end - _CHANGE_OF_TERMS, self._change_terms)
        self._plan_month_ends(start)
        for at, step in last_days.corrections(self.end, _AGENCY, _REVIEWERS["harbor"]):
            self._plan(at, step)
        days = (YEAR - LAST_DAYS) // _DAY
        for day in range(1, days + 1):
            ledger.transact(partial(self._run, until=start + day * _DAY))
            report(day / (YEAR / _DAY))

    def record_last_days(self, ledger: Ledger, after_hour: Callable[[datetime], None]) -> None:
        """Records the last days. Calls `after_hour` after each hour, outside the transaction."""
        for hours_left in reversed(range(LAST_DAYS // _HOUR)):
            until = self.end - hours_left * _HOUR
            ledger.transact(partial(self._run, until=until))
            after_hour(until)

    def _save_terms(self, records: WriteTransaction, now: datetime) -> None:
        for campaign in self._campaigns:
            save_terms(records, campaign, now)

    def _change_terms(self, records: WriteTransaction, now: datetime) -> None:
        self._campaigns = self.terms.changed
        self._save_terms(records, now)

    def _plan_forms(self, start: datetime, leads: int) -> None:
        fresh = min(leads // 20, 16)
        group = last_days.FORMS_OF_NETWORK if leads > 200 else 0
        for at in self._arrivals(start, leads - fresh - group):
            self._plan(at, self._receive)
        for number in range(fresh):
            self._plan(self.end - _FRESH * (number + 0.5) / fresh, self._receive)
        for number in range(group):
            at = self.end - 20 * _HOUR + number * timedelta(minutes=25)
            self._plan(at, partial(self._receive, network=last_days.NETWORK))

    def _arrivals(self, start: datetime, leads: int) -> list[datetime]:
        """Times of forms: more in each month than in the one before, few on weekends."""
        days = [start + number * _DAY for number in range(YEAR // _DAY)]
        weights = [
            (0.25 if day.weekday() >= 5 else 1.0) * (0.55 + number / len(days))
            for number, day in enumerate(days)
        ]
        return [
            day.replace(hour=self._chance.choice(_HOURS_OF_DAY), minute=self._chance.randint(0, 59))
            + timedelta(seconds=self._chance.randint(0, 59))
            for day in self._chance.choices(days, weights, k=leads)
        ]

    def _plan(self, at: datetime, step: Step) -> None:
        if at < self.end:
            heapq.heappush(self._queue, (at, next(self._numbers), step))

    def _run(self, records: WriteTransaction, until: datetime) -> None:
        while self._queue and self._queue[0][0] < until:
            at, _, step = heapq.heappop(self._queue)
            # A step may have become impossible, such as a review after a withdrawal.
            records.attempt(partial(step, now=at))
        expire_leads(records, until)
        record_silent_acceptances(records, until)  # as the dispatcher does
        record_held_meetings(records, until)

    # A lead.

    def _receive(self, records: WriteTransaction, now: datetime, network: str = "") -> None:
        """`network`: the IP address of a group of forms to the first campaign."""
        weights = [_SHARE_OF_FORMS[campaign.slug] for campaign in self._campaigns]
        terms = self._chance.choices(self._campaigns, weights)[0]
        if network:
            terms = next(each for each in self._campaigns if each.slug == "cloud-checklist")
        submission = self._people.submission(terms, now, network)
        lead_id = receive_submission(records, terms, submission, now).lead_id
        self._follow(records, lead_id, terms, now)

    def _follow(
        self, records: WriteTransaction, lead_id: str, terms: Campaign, now: datetime
    ) -> None:
        """Plans what the stage of the lead leads to."""
        lead = records.leads.get(lead_id)
        is_new = now > self.end - 2 * _DAY  # some of these still wait in the demonstration
        share = 0.3 if is_new else 0.85
        if lead is not None and lead.review == "unconfirmed" and self._chance.random() < share:
            self._plan(
                now + self._hours(0.05, 9), partial(self._confirm, lead_id=lead_id, terms=terms)
            )
        if lead is not None and lead.review == "quarantined":
            is_old = now < self.end - LAST_DAYS
            if is_old or self._chance.random() < 0.3:
                self._plan(
                    now + self._hours(2, 40),
                    partial(self._check, lead_id=lead_id, terms=terms),
                )
        if lead is not None and lead.review == "qualified":
            if now < self.end - LAST_DAYS:
                self._plan(now + timedelta(minutes=1), partial(self._notify, lead_id=lead_id))
            self._plan_review(lead_id, terms, now)

    def _confirm(
        self, records: WriteTransaction, now: datetime, *, lead_id: str, terms: Campaign
    ) -> None:
        confirm_address(records, lead_id, now)
        self._follow(records, lead_id, terms, now)

    def _check(
        self, records: WriteTransaction, now: datetime, *, lead_id: str, terms: Campaign
    ) -> None:
        if self._chance.random() < 0.55:
            release(records, lead_id, _AGENCY, now, "called, is real")
            self._follow(records, lead_id, terms, now)
        else:
            discard(records, lead_id, _AGENCY, now)

    @staticmethod
    def _notify(records: WriteTransaction, now: datetime, *, lead_id: str) -> None:
        lead = records.leads.get(lead_id)
        if lead is not None:
            notify_client_of(records, [lead], now)

    def _plan_review(self, lead_id: str, terms: Campaign, now: datetime) -> None:
        """The client accepts most leads, rejects some, and leaves the others to silence."""
        draw, at = self._chance.random(), now + self._hours(1.5, 44)
        if now > self.end - _FRESH:
            at += self._hours(0, 40)
        act = Act(lead_id, _REVIEWERS[terms.client], Actor.CLIENT)
        if draw < 0.62:
            self._plan(at, partial(self._accept, act=act, terms=terms))
        elif draw < 0.77:
            reason = self._chance.choice(list(terms.review.reasons))
            self._plan(at, partial(self._reject, act=act, reason=reason))
        else:
            self._plan_outcomes(lead_id, terms, now + timedelta(days=4))

    def _accept(
        self, records: WriteTransaction, now: datetime, *, act: Act, terms: Campaign
    ) -> None:
        accept(records, act, now)
        self._plan_outcomes(act.lead_id, terms, now)

    def _reject(self, records: WriteTransaction, now: datetime, *, act: Act, reason: str) -> None:
        reject(records, act, reason, now)
        if self._chance.random() < 0.12:
            agency = Act(act.lead_id, _AGENCY, Actor.AGENCY, "the form says otherwise")
            self._plan(now + _DAY, partial(dispute, act=agency))
            if self._chance.random() < 0.5:
                self._plan(now + 3 * _DAY, partial(settle, act=act))

    # What becomes of an accepted lead.

    def _plan_outcomes(self, lead_id: str, terms: Campaign, now: datetime) -> None:
        chance = self._chance
        if terms.price.model == "cpap" or chance.random() < 0.35:
            if chance.random() < 0.72:
                self._plan_meeting(lead_id, terms, now + self._hours(4, 70))
        elif chance.random() < 0.22:
            self._plan_sale(lead_id, terms, now + timedelta(days=chance.randint(6, 50)))

    def _plan_meeting(self, lead_id: str, terms: Campaign, booked: datetime) -> None:
        chance = self._chance
        meeting = (booked + timedelta(days=chance.randint(2, 12))).replace(
            hour=chance.randint(9, 16), minute=0, second=0
        )
        self._plan_outcome(lead_id, terms, EventKind.SCHEDULED, booked, meeting_at=meeting)
        draw = chance.random()
        after = meeting + _HOUR
        if draw < 0.68:
            self._plan_outcome(lead_id, terms, EventKind.HELD, after)
            if chance.random() < 0.34:
                self._plan_sale(lead_id, terms, after + timedelta(days=chance.randint(5, 45)))
        elif draw < 0.8:
            self._plan_outcome(lead_id, terms, EventKind.NO_SHOW, after)

    def _plan_sale(self, lead_id: str, terms: Campaign, at: datetime) -> None:
        amount = Decimal(self._chance.randint(12, 160) * 50)
        self._plan_outcome(lead_id, terms, EventKind.WON, at, amount=amount)
        if self._chance.random() < 0.05:
            self._plan_outcome(
                lead_id, terms, EventKind.REFUNDED, at + timedelta(days=14), amount=amount
            )
        elif terms.price.model == "revenue_share":
            for month in range(1, 12):
                self._plan_outcome(
                    lead_id,
                    terms,
                    EventKind.REVENUE,
                    at + timedelta(days=31 * month),
                    amount=(amount / 4).quantize(Decimal(1)),
                )

    def _plan_outcome(  # noqa: PLR0913 - the facts of an outcome
        self,
        lead_id: str,
        terms: Campaign,
        kind: EventKind,
        at: datetime,
        *,
        meeting_at: datetime | None = None,
        amount: Decimal | None = None,
    ) -> None:
        by = _REVIEWERS[terms.client]

        def record(records: WriteTransaction, now: datetime) -> None:
            period = now.astimezone(terms.zone).date().replace(day=1)
            record_outcome(
                records,
                Outcome(
                    lead_id,
                    kind,
                    Actor.CLIENT,
                    by,
                    occurred_at=now,
                    meeting_at=meeting_at,
                    amount=amount,
                    period=period if kind is EventKind.REVENUE else None,
                    timed=False,
                ),
                now,
            )

        self._plan(at, record)

    # Months.

    def _plan_month_ends(self, start: datetime) -> None:
        """Each month is closed on the third of the next one. The last one waits for the agency."""
        first = date(start.year, start.month, 1)
        for months in range(1, 13):
            year, month = divmod(first.month - 1 + months, 12)
            closing_day = datetime(first.year + year, month + 1, 3, 9, tzinfo=UTC)
            if closing_day > self.end - 5 * _DAY:
                break
            name = f"{(closing_day - 5 * _DAY):%Y-%m}"
            is_last = closing_day > self.end - 36 * _DAY
            for client, parties in self.parties.items():
                if is_last and client == last_days.WAITING:
                    continue
                self._plan(
                    closing_day,
                    partial(self._close, client=client, parties=parties, month=name),
                )

    def _close(
        self,
        records: WriteTransaction,
        now: datetime,
        *,
        client: str,
        parties: Parties,
        month: str,
    ) -> None:
        for closing in close_month(records, client, parties, month, now, by=BY_GATEPOST):
            if closing.number and not last_days.is_left_unpaid(client, now, self.end):
                self._plan_payment(closing.number, now)

    def _plan_payment(self, number: str, now: datetime) -> None:
        """Most are paid in time, some late, and some in two parts."""
        at = now + timedelta(days=self._chance.choice((9, 14, 21, 27, 29, 36, 48)))
        in_parts = self._chance.random() < 0.1

        def pay(records: WriteTransaction, now: datetime, *, parts: int = 1) -> None:
            open_amount = _open_amount(records, number)
            amount = (open_amount / parts).quantize(open_amount)
            if amount > 0:
                record_payment(
                    records, PaymentRequest(number, amount, now.date()), now, by=BY_GATEPOST
                )

        self._plan(at, partial(pay, parts=2 if in_parts else 1))
        if in_parts:
            self._plan(at + 12 * _DAY, pay)

    def _hours(self, least: float, most: float) -> timedelta:
        return timedelta(hours=self._chance.uniform(least, most))


def _open_amount(reading: ReadTransaction, number: str) -> Decimal:
    """What a document still asks for, in major units."""
    client = find_document(reading, number).client
    for account in accounts_of(reading, client):
        for entry in account.entries:
            if entry.document.number == number:
                return from_minor(entry.open, account.currency)
    return Decimal(0)
