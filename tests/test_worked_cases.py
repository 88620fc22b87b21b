"""The five agreements that Gatepost was made for, each from the form to the bill.

People post real forms to the real service under a clock of November 2026; then the agency
works with the real command and the client with the API, at moments of their own.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
import time_machine
from flask.testing import FlaskClient

from capture.client_access.api_tokens import add_token, new_token
from capture.web.app import create_app
from capture.web.config import WebConfig
from tests.cli.running import CommandResult, runner
from tests.needs import needs
from tests.samples import NOW
from tests.service import ROOT, Service, make_project, person

pytestmark = pytest.mark.server

POSTED: Final = "2026-11-03 15:00:00"
"""In UTC: ten o'clock in New York."""
NOVEMBER_CLOSES: Final = datetime(2026, 12, 1, 15, tzinfo=UTC)
DECEMBER_CLOSES: Final = datetime(2027, 1, 4, 15, tzinfo=UTC)

VP: Final = '[criteria.job_title]\nmatches = ["VP of Operations"]\n\n'
SHARE: Final = 'model = "revenue_share"\nbillable = "revenue"\npercent = 15\nmonths = 12'
ALIKE: Final[Mapping[str, tuple[str, str]]] = {
    "demo-booked": ('model = "cpap"\nbillable = "scheduled"\nrate = 300.00', VP),
    "first-purchase": ('model = "cpa"\nbillable = "won"\npercent = 10\nrefund_days = 30', ""),
    "recurring": (SHARE, ""),
    "refundable": (f"{SHARE}\nrefund_days = 30", ""),
    "not-refundable": (f"{SHARE}  # and no refund_days", ""),
    "returning": (f"{SHARE}  # for one who returns", ""),
}
"""Campaigns beside the two that we ship: price, and criteria if they differ."""


def like_demo(price: str, criteria: str) -> str:
    """The shipped demo campaign under another price, and perhaps other criteria."""
    text = (ROOT / "campaigns" / "acme-demo.toml").read_text()
    wanted, cost, review = (
        text.index(table) for table in ("[criteria.decision_maker]", "[price]", "[review]")
    )
    return f"{text[:wanted]}{criteria or text[wanted:cost]}[price]\n{price}\n\n{text[review:]}"


def demo(**changes: str) -> dict[str, str]:
    """Somebody who decides, at a company of over 50."""
    return person(company_size="51-200", job_title="CEO") | changes


