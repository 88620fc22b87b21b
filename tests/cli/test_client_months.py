"""Months of a client with several campaigns, with several currencies, and with parked leads."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
import time_machine

from tests.cli.conftest import Project
from tests.cli.running import CommandResult
from tests.samples import CAMPAIGN

FAULT = " (KeyError in met_criteria)"
DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
PREVIEW = ("statement", "preview", "acme", "--month", "2026-11", "--as-of", "2026-12-01")


def add_campaign(project: Project, slug: str, **changes: str) -> None:
    """Adds a campaign like `guide`; each change replaces a text of its file."""
    text = CAMPAIGN
    for old, new in changes.items():
        text = text.replace(old, new)
    (project.folder / f"campaigns/{slug}.toml").write_text(text)


def close_november(project: Project, *options: str) -> CommandResult:
    with time_machine.travel(DECEMBER, tick=False):
        return project.run("close", "acme", "--month", "2026-11", *options)


@pytest.fixture
def two_campaigns(project: Project) -> Project:
    """A lead of `guide` for $50.00 and one of `talk` for $70.00."""
    add_campaign(project, "talk", **{"The guide": "The talk", "rate = 50": "rate = 70"})
    project.take()
    project.take(slug="talk")
    return project


@pytest.fixture
def two_currencies(project: Project) -> Project:
    """A lead of `guide` for $50.00 and one of `euros` for 50.00 euros."""
    add_campaign(project, "euros", USD="EUR")
    project.take()
    project.take(slug="euros")
    return project


def test_one_invoice_has_a_part_for_each_campaign(two_campaigns: Project) -> None:
    closed = close_november(two_campaigns)
    assert closed.out.startswith("acme-0001: acme, 2026-11: $120.00 for 2 lines of 2 campaigns;")
    data = json.loads(two_campaigns.run("statement", "acme-0001", "--format", "json").out)
    assert [(part["campaign"], part["title"], part["total"]) for part in data["parts"]] == [
        ("guide", "The guide", 5000),
        ("talk", "The talk", 7000),
    ]
    table = two_campaigns.run("statement", "acme-0001").out
    assert table.index("guide (cpl), $50.00") < table.index("talk (cpl), $70.00")
    assert two_campaigns.run("verify").code == 0


def test_statements_lists_the_campaigns_of_each_document(two_campaigns: Project) -> None:
    close_november(two_campaigns)
    listed = two_campaigns.run("statements").out.splitlines()
    assert listed[0].split()[:4] == ["number", "document", "campaigns", "month"]
    assert listed[1].split()[:5] == ["acme-0001", "invoice", "guide,", "talk", "2026-11"]
    (row,) = json.loads(two_campaigns.run("statements", "--json").out)
    assert row["campaigns"] == ["guide", "talk"]


def test_a_close_makes_a_document_in_each_currency(two_currencies: Project) -> None:
    closed = close_november(two_currencies)
    first, second = (line for line in closed.out.splitlines() if line.startswith("acme-"))
    assert first.startswith("acme-0001: acme, 2026-11: €50.00 for 1 line of 1 campaign;")
    assert second.startswith("acme-0002: acme, 2026-11: $50.00 for 1 line of 1 campaign;")
    rows = json.loads(two_currencies.run("statements", "--json").out)
    assert json.loads(two_currencies.run("statements", "--all", "--json").out) == rows
    assert [(row["number"], row["currency"], row["campaigns"]) for row in rows] == [
        ("acme-0001", "EUR", ["euros"]),
        ("acme-0002", "USD", ["guide"]),
    ]
    totals = two_currencies.run("statements").out.splitlines()[-2:]
    assert totals == ["acme: €50.00 to be paid.", "acme: $50.00 to be paid."]
    assert close_november(two_currencies) == closed
    assert two_currencies.run("verify").code == 0


def test_one_client_and_all_clients_exclude_each_other(project: Project) -> None:
    ran = project.run("statements", "--all", "--client", "acme")
    assert (ran.code, ran.out) == (2, "")
    assert "--client names one client, --all means every one: give one of them" in ran.err


def test_a_currency_with_nothing_to_bill_is_closed_without_a_document(project: Project) -> None:
    add_campaign(project, "euros", USD="EUR")
    project.take()
    project.take(slug="euros", company_size="1-50")  # disqualified
    first, second, *_ = close_november(project).out.splitlines()
    assert first == "acme, 2026-11, EUR: closed. There was nothing to bill, so no statement."
    assert second.startswith("acme-0001: acme, 2026-11: $50.00")


def test_a_preview_shows_each_currency_or_the_chosen_one(two_currencies: Project) -> None:
    both = two_currencies.run(*PREVIEW).out
    assert both.index("€50.00") < both.index("$50.00")
    euros = two_currencies.run(*PREVIEW, "--currency", "EUR").out
    assert "€50.00" in euros
    assert "$50.00" not in euros


def test_a_preview_in_a_file_is_of_one_currency(two_currencies: Project) -> None:
    ran = two_currencies.run(*PREVIEW, "--format", "json")
    assert (ran.code, ran.out) == (2, "")
    assert "acme has several currencies: choose one of EUR, USD with --currency" in ran.err
    data = json.loads(two_currencies.run(*PREVIEW, "--format", "json", "--currency", "USD").out)
    assert (data["currency"], data["total"]) == ("USD", 5000)


def test_a_preview_in_an_unknown_currency_is_refused(two_currencies: Project) -> None:
    ran = two_currencies.run(*PREVIEW, "--currency", "JPY")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("acme has no lead in JPY; it has leads in EUR, USD\n")


def break_lead(project: Project, lead_id: str) -> None:
    """Removes the criteria from the lead's verdict, which no command can do."""
    name = "events_never_updated"
    with closing(sqlite3.connect(project.folder / "var/gatepost.db")) as db, db:
        (trigger,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        db.execute(f"DROP TRIGGER {name}")
        db.execute(
            "UPDATE events SET data = json_remove(data, '$.verdict.criteria')"
            " WHERE lead_id = ? AND kind = 'qualified'",
            (lead_id,),
        )
        db.execute(trigger)


class TestParkedLeads:
    """A lead whose lines cannot be computed is named, and every other line is billed."""

    @pytest.fixture
    def parked(self, project: Project) -> str:
        """A broken lead beside one for $50.00. Returns the warning before the close."""
        project.take()
        lead_id = project.take(email="bob@other.example")
        break_lead(project, lead_id)
        return (
            f"warning: lead {lead_id} of guide is parked and not billed: its lines cannot be "
            "computed (KeyError in met_criteria); find the damage with `gatepost verify`, and the "
            "first month that you close after the repair bills it"
        )

    def test_a_close_names_it_and_goes_on(self, project: Project, parked: str) -> None:
        closed = close_november(project)
        assert (closed.code, closed.err) == (0, f"{parked}\n".replace(FAULT, ""))
        assert closed.out.startswith("acme-0001: acme, 2026-11: $50.00 for 1 line of 1 campaign;")
        assert close_november(project) == closed
        assert "parked        1, for a later month" in project.run("statement", "acme-0001").out

    def test_no_document_for_the_client_names_a_part_of_the_program(
        self, project: Project, parked: str
    ) -> None:
        lead_id = parked.split()[2]
        close_november(project)
        texts = {
            shape: project.run("statement", "acme-0001", "--format", shape).out
            for shape in ("table", "json", "html", "csv")
        }
        project.run("evidence", "acme-0001", "-o", "acme.db")
        texts["evidence"] = (project.folder / "acme.db").read_bytes().decode(errors="replace")
        for text in texts.values():
            assert "KeyError" not in text
            assert "met_criteria" not in text
        assert json.loads(texts["json"])["parts"][0]["parked"] == [
            {"lead_id": lead_id, "reason": "not_computable"}
        ]

    def test_a_close_of_a_month_with_nothing_else_names_it(self, project: Project) -> None:
        lead_id = project.take()
        break_lead(project, lead_id)
        closed = close_november(project)
        assert closed.out == (
            "acme, 2026-11, USD: closed. There was nothing to bill, so no statement.\n"
        )
        assert closed.err.startswith(f"warning: lead {lead_id} of guide is parked")

    def test_a_preview_names_it(self, project: Project, parked: str) -> None:
        ran = project.run(*PREVIEW)
        assert ran.code == 0
        assert "$50.00" in ran.out
        assert ran.err.splitlines()[1:] == [parked]

    def test_an_export_names_it(self, project: Project, parked: str) -> None:
        ran = project.run("export", "guide", "--month", "2026-11", "--as-of", "2026-12-01")
        assert (ran.code, len(ran.out.splitlines())) == (0, 2)
        assert ran.err.splitlines()[1:] == [parked]

    def test_verify_names_the_damaged_event(self, project: Project, parked: str) -> None:
        lead_id = parked.split()[2]
        ran = project.run("verify")
        assert ran.code == 1
        assert lead_id in ran.err
