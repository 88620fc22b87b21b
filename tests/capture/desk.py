"""A ledger with one campaign, and methods for what its agency and client do with its leads."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from capture.billing.statement import Statement
from capture.campaign.model import Campaign
from capture.closing.charged_lines import draw_month
from capture.closing.close import read_statement
from capture.closing.credit import Correction, CorrectionRequest, issue_credit
from capture.intake.receive import receive_submission
from capture.lead.events import Actor, EventKind
from capture.lead.model import Lead
from capture.ledger.protocol import Ledger, ReadTransaction
from capture.outcomes.record import Outcome
from capture.outcomes.repeats import record_once
from capture.review.acts import Act, accept
from tests.capture.months import close_one, preview_one
from tests.samples import CAMPAIGN, NOW, PARTIES, campaign, submission

DAY = timedelta(days=1)


def priced(price: str) -> Campaign:
    """The sample campaign with the price section `price`."""
    return campaign(text=CAMPAIGN.replace('model = "cpl"\nrate = 50\nbillable = "accepted"', price))


HELD = priced('model = "cpap"\nrate = 250\nbillable = "held"')
BOOKED = priced('model = "cpap"\nrate = 300\nbillable = "scheduled"')
WON = priced('model = "cpa"\npercent = 10\nbillable = "won"\nrefund_days = 30')
SHARE = priced('model = "revenue_share"\npercent = 15\nmonths = 12\nbillable = "revenue"')


class Desk:
    """One ledger, one campaign, and methods for what client and agency do with its leads."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.terms = campaign()
        self.parties = PARTIES

    def take(self, terms: Campaign, at: datetime = NOW, **answers: str) -> Lead:
        """Receives a lead that qualifies, and accepts it for the client; returns it."""
        self.terms = terms
        sent = submission(terms, **answers)
        created = self.ledger.transact(lambda records: receive_submission(records, terms, sent, at))
        return self.act(accept, created.lead_id, at)

    def act(self, what: Callable[..., Lead], lead_id: str, at: datetime, *more: str) -> Lead:
        return self.ledger.transact(
            lambda records: what(records, Act(lead_id, "Carol", Actor.CLIENT), *more, at)
        )

    def report(self, lead: Lead, kind: EventKind, at: datetime, **more: object) -> Lead:
        outcome = Outcome(lead.lead_id, kind, Actor.AGENCY, "Ada", occurred_at=at)
        outcome = replace(outcome, **more)  # type: ignore[arg-type]
        return self.ledger.transact(lambda records: record_once(records, outcome, at))

    def client(self, lead: Lead, kind: EventKind, at: datetime, **more: object) -> Lead:
        return self.report(lead, kind, at, actor=Actor.CLIENT, by="Carol", **more)

    def credit(self, lead: Lead, amount: Decimal | None) -> Correction:
        request = CorrectionRequest(
            "acme-0001", lead.lead_id, "goodwill", amount=amount, again=True
        )
        return self.ledger.transact(
            lambda records: issue_credit(records, request, "Ada", NOW + 9 * DAY)
        )

    def bill(self, month: str, as_of: datetime) -> Statement:
        return self.ledger.read(
            lambda reading: preview_one(reading, month, as_of, parties=self.parties)
        )

    def close(self, month: str, now: datetime) -> Statement:
        """Closes a month; returns its statement, even if it bills nothing."""
        closed_statement = self.ledger.transact(
            lambda records: close_one(
                records, month, now, parties=self.parties, empty_statement=True
            )
        )
        assert closed_statement is not None
        return read_statement(closed_statement)


def exported(desk: Desk, month: str, as_of: datetime) -> list[str]:
    def look(reading: ReadTransaction) -> list[str]:
        return [one.line.lead_id for one in draw_month(reading, "guide", month, as_of).lines]

    return desk.ledger.read(look)


def amounts(bill: Statement) -> list[int]:
    return [line.amount for line in bill.lines]
