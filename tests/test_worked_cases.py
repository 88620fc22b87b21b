"""Worked cases of the five price agreements, each from the form to the client's invoice.

People post real forms to the real service, whose clock is in November 2026. Then the agency uses
the real command and the client the API, each at a given time.
"""

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from html import unescape
from itertools import chain, pairwise
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
import time_machine
from flask.testing import FlaskClient

from capture.client_access.api_tokens import add_token, new_token
from capture.money import show_money
from capture.web.app import create_app
from capture.web.config import WebConfig
from tests.cli.running import CommandResult, runner
from tests.faketime import faketime
from tests.samples import NO_GROUPS, NOW
from tests.service import ROOT, Service, make_project, person, web_config

pytestmark = pytest.mark.server

POSTED: Final = "2026-11-03 15:00:00"
"""In UTC; 10:00 in New York."""
NOVEMBER_CLOSES: Final = datetime(2026, 12, 1, 15, tzinfo=UTC)
DECEMBER_CLOSES: Final = datetime(2027, 1, 4, 15, tzinfo=UTC)

VP: Final = '[criteria.job_title]\nmatches = ["VP of Operations"]\n\n'
SHARE: Final = 'model = "revenue_share"\nbillable = "revenue"\npercent = 15\nmonths = 12'
VARIANTS: Final[Mapping[str, tuple[str, str]]] = {
    "demo-booked": ('model = "cpap"\nbillable = "scheduled"\nrate = 300.00', VP),
    "first-purchase": ('model = "cpa"\nbillable = "won"\npercent = 10\nrefund_days = 30', ""),
    "recurring": (SHARE, ""),
    "refundable": (f"{SHARE}\nrefund_days = 30", ""),
    "not-refundable": (f"{SHARE}  # and no refund_days", ""),
    "returning": (f"{SHARE}  # for one who returns", ""),
}
"""Variants of the demo campaign by slug: price, and criteria if they differ.

Each belongs to a client of its own, with the same name.
"""


def demo_variant(client: str, price: str, criteria: str) -> str:
    """The demo campaign's file for another client and price, and other criteria if given."""
    text = (ROOT / "campaigns" / "acme-demo.toml").read_text()
    text = text.replace('client = "acme"', f'client = "{client}"')
    criteria_start, price_start, review_start = (
        text.index(table) for table in ("[criteria.decision_maker]", "[price]", "[review]")
    )
    return (
        f"{text[:criteria_start]}{criteria or text[criteria_start:price_start]}"
        f"[price]\n{price}\n\n{text[review_start:]}\n{NO_GROUPS}"
    )


def demo_form(**changes: str) -> dict[str, str]:
    """The form of a decision-maker at a company of over 50 employees, with changes."""
    return person(company_size="51-200", job_title="CEO") | changes


PEOPLE: Final[Mapping[str, tuple[str, dict[str, str]]]] = {
    "Ann": ("acme-cloud-guide", person(company_size="101-500")),
    "a hundred employees": ("acme-cloud-guide", person(company_size="51-100")),
    "a shop": ("acme-cloud-guide", person(industry="Retail")),
    "a customer": ("acme-cloud-guide", person(company_size="1001+")),
    "Bob": ("acme-demo", demo_form(job_title="Head of Sales")),
    "an assistant": ("acme-demo", demo_form(job_title="Assistant to the CEO")),
    "fifty employees": ("acme-demo", demo_form(company_size="1-50")),
    "nobody came": ("acme-demo", demo_form()),
    "Cy": ("demo-booked", demo_form(job_title="Vice President, Operations")),
    "VP of Sales": ("demo-booked", demo_form(job_title="VP of Sales")),
    "cancelled": ("demo-booked", demo_form(job_title="VP Operations")),
    "Dee": ("first-purchase", demo_form()),
    "never bought": ("first-purchase", demo_form()),
    "gave all back": ("first-purchase", demo_form()),
    "Ed": ("recurring", demo_form()),
    "lost": ("recurring", demo_form()),
    "paid back": ("refundable", demo_form()),
    "paid back late": ("not-refundable", demo_form()),
    "came back": ("returning", demo_form()),
}
"""By a name for these tests: the campaign, and the form that the person sends."""


