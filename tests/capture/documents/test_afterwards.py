"""What the agreement says of refunds, churn, returns and cancellations is what is billed."""

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

Deed = Callable[[Desk, Lead], object]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", b"a key for tests only")
    yield Desk(ledger)
    ledger.close()


def day(month: int, number: int) -> datetime:
    return datetime(2027, month, number, 15, tzinfo=UTC)


def full(desk: Desk, lead: Lead) -> None:
    desk.client(lead, EventKind.REFUNDED, day(2, 20), amount=Decimal(300))


def part(desk: Desk, lead: Lead) -> None:
    period = {"period": date(2027, 2, 10)} if desk.terms.price.months else {}
    desk.client(lead, EventKind.REFUNDED, day(1, 20), amount=Decimal(50), **period)


def left(desk: Desk, lead: Lead) -> None:
    desk.client(lead, EventKind.CHURNED, day(2, 5))


def back(desk: Desk, lead: Lead) -> None:
    left(desk, lead)
    desk.client(lead, EventKind.WON, day(3, 1), amount=Decimal(300))


def again(desk: Desk, lead: Lead) -> None:
    more = {"amount": Decimal(50), "period": date(2027, 2, 10)}
    desk.client(lead, EventKind.REVENUE, day(1, 11), **more)


def in_time(desk: Desk, lead: Lead) -> None:
    desk.client(lead, EventKind.SCHEDULED, day(1, 11), meeting_at=day(1, 15))
    desk.client(lead, EventKind.CANCELLED, day(1, 14))


def late(desk: Desk, lead: Lead) -> None:
    desk.client(lead, EventKind.SCHEDULED, day(1, 11), meeting_at=day(1, 15))
    desk.client(lead, EventKind.CANCELLED, day(1, 15))


def missed(desk: Desk, lead: Lead) -> None:
    desk.client(lead, EventKind.SCHEDULED, day(1, 11), meeting_at=day(1, 15))
    desk.client(lead, EventKind.NO_SHOW, day(1, 15))


def nothing(desk: Desk, lead: Lead) -> None: ...


@pytest.mark.parametrize("price", PRICES)
def test_the_agreement_says_each_of_billings_sentences_word_for_word(price: str) -> None:
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
    ("price", "deed", "sentence", "billed"),
    [
        (SHARE, nothing, "until the same day 3 months later", [1500, 1500, 1500]),
        (SHARE, full, "begins on the day of that refund or later. Earlier", [1500, 1500]),
        (f"{SHARE}\nrefund_days = 30", full, "or in the 30 days before it", [1500]),
        (SHARE, part, "It reduces the line of each of these", [1500, 750, 1500]),
        (SHARE, left, "No month counts that begins on the day on which", [1500]),
        (SHARE, back, "months that begin on the day of the return or later", [1500, 1500]),
        (SHARE, again, "Several amounts for one month add up", [1500, 2250, 1500]),
        (SALE, full, "A refund to the customer changes no line.", [10000]),
        (f"{SALE}\nrefund_days = 41", full, "within 41 days of the sale reduces the line", []),
        (f"{SALE}\nrefund_days = 40", full, "A later refund changes no line.", [10000]),
        (f"{SALE}\nrefund_days = 41", part, "in proportion", [8333]),
        (SALE, back, "One who returns is no second acquisition", [10000]),
        (CPL, full, "What becomes of a sale changes no line: a refund", [5000]),
        (CPL, back, "one who returns", [5000]),
        (BOOKED, in_time, "cancelled without charge until the appointment's time", []),
        (BOOKED, late, "One that is cancelled or moved later", [30000]),
        (BOOKED, missed, "to which the person does not come, is charged", [30000]),
        (HELD, in_time, "An appointment that was cancelled", []),
        (HELD, missed, "or to which the person did not come, costs nothing", []),
    ],
)
def test_what_the_agreement_says_is_what_is_billed(
    desk: Desk, price: str, deed: Deed, sentence: str, billed: list[int]
) -> None:
    terms = priced(price)
    lead = sold(desk, terms)
    deed(desk, lead)
    months = [("2027-01", day(2, 2)), ("2027-02", day(3, 2)), ("2027-03", day(4, 2))]
    lines = [amounts(desk.close(month, at)) for month, at in months]
    assert sentence in "\n".join(texts(agreement(terms, CLIENT, AGENCY)))
    assert [amount for line in lines for amount in line] == billed


def sold(desk: Desk, terms: Campaign) -> Lead:
    """For 300 USD; under a share of revenue a hundred a month, three of them."""
    lead = desk.take(terms, JANUARY)
    desk.client(lead, EventKind.WON, JANUARY, amount=Decimal(300))
    if terms.price.months:
        paid = {"amount": Decimal(300), "period": date(2027, 1, 10), "months": 3}
        desk.client(lead, EventKind.REVENUE, JANUARY, **paid)
    return lead
