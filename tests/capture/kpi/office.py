"""A ledger with leads and outcomes, for the tests of figures."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from capture.campaign.model import Campaign
from capture.closing.close import close_month
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.kpi.gathering import KpiQuery, gather_figures
from capture.kpi.grouping import CurrencyFigures
from capture.lead.events import Actor, EventKind
from capture.ledger.administration import BY_GATEPOST
from capture.ledger.protocol import Ledger
from capture.outcomes.record import Outcome
from capture.outcomes.repeats import record_once
from capture.review.acts import Act, accept, reject
from tests.samples import ANSWERS, CAMPAIGN, NOW, PARTIES, campaign, consent_to

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
GUIDE = campaign()
YEN = campaign(slug="yen", text=CAMPAIGN.replace("USD", "JPY"))
SHARE = campaign(
    slug="share",
    text=CAMPAIGN.replace(
        'model = "cpl"\nrate = 50\nbillable = "accepted"',
        'model = "revenue_share"\npercent = 15\nmonths = 12\nbillable = "revenue"',
    ),
)


class Office:
    """A ledger, with methods to record leads and outcomes."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.number = 0

    def receive(self, terms: Campaign = GUIDE, at: datetime = NOW, **more: object) -> str:
        """Receives a submission of another person; returns the lead's id."""
        self.number += 1
        answers = ANSWERS | {"email": f"ann@clinic{self.number}.example"}
        answers = answers | more.pop("answers", {})  # type: ignore[operator]
        submission = replace(Submission(answers, consent_to(terms.version)), **more)  # type: ignore[arg-type]
        return self.ledger.transact(
            lambda records: receive_submission(records, terms, submission, at)
        ).lead_id

    def accept(self, lead_id: str, at: datetime = NOW + HOUR) -> None:
        self.ledger.transact(
            lambda records: accept(records, Act(lead_id, "Carol", Actor.CLIENT), at)
        )

    def enter_acceptance(self, lead_id: str, at: datetime = NOW + HOUR) -> None:
        """Records a review that the agency enters for the client; it is final at its deadline."""
        self.ledger.transact(lambda records: accept(records, Act(lead_id, "Ada", Actor.AGENCY), at))

    def reject(self, lead_id: str, at: datetime = NOW + HOUR) -> None:
        act = Act(lead_id, "Carol", Actor.CLIENT)
        self.ledger.transact(lambda records: reject(records, act, "too_small", at))

    def record(self, lead_id: str, kind: EventKind, at: datetime, **more: object) -> None:
        outcome = Outcome(lead_id, kind, Actor.CLIENT, "Carol", occurred_at=at)
        outcome = replace(outcome, **more)  # type: ignore[arg-type]
        self.ledger.transact(lambda records: record_once(records, outcome, at))

    def close(self, terms: Campaign = GUIDE, month: str = "2026-11") -> None:
        at = datetime(2027, 3, 5, tzinfo=UTC) if month > "2026-11" else DECEMBER
        self.ledger.transact(
            lambda records: close_month(records, terms.client, PARTIES, month, at, by=BY_GATEPOST)
        )

    def gather(self, *terms: Campaign, now: datetime = DECEMBER, **more: object) -> CurrencyFigures:
        query = KpiQuery(terms or (GUIDE,), now, **more)  # type: ignore[arg-type]
        return self.ledger.read(lambda reading: gather_figures(reading, query))[0]