@pytest.fixture(scope="module")
def service_and_ids(tmp_path_factory: pytest.TempPathFactory) -> tuple[Service, dict[str, str]]:
    """The service after each person sent a form on 3 November, and their lead ids."""
    folder = make_project(tmp_path_factory.mktemp("project"))
    for slug, (price, criteria) in VARIANTS.items():
        (folder / "campaigns" / f"{slug}.toml").write_text(demo_variant(slug, price, criteria))
        shutil.copy(folder / "clients" / "acme.toml", folder / "clients" / f"{slug}.toml")
    service = Service(folder, workers="1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        service.start(*faketime(POSTED))
        try:
            for slug, form in PEOPLE.values():
                assert service.thanks(service.post(form, slug)).status == 200
        finally:
            service.end()
        sent = service.run("dispatch", "--once", wrapper=faketime(POSTED))  # the client's notices
        assert sent.returncode == 0, sent.stderr
    with service.ledger() as ledger:
        lead_ids = ledger.read(
            lambda reading: {
                personal_data.answers["email"]: lead.lead_id
                for lead in reading.leads.select()
                if (personal_data := reading.people.personal_data(lead.lead_id)) is not None
            }
        )
    return service, {name: lead_ids[form["email"]] for name, (_, form) in PEOPLE.items()}


class Desk:
    """The agency at the command line, the clients with their tokens."""

    def __init__(
        self,
        ids: Mapping[str, str],
        command: Callable[..., CommandResult],
        client: FlaskClient,
        tokens: Mapping[str, str],
    ) -> None:
        self.ids = ids
        self.command = command
        self.client = client
        self.tokens = tokens
        """By the slug of the client."""

    def run(self, *args: str, at: datetime = NOVEMBER_CLOSES) -> str:
        with time_machine.travel(at, tick=False):
            result = self.command(*args)
        assert result.code == 0, result.err
        return result.out

    def stage(self, name: str) -> str:
        data = json.loads(self.run("lead", self.ids[name], "--json"))
        stage: str = data["lead"]["stage"]
        return stage

    def agency_records(self, name: str, outcome: str, *options: str, day: str) -> None:
        """The agency records an outcome with the command."""
        at = datetime.fromisoformat(day).replace(tzinfo=UTC)
        self.run("outcome", self.ids[name], outcome, "--as", "Ada", *options, at=at)

    def client_records(self, name: str, event: str, *, day: str, **fields: str | int) -> None:
        """The lead's client records an event with the API."""
        token = self.tokens[client_of(PEOPLE[name][0])]
        with time_machine.travel(datetime.fromisoformat(day).replace(tzinfo=UTC), tick=False):
            response = self.client.post(
                f"/api/v1/leads/{self.ids[name]}/events",
                json={"type": event, **fields},
                headers={"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())},
            )
        assert response.status_code == 201, response.text

    def close(self, client: str, month: str, at: datetime) -> dict[str, list[tuple[str, int]]]:
        """Closes a client's month. Returns the person and the cents of each line, by campaign.

        Checks that the printed invoice has each campaign's title and sum, and the total.
        """
        text = self.run("close", client, "--month", month, at=at)
        if "no statement" in text:
            return {}
        number = text.partition(":")[0]
        data = json.loads(self.run("statement", number, "--format", "json", at=at))
        printed = unescape(self.run("statement", number, "--format", "html", at=at))
        names = {lead_id: name for name, lead_id in self.ids.items()}
        lines = {}
        for part in data["parts"]:
            if part["lines"]:
                lines[part["campaign"]] = [
                    (names[line["lead_id"]], line["amount"]) for line in part["lines"]
                ]
                assert part["title"] in printed
                assert show_money(part["total"], "USD") in printed
        assert data["total"] == sum(amount for _, amount in chain.from_iterable(lines.values()))
        assert show_money(data["total"], "USD") in printed
        return lines

    def exported(self, slug: str, month: str, at: datetime) -> list[tuple[str, Decimal]]:
        """The person and the amount of each row of the export."""
        text = self.run("export", slug, "--month", month, at=at)
        names = {lead_id: name for name, lead_id in self.ids.items()}
        rows = csv.DictReader(io.StringIO(text))
        return [(names[row["lead_id"]], Decimal(row["amount"])) for row in rows]

    def sla(self, slug: str) -> str:
        """The agreement in words."""
        return self.run("sla", slug)


def api_config(folder: Path) -> WebConfig:
    return web_config(folder, duplicate_key=b"", api_rate_limit="")


def client_of(campaign: str) -> str:
    """The client of a campaign."""
    return campaign if campaign in VARIANTS else "acme"


@pytest.fixture
def desk(
    service_and_ids: tuple[Service, dict[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Iterator[Desk]:
    """Works on a copy of the project, as it was after the forms were sent."""
    service, ids = service_and_ids
    folder = shutil.copytree(service.folder, tmp_path / "project", symlinks=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GATEPOST_AGENCY_ADDRESS", "1 Main Street; New York")
    tokens = {client: new_token() for client in ("acme", *VARIANTS)}
    with Service(folder).ledger() as ledger:
        for client, token in tokens.items():
            add = partial(add_token, client=client, name=client, token=token, now=NOW, by="Ada")
            ledger.transact(add)
        app = create_app(api_config(folder), ledger)
        desk = Desk(ids, runner(monkeypatch, capfdbinary), app.test_client(), tokens)
        yield desk
    desk.run("verify", at=DECEMBER_CLOSES)


def test_50_dollars_per_lead_in_healthcare_with_over_100_employees(desk: Desk) -> None:
    slug = "acme-cloud-guide"
    desk.client_records("a customer", "rejected", day="2026-11-04", reason="known_customer")
    assert "The price is $50.00 per accepted lead, net of tax." in desk.sla(slug)
    assert "- Industry is Healthcare\n- Number of employees is at least 101" in desk.sla(slug)
    assert [desk.stage(name) for name in ("a hundred employees", "a shop")] == ["disqualified"] * 2
    assert desk.close("acme", "2026-11", NOVEMBER_CLOSES) == {slug: [("Ann", 5000)]}
    assert desk.exported(slug, "2026-11", NOVEMBER_CLOSES) == [("Ann", Decimal("50.00"))]


def test_250_dollars_per_demo_held_with_a_decision_maker_at_a_company_of_over_50(
    desk: Desk,
) -> None:
    """The client's lead for 50 dollars is on the same invoice."""
    slug = "acme-demo"
    desk.client_records("a customer", "rejected", day="2026-11-04", reason="known_customer")
    for name in ("Bob", "nobody came"):
        desk.agency_records(name, "scheduled", "--at", "2026-11-10T10:00", day="2026-11-05")
        desk.agency_records(name, "held", day="2026-11-11")
    desk.client_records("nobody came", "no_show", day="2026-11-12")
    assert "The price is $250.00 per appointment held with an accepted lead" in desk.sla(slug)
    assert "- Number of employees is at least 51" in desk.sla(slug)
    assert [desk.stage(name) for name in ("an assistant", "fifty employees")] == [
        "disqualified"
    ] * 2
    assert desk.close("acme", "2026-11", NOVEMBER_CLOSES) == {
        "acme-cloud-guide": [("Ann", 5000)],
        slug: [("Bob", 25000)],
    }
    assert desk.exported(slug, "2026-11", NOVEMBER_CLOSES) == [("Bob", Decimal("250.00"))]


def test_300_dollars_per_demo_scheduled_with_a_vp_of_operations(desk: Desk) -> None:
    slug = "demo-booked"
    for name in ("Cy", "cancelled"):
        desk.client_records(name, "scheduled", day="2026-11-20", meeting_at="2026-12-10T15:00:00Z")
    desk.agency_records("cancelled", "cancelled", day="2026-11-28")
    assert "The price is $300.00 per appointment scheduled with an accepted lead" in desk.sla(slug)
    assert "A booking may be cancelled without charge until the appointment's" in desk.sla(slug)
    assert "- Job title matches one of: VP of Operations" in desk.sla(slug)
    assert desk.stage("VP of Sales") == "disqualified"
    assert desk.close(slug, "2026-11", NOVEMBER_CLOSES) == {slug: [("Cy", 30000)]}
    assert desk.exported(slug, "2026-11", NOVEMBER_CLOSES) == [("Cy", Decimal("300.00"))]


def test_ten_percent_of_a_new_customers_first_purchase(desk: Desk) -> None:
    slug = "first-purchase"
    desk.client_records("Dee", "won", day="2026-11-10", amount="12000.05", currency="USD")
    desk.client_records("never bought", "lost", day="2026-11-10")
    desk.client_records("gave all back", "won", day="2026-11-10", amount="500", currency="USD")
    desk.client_records("gave all back", "refunded", day="2026-11-20", amount="500", currency="USD")
    assert "The price is 10 % of the first purchase of each accepted lead" in desk.sla(slug)
    assert "within 30 days of the sale reduces the line in proportion" in desk.sla(slug)
    assert desk.close(slug, "2026-11", NOVEMBER_CLOSES) == {slug: [("Dee", 120000)]}
    assert desk.exported(slug, "2026-11", NOVEMBER_CLOSES) == [("Dee", Decimal("1200.00"))]


def test_fifteen_percent_of_monthly_revenue_for_the_first_twelve_months(desk: Desk) -> None:
    slug = "recurring"
    desk.client_records("lost", "lost", day="2026-11-10")
    desk.client_records("Ed", "won", day="2026-11-10T15:00", amount="1200", currency="USD")
    # Thirteen months of 1200 USD: twelve that count, one after them.
    paid: dict[str, str | int] = {"amount": "15600", "currency": "USD"}
    desk.client_records(
        "Ed", "revenue", day="2026-11-10T15:00", months=13, period="2026-11-10", **paid
    )
    assert "15 % of the revenue from each accepted lead that becomes a customer" in desk.sla(slug)
    assert "until the same day 12 months later" in desk.sla(slug)
    months = [f"{2026 + number // 12}-{number % 12 + 1:02}" for number in range(10, 26)]
    lines = {
        month: desk.close(slug, month, datetime.fromisoformat(f"{next_month}-02T15:00Z"))
        for month, next_month in pairwise(months)
    }
    due = {month: {slug: [("Ed", 18000)]} for month in months[:12]}
    assert lines == {month: due.get(month, {}) for month in months[:-1]}
    assert desk.exported(slug, "2026-12", DECEMBER_CLOSES) == [("Ed", Decimal("180.00"))]


def record_prepaid_year(desk: Desk, name: str) -> None:
    """A sale on 10 January 2027, prepaid for a year: 1000 USD a month."""
    year: dict[str, str | int] = {"amount": "12000", "currency": "USD"}
    desk.client_records(name, "won", day="2027-01-10T15:00", **year)
    desk.client_records(
        name, "revenue", day="2027-01-10T15:00", months=12, period="2027-01-10", **year
    )


def billed_months(desk: Desk, slug: str, first: str, end: str) -> list[str]:
    """Closes the client's months from `first` to before `end`. Returns those with a line."""
    months = [f"{2026 + number // 12}-{number % 12 + 1:02}" for number in range(10, 28)]
    billed = []
    for month, next_month in pairwise(months):
        if first <= month < end:
            at = datetime.fromisoformat(f"{next_month}-02T15:00Z")
            lines = desk.close(slug, month, at).get(slug, [])
            assert [amount for _, amount in lines] in ([], [15000])
            billed += [month] * len(lines)
    return billed


def credit_notes(desk: Desk) -> list[tuple[str, str, Decimal]]:
    rows = json.loads(desk.run("credits", "--json", at=datetime(2028, 6, 1, tzinfo=UTC)))
    names = {lead_id: name for name, lead_id in desk.ids.items()}
    return [(names[row["lead_id"]], row["period"], Decimal(row["amount"])) for row in rows]


def test_a_full_refund_credits_the_periods_of_its_last_days_and_ends_later_ones(desk: Desk) -> None:
    record_prepaid_year(desk, "paid back")
    early = billed_months(desk, "refundable", "2026-11", "2027-04")
    assert early == ["2027-01", "2027-02", "2027-03"]
    refund = {"amount": "12000", "currency": "USD", "occurred_at": "2027-03-25T15:00:00Z"}
    desk.client_records("paid back", "refunded", day="2027-04-03T15:00", **refund)
    assert credit_notes(desk) == [("paid back", "2027-03-10", Decimal("150.00"))]
    assert billed_months(desk, "refundable", "2027-04", "2028-03") == []
    assert "or in the 30 days before it" in desk.sla("refundable")


def test_without_refund_days_a_full_refund_ends_later_periods_and_credits_nothing(
    desk: Desk,
) -> None:
    record_prepaid_year(desk, "paid back late")
    early = billed_months(desk, "not-refundable", "2026-11", "2027-03")
    refund = {"amount": "12000", "currency": "USD"}
    desk.client_records("paid back late", "refunded", day="2027-03-25T15:00", **refund)
    later = billed_months(desk, "not-refundable", "2027-03", "2028-03")
    assert [*early, *later] == ["2027-01", "2027-02", "2027-03"]
    assert credit_notes(desk) == []
    assert "Earlier months stay as they are." in desk.sla("not-refundable")


def test_after_churn_and_return_the_rest_of_the_term_is_billed(desk: Desk) -> None:
    record_prepaid_year(desk, "came back")
    desk.client_records("came back", "churned", day="2027-03-05T15:00")
    desk.client_records("came back", "won", day="2027-05-20T15:00", amount="500", currency="USD")
    months = ["2027-01", "2027-02", *(f"2027-{month:02}" for month in range(6, 13))]
    assert billed_months(desk, "returning", "2026-11", "2028-03") == months
    assert "a return never restarts them" in desk.sla("returning")
