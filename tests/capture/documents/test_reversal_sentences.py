"""The agreement's sentences on refunds, churn, returns and cancellations agree with billing."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from capture.billing.reversals import PERIOD_RULES, rule_sentences
from capture.campaign.model import Campaign
from capture.documents.agreement.document import agreement
from capture.lead.events import EventKind
from capture.lead.model import Lead
from capture.ledger import open_ledger
from tests.capture.desk import Desk, amounts, priced
from tests.capture.documents.conftest import AGENCY, CLIENT, texts

JANUARY = datetime(2027, 1, 10, 15, tzinfo=UTC)
SHARE = 'model = "revenue_share"\npercent = 15\nmonths = 3\nbillable = "revenue"'
CPL = 'model = "cpl"\nrate = 50\nbillable = "accepted"'
SALE = 'model = "cpa"\nrate = 100\nbillable = "won"'
BOOKED = 'model = "cpap"\nrate = 300\nbillable = "scheduled"'
HELD = 'model = "cpap"\nrate = 250\nbillable = "held"'
PRICES = [CPL, BOOKED, HELD, SALE, f"{SALE}\nrefund_days = 30", SHARE, f"{SHARE}\nrefund_days = 30"]

Action = Callable[[Desk, Lead], object]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", b"a key for tests only")
    yield Desk(ledger)
    ledger.close()


def day(month: int, number: int) -> datetime:
    return datetime(2027, month, number, 15, tzinfo=UTC)


def full_refund(desk: Desk, lead: Lead) -> None:
    desk.client(lead, EventKind.REFUNDED, day(2, 20), amount=Decimal(300))


def partial_refund(desk: Desk, lead: Lead) -> None:
    period = {"period": date(2027, 2, 10)} if desk.terms.price.months else {}
    desk.client(lead, EventKind.REFUNDED, day(1, 20), amount=Decimal(50), **period)


def churn(desk: Desk, lead: Lead) -> None:
    desk.client(lead, EventKind.CHURNED, day(2, 5))


def churn_and_return(desk: Desk, lead: Lead) -> None:
    churn(desk, lead)
    desk.client(lead, EventKind.WON, day(3, 1), amount=Decimal(300))


def second_amount(desk: Desk, lead: Lead) -> None:
    more = {"amount": Decimal(50), "period": date(2027, 2, 10)}
    desk.client(lead, EventKind.REVENUE, day(1, 11), **more)


def cancel_in_time(desk: Desk, lead: Lead) -> None:
    desk.client(lead, EventKind.SCHEDULED, day(1, 11), meeting_at=day(1, 15))
    desk.client(lead, EventKind.CANCELLED, day(1, 14))


def cancel_late(desk: Desk, lead: Lead) -> None:
    desk.client(lead, EventKind.SCHEDULED, day(1, 11), meeting_at=day(1, 15))
    desk.client(lead, EventKind.CANCELLED, day(1, 15))


def no_show(desk: Desk, lead: Lead) -> None:
    desk.client(lead, EventKind.SCHEDULED, day(1, 11), meeting_at=day(1, 15))
    desk.client(lead, EventKind.NO_SHOW, day(1, 15))


def nothing(desk: Desk, lead: Lead) -> None: ...


@pytest.mark.parametrize("price", PRICES)
def test_the_agreement_contains_each_sentence_of_the_billing_rules_word_for_word(
    price: str,
) -> None:
    terms = priced(price)
    parts = texts(agreement(terms, CLIENT, AGENCY))
    assert len(rule_sentences(terms.price)) == len(set(rule_sentences(terms.price))) > 0
    assert [text for text in parts if text in rule_sentences(terms.price)] == rule_sentences(
        terms.price
    )


def test_every_rule_that_excludes_a_period_has_its_sentence() -> None:
    terms = priced(SHARE)
    assert [rule.sentence(terms.price) for rule in PERIOD_RULES] == rule_sentences(terms.price)[:3]


@pytest.mark.parametrize(
    ("price", "action", "sentence", "billed"),
    [
        (SHARE, nothing, "until the same day 3 months later", [1500, 1500, 1500]),
        (SHARE, full_refund, "begins on the day of that refund or later. Earlier", [1500, 1500]),
        (f"{SHARE}\nrefund_days = 30", full_refund, "or in the 30 days before it", [1500]),
        (SHARE, partial_refund, "It reduces the line of each of these", [1500, 750, 1500]),
        (SHARE, churn, "No month counts that begins on the day on which", [1500]),
        (
            SHARE,
            churn_and_return,
            "months that begin on the day of the return or later",
            [1500, 1500],
        ),
        (SHARE, second_amount, "Several amounts for one month add up", [1500, 2250, 1500]),
        (SALE, full_refund, "A refund to the customer changes no line.", [10000]),
        (
            f"{SALE}\nrefund_days = 41",
            full_refund,
            "within 41 days of the sale reduces the line",
            [],
        ),
        (f"{SALE}\nrefund_days = 40", full_refund, "A later refund changes no line.", [10000]),
        (f"{SALE}\nrefund_days = 41", partial_refund, "in proportion", [8333]),
        (SALE, churn_and_return, "One who returns is no second acquisition", [10000]),
        (CPL, full_refund, "What becomes of a sale changes no line: a refund", [5000]),
        (CPL, churn_and_return, "one who returns", [5000]),
        (BOOKED, cancel_in_time, "cancelled without charge until the appointment's time", []),
        (BOOKED, cancel_late, "One that is cancelled or moved later", [30000]),
        (BOOKED, no_show, "to which the person does not come, is charged", [30000]),
        (HELD, cancel_in_time, "An appointment that was cancelled", []),
        (HELD, no_show, "or to which the person did not come, costs nothing", []),
    ],
)
def test_billing_follows_the_sentence_of_the_agreement(
    desk: Desk, price: str, action: Action, sentence: str, billed: list[int]
) -> None:
    terms = priced(price)
    lead = won_lead(desk, terms)
    action(desk, lead)
    months = [("2027-01", day(2, 2)), ("2027-02", day(3, 2)), ("2027-03", day(4, 2))]
    lines = [amounts(desk.close(month, at)) for month, at in months]
    assert sentence in "\n".join(texts(agreement(terms, CLIENT, AGENCY)))
    assert [amount for line in lines for amount in line] == billed


def won_lead(desk: Desk, terms: Campaign) -> Lead:
    """A lead won for 300 USD; under a share of revenue, 100 USD in each of three months."""
    lead = desk.take(terms, JANUARY)
    desk.client(lead, EventKind.WON, JANUARY, amount=Decimal(300))
    if terms.price.months:
        paid = {"amount": Decimal(300), "period": date(2027, 1, 10), "months": 3}
        desk.client(lead, EventKind.REVENUE, JANUARY, **paid)
    return lead