PEOPLE: Final[Mapping[str, tuple[str, dict[str, str]]]] = {
    "Ann": ("acme-cloud-guide", person(company_size="101-500")),
    "a hundred employees": ("acme-cloud-guide", person(company_size="51-100")),
    "a shop": ("acme-cloud-guide", person(industry="Retail")),
    "a customer": ("acme-cloud-guide", person(company_size="1001+")),
    "Bob": ("acme-demo", demo(job_title="Head of Sales")),
    "an assistant": ("acme-demo", demo(job_title="Assistant to the CEO")),
    "fifty employees": ("acme-demo", demo(company_size="1-50")),
    "nobody came": ("acme-demo", demo()),
    "Cy": ("demo-booked", demo(job_title="Vice President, Operations")),
    "VP of Sales": ("demo-booked", demo(job_title="VP of Sales")),
    "cancelled": ("demo-booked", demo(job_title="VP Operations")),
    "Dee": ("first-purchase", demo()),
    "never bought": ("first-purchase", demo()),
    "gave all back": ("first-purchase", demo()),
    "Ed": ("recurring", demo()),
    "lost": ("recurring", demo()),
    "paid back": ("refundable", demo()),
    "paid back late": ("not-refundable", demo()),
    "came back": ("returning", demo()),
}
"""By what they are to these tests: the campaign, and the form that they fill in."""


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Service, dict[str, str]]:
    """Everybody posted a form at ten o'clock on 3 November; their lead ids."""
    folder = make_project(tmp_path_factory.mktemp("project"))
    for slug, (price, criteria) in ALIKE.items():
        (folder / "campaigns" / f"{slug}.toml").write_text(like_demo(price, criteria))
    service = Service(folder, workers="1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        service.start(needs("faketime"), "-f", f"@{POSTED}")
    try:
        for slug, form in PEOPLE.values():
            assert service.thanks(service.post(form, slug)).status == 200
    finally:
        service.end()
    with service.ledger() as ledger:
        emails = ledger.read(
            lambda reading: {
                personal_data.answers["email"]: lead.lead_id
                for lead in reading.leads.select()
                if (personal_data := reading.people.personal_data(lead.lead_id)) is not None
            }
        )
    return service, {who: emails[form["email"]] for who, (_, form) in PEOPLE.items()}


class Desk:
    """The agency at the command line, the client with its token."""

    def __init__(
        self,
        ids: Mapping[str, str],
        command: Callable[..., CommandResult],
        client: FlaskClient,
        token: str,
    ) -> None:
        self.ids = ids
        self.command = command
        self.client = client
        self.token = token

    def run(self, *args: str, at: datetime = NOVEMBER_CLOSES) -> str:
        with time_machine.travel(at, tick=False):
            ran = self.command(*args)
        assert ran.code == 0, ran.err
        return ran.out

    def stage(self, who: str) -> str:
        data = json.loads(self.run("lead", self.ids[who], "--json"))
        stage: str = data["lead"]["stage"]
        return stage

    def enters(self, who: str, what: str, *more: str, day: str) -> None:
        """The agency records it."""
        at = datetime.fromisoformat(day).replace(tzinfo=UTC)
        self.run("outcome", self.ids[who], what, "--as", "Ada", *more, at=at)

    def says(self, who: str, what: str, *, day: str, **text: str | int) -> None:
        """The client says it by itself, with its token."""
        with time_machine.travel(datetime.fromisoformat(day).replace(tzinfo=UTC), tick=False):
            answer = self.client.post(
                f"/api/v1/leads/{self.ids[who]}/events",
                json={"type": what, **text},
                headers={"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid4())},
            )
        assert answer.status_code == 201, answer.text

    def close(self, slug: str, month: str, at: datetime) -> list[tuple[str, int]]:
        """Who is on the closed statement and for how much, in cents."""
        text = self.run("close", slug, "--month", month, at=at)
        if "no statement" in text:
            return []
        number = text.partition(":")[0]
        data = json.loads(self.run("statement", number, "--format", "json", at=at))
        names = {lead_id: who for who, lead_id in self.ids.items()}
        lines = [(names[line["lead_id"]], line["amount"]) for line in data["lines"]]
        assert data["total"] == sum(amount for _, amount in lines)
        return lines

    def exported(self, slug: str, month: str, at: datetime) -> list[tuple[str, Decimal]]:
        """Who is in the export, read back from its bytes."""
        text = self.run("export", slug, "--month", month, at=at)
        names = {lead_id: who for who, lead_id in self.ids.items()}
        rows = csv.DictReader(io.StringIO(text))
        return [(names[row["lead_id"]], Decimal(row["amount"])) for row in rows]

    def sla(self, slug: str) -> str:
        return self.run("sla", slug)


def api_config(folder: Path) -> WebConfig:
    return WebConfig(
        database_url="",
        secret_key=b"a secret for tests only",
        duplicate_key=b"",
        campaigns=folder / "campaigns",
        clients=folder / "clients",
        gated=folder / "content" / "gated",
        templates=ROOT / "theme" / "templates",
        site_facts=folder / "output" / "site.json",
        counters=folder / "counters.db",
        site_origin="http://localhost",
        api_rate_limit="",
    )


@pytest.fixture
def desk(
    posted: tuple[Service, dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Iterator[Desk]:
    service, ids = posted
    monkeypatch.chdir(service.folder)
    monkeypatch.setenv("GATEPOST_AGENCY_ADDRESS", "1 Main Street; New York")
    token = new_token()
    with service.ledger() as ledger:
        ledger.transact(lambda records: add_token(records, "acme", uuid4().hex, token, NOW))
        app = create_app(api_config(service.folder), ledger)
        desk = Desk(ids, runner(monkeypatch, capfdbinary), app.test_client(), token)
        yield desk
    desk.run("verify", at=DECEMBER_CLOSES)


def test_fifty_dollars_a_lead_of_healthcare_with_over_100_employees(desk: Desk) -> None:
    slug = "acme-cloud-guide"
    desk.says("a customer", "rejected", day="2026-11-04", reason="known_customer")
    assert "The price is $50.00 per accepted lead, net of tax." in desk.sla(slug)
    assert "- Industry is Healthcare\n- Number of employees is at least 101" in desk.sla(slug)
    assert [desk.stage(who) for who in ("a hundred employees", "a shop")] == ["disqualified"] * 2
    assert desk.close(slug, "2026-11", NOVEMBER_CLOSES) == [("Ann", 5000)]
    assert desk.exported(slug, "2026-11", NOVEMBER_CLOSES) == [("Ann", Decimal("50.00"))]


def test_250_dollars_a_demo_held_with_a_decision_maker_at_a_company_of_over_50(desk: Desk) -> None:
    slug = "acme-demo"
    for who in ("Bob", "nobody came"):
        desk.enters(who, "scheduled", "--at", "2026-11-10T10:00", day="2026-11-05")
        desk.enters(who, "held", day="2026-11-11")
    desk.says("nobody came", "no_show", day="2026-11-12")
    assert "The price is $250.00 per appointment held with an accepted lead" in desk.sla(slug)
    assert "- Number of employees is at least 51" in desk.sla(slug)
    assert [desk.stage(who) for who in ("an assistant", "fifty employees")] == ["disqualified"] * 2
    assert desk.close(slug, "2026-11", NOVEMBER_CLOSES) == [("Bob", 25000)]
    assert desk.exported(slug, "2026-11", NOVEMBER_CLOSES) == [("Bob", Decimal("250.00"))]


def test_300_dollars_a_demo_scheduled_with_a_vp_of_operations(desk: Desk) -> None:
    slug = "demo-booked"
    for who in ("Cy", "cancelled"):
        desk.says(who, "scheduled", day="2026-11-20", meeting_at="2026-12-10T15:00:00Z")
    desk.enters("cancelled", "cancelled", day="2026-11-28")
    assert "The price is $300.00 per appointment scheduled with an accepted lead" in desk.sla(slug)
    assert "A booking may be cancelled without charge until the appointment's" in desk.sla(slug)
    assert "- Job title matches one of: VP of Operations" in desk.sla(slug)
    assert desk.stage("VP of Sales") == "disqualified"
    assert desk.close(slug, "2026-11", NOVEMBER_CLOSES) == [("Cy", 30000)]
    assert desk.exported(slug, "2026-11", NOVEMBER_CLOSES) == [("Cy", Decimal("300.00"))]


def test_ten_percent_of_a_new_customers_first_purchase(desk: Desk) -> None:
    slug = "first-purchase"
    desk.says("Dee", "won", day="2026-11-10", amount="12000.05", currency="USD")
    desk.says("never bought", "lost", day="2026-11-10")
    desk.says("gave all back", "won", day="2026-11-10", amount="500", currency="USD")
    desk.says("gave all back", "refunded", day="2026-11-20", amount="500", currency="USD")
    assert "The price is 10 % of the first purchase of each accepted lead" in desk.sla(slug)
    assert "within 30 days of the sale reduces the line in proportion" in desk.sla(slug)
    assert desk.close(slug, "2026-11", NOVEMBER_CLOSES) == [("Dee", 120000)]
    assert desk.exported(slug, "2026-11", NOVEMBER_CLOSES) == [("Dee", Decimal("1200.00"))]


def test_fifteen_percent_of_monthly_revenue_for_the_first_twelve_months(desk: Desk) -> None:
    slug = "recurring"
    desk.says("lost", "lost", day="2026-11-10")
    desk.says("Ed", "won", day="2026-11-10T15:00", amount="1200", currency="USD")
    # Thirteen months of 1200 USD: twelve that count, one after them.
    paid: dict[str, str | int] = {"amount": "15600", "currency": "USD"}
    desk.says("Ed", "revenue", day="2026-11-10T15:00", months=13, period="2026-11-10", **paid)
    assert "15 % of the revenue from each accepted lead that becomes a customer" in desk.sla(slug)
    assert "until the same day 12 months later" in desk.sla(slug)
    months = [f"{2026 + number // 12}-{number % 12 + 1:02}" for number in range(10, 26)]
    bills = {
        month: desk.close(slug, month, datetime.fromisoformat(f"{after}-02T15:00Z"))
        for month, after in pairwise(months)
    }
    due = {month: [("Ed", 18000)] for month in months[:12]}
    assert bills == {month: due.get(month, []) for month in months[:-1]}
    assert desk.exported(slug, "2026-12", DECEMBER_CLOSES) == [("Ed", Decimal("180.00"))]


def a_thousand_a_month(desk: Desk, who: str) -> None:
    """Won on 10 January 2027 and paid for a year ahead: a thousand a month (rule 37)."""
    year: dict[str, str | int] = {"amount": "12000", "currency": "USD"}
    desk.says(who, "won", day="2027-01-10T15:00", **year)
    desk.says(who, "revenue", day="2027-01-10T15:00", months=12, period="2027-01-10", **year)


def billed(desk: Desk, slug: str, first: str, end: str) -> list[str]:
    """Closes the months from the first up to the end, without it; those with a line of 150.00."""
    months = [f"{2026 + number // 12}-{number % 12 + 1:02}" for number in range(10, 28)]
    found = []
    for month, after in pairwise(months):
        if first <= month < end:
            lines = desk.close(slug, month, datetime.fromisoformat(f"{after}-02T15:00Z"))
            assert [amount for _, amount in lines] in ([], [15000])
            found += [month] * len(lines)
    return found


def credited(desk: Desk) -> list[tuple[str, str, Decimal]]:
    rows = json.loads(desk.run("credits", "--json", at=datetime(2028, 6, 1, tzinfo=UTC)))
    names = {lead_id: who for who, lead_id in desk.ids.items()}
    return [(names[row["lead_id"]], row["period"], Decimal(row["amount"])) for row in rows]


def test_a_sale_given_back_in_full_credits_its_last_days_and_nothing_follows(desk: Desk) -> None:
    a_thousand_a_month(desk, "paid back")
    early = billed(desk, "refundable", "2026-11", "2027-04")
    assert early == ["2027-01", "2027-02", "2027-03"]
    back = {"amount": "12000", "currency": "USD", "occurred_at": "2027-03-25T15:00:00Z"}
    desk.says("paid back", "refunded", day="2027-04-03T15:00", **back)
    assert credited(desk) == [("paid back", "2027-03-10", Decimal("150.00"))]
    assert billed(desk, "refundable", "2027-04", "2028-03") == []
    assert "or in the 30 days before it" in desk.sla("refundable")


def test_without_refund_days_nothing_is_credited_and_none_follows(desk: Desk) -> None:
    before = credited(desk)
    a_thousand_a_month(desk, "paid back late")
    early = billed(desk, "not-refundable", "2026-11", "2027-03")
    back = {"amount": "12000", "currency": "USD"}
    desk.says("paid back late", "refunded", day="2027-03-25T15:00", **back)
    later = billed(desk, "not-refundable", "2027-03", "2028-03")
    assert [*early, *later] == ["2027-01", "2027-02", "2027-03"]
    assert credited(desk) == before
    assert "Earlier months stay as they are." in desk.sla("not-refundable")


def test_a_customer_who_left_and_returned_pays_for_what_is_left_of_the_term(desk: Desk) -> None:
    a_thousand_a_month(desk, "came back")
    desk.says("came back", "churned", day="2027-03-05T15:00")
    desk.says("came back", "won", day="2027-05-20T15:00", amount="500", currency="USD")
    months = ["2027-01", "2027-02", *(f"2027-{month:02}" for month in range(6, 13))]
    assert billed(desk, "returning", "2026-11", "2028-03") == months
    assert "a return never restarts them" in desk.sla("returning")
