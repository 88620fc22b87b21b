"""All commands show the same figures, after random months of each price model."""

import csv
import io
import json
import shutil
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from html import unescape
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import pytest
import time_machine

from capture.lead.events import show_time
from capture.money import from_minor, show_money
from tests.capture.billing.product import KEY, MEMORY_FOLDER
from tests.capture.billing.random_client import RandomClient
from tests.cli.conftest import ROOT
from tests.cli.running import CommandResult, runner

pytestmark = pytest.mark.slow

STEPS = range(30, 300)
SEEDS = {"cpl": 18, "cpap": 6, "cpa": 47, "revenue_share": 30}
"""Seeds of clients that become interesting after few steps."""


@dataclass
class RandomMonths:
    """A client after random months, all closed, and a runner of commands on its ledger."""

    client: RandomClient
    run: Callable[..., CommandResult]

    def out(self, *args: str) -> str:
        with time_machine.travel(self.client.now, tick=False):
            ran = self.run(*args)
        assert ran.code == 0, ran.err
        return ran.out

    def data(self, *args: str) -> Any:
        return json.loads(self.out(*args, "--json"))

    def table(self, *args: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.out(*args))))

    def kpi(self, *args: str) -> dict[str, dict[str, Any]]:
        """The figures by currency."""
        return {each["currency"]: each for each in self.data("kpi", *args)["currencies"]}

    def closed_months(self) -> list[tuple[str, str]]:
        """By currency and month: five with many parts, credits or free lines, two without lines."""
        statements = self.client.product.statements
        credited = {(credit.lead, credit.period) for credit in self.client.oracle.credits}
        weights = {
            key: sum(bool(part.lines) for part in statement.parts)
            + any(line.free_over_cap for line in statement.lines)
            + any((line.lead_id, line.period) in credited for line in statement.lines)
            for key, statement in statements.items()
        }
        busiest = sorted(statements, key=lambda key: -weights[key])[:5]
        empty = [key for key in statements if not weights[key]][:2]
        return list(dict.fromkeys([*busiest, *empty]))

    def slugs(self, currency: str) -> list[str]:
        """The campaigns with leads in a currency."""
        return list(self.client.oracle.accounts()[currency])

    def spend(self, slug: str, month: str) -> int:
        """What the oracle billed less what it credited, in minor units."""
        oracle = self.client.oracle
        return sum(
            oracle.amount_with_debits(line) - oracle.credited(line)
            for closed_month, line in oracle.billed.values()
            if closed_month.month == month and line.lead in oracle.campaigns[slug].leads
        )


def is_interesting(client: RandomClient) -> bool:
    """Whether it has documents with several parts, credits, and lines free over a money cap."""
    cases = (client.driven["several parts"], client.oracle.credits, client.driven["free lines"])
    return all(cases)


@pytest.fixture(scope="module", params=SEEDS)
def client(request: pytest.FixtureRequest) -> Iterator[RandomClient]:
    """A client after random months, with the files of its project beside the ledger."""
    rng = Random(SEEDS[request.param])
    with tempfile.TemporaryDirectory(dir=MEMORY_FOLDER) as name:
        folder = Path(name)
        client = RandomClient(folder, request.param, rng)
        for step in range(STEPS.stop):
            if step >= STEPS.start and is_interesting(client):
                break
            client.step(rng)
        client.finish(rng, moments=0)
        for room in ("campaigns", "clients", "content/gated"):
            (folder / room).mkdir(parents=True)
        shutil.copy(ROOT / "clients/acme.toml", folder / "clients/acme.toml")
        for slug, campaign in client.product.campaigns.items():
            (folder / f"campaigns/{slug}.toml").write_text(campaign.text)
        yield client
        client.product.ledger.close()


@pytest.fixture
def months(
    client: RandomClient,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> RandomMonths:
    monkeypatch.chdir(client.folder)
    monkeypatch.setenv("GATEPOST_DATABASE_URL", client.product.url)
    monkeypatch.setenv("GATEPOST_DUPLICATE_KEY", KEY.decode())
    return RandomMonths(client, runner(monkeypatch, capfdbinary))


def amounts(rows: list[dict[str, str]]) -> Decimal:
    return sum((Decimal(str(row["amount"])) for row in rows), Decimal(0))


def sheet(file: str) -> list[dict[str, str]]:
    heading, *rows = openpyxl.load_workbook(file).active.values
    return [dict(zip(heading, row, strict=True)) for row in rows]


def test_a_months_total_is_the_same_in_every_format_list_and_report(months: RandomMonths) -> None:
    documents = {row["number"]: row for row in months.data("statements")}
    statements = months.client.product.statements
    assert is_interesting(months.client)
    for currency, month in months.closed_months():
        statement = statements[currency, month]
        number, total = statement.number, from_minor(statement.total, currency)
        exported = [
            line
            for slug in months.slugs(currency)
            for line in months.table("export", slug, "--month", month)
        ]
        if not number:
            assert exported == []
            continue
        months.out("statement", number, "--format", "xlsx", "-o", f"{number}.xlsx")
        months.out("evidence", number, "-o", f"{number}.db")
        messages = [
            json.loads(row)
            for row in months.out("statement", number, "--format", "jsonl").split("\n")
            if row
        ]
        with closing(sqlite3.connect(f"{number}.db")) as db:
            (evidence_sum,) = db.execute(
                "SELECT coalesce(sum(amount_minor), 0) FROM lines"
            ).fetchone()
        lines = months.table("statement", number, "--format", "csv")
        assert {
            amounts(lines),
            amounts(messages),
            amounts(sheet(f"{number}.xlsx")),
            amounts(exported),
            Decimal(documents[number]["net"]),
            from_minor(evidence_sum, currency),
        } == {total}
        paid = [line["lead_id"] for line in lines if line["free_over_cap"] == "no"]
        assert [line["lead_id"] for line in exported] == paid
        total_text = show_money(statement.total, currency)
        assert total_text in unescape(months.out("statement", number, "--format", "html"))


def test_a_months_spend_is_the_same_in_lists_figures_and_reports(months: RandomMonths) -> None:
    net_sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in months.data("statements"):
        kind, _, corrected = row["document"].partition(" on ")
        sign = -1 if kind == "credit note" else 1
        net_sums[corrected or row["number"]] += sign * Decimal(row["net"])
    by_month = months.kpi("--by", "month")
    for currency, month in months.closed_months():
        net = net_sums[months.client.product.statements[currency, month].number]
        figures = months.kpi("--from", month, "--to", month, "--by", "campaign")[currency]
        groups = by_month[currency]["groups"]["month"]
        part = groups[month]["figures"]["spend"]["number"] if month in groups else 0
        whole = figures["whole"]["figures"]["spend"]["number"]
        assert (from_minor(whole or 0, currency), from_minor(part or 0, currency)) == (net, net)
        for slug, group in figures["groups"]["campaign"].items():
            figure = group["figures"]["spend"]
            assert (figure["number"] or 0) == months.spend(slug, month)
            if figure["number"]:
                assert figure["shown"] in unescape(months.out("report", slug, "--month", month))


def test_the_groups_of_every_figure_add_up_to_the_total(months: RandomMonths) -> None:
    keys = ("leads", "qualified", "accepted", "accepted_by_silence", "rejected", "spend", "revenue")
    totals = months.kpi()
    for by in ("campaign", "month", "post", "source"):
        for currency, grouped in months.kpi("--by", by).items():
            total = totals[currency]["whole"]["figures"]
            for groups in grouped["groups"].values():
                for key in keys:
                    parts = sum(group["figures"][key]["number"] or 0 for group in groups.values())
                    assert parts == (total[key]["number"] or 0), (by, key)


def test_leads_kpi_and_export_agree(months: RandomMonths) -> None:
    leads = months.data("leads", "--limit", "9999")
    stages = Counter(row["stage"] for row in leads if "test" not in row["marks"].split())
    totals = [each["whole"] for each in months.kpi().values()]
    assert sum(stages.values()) == sum(total["submissions"] for total in totals)
    for key in ("accepted", "rejected"):
        assert stages[key] == sum(total["figures"][key]["number"] for total in totals)
    statements = months.client.product.statements.values()
    billed = {
        line.lead_id: statement.number for statement in statements for line in statement.lines
    }
    assert {row["lead_id"]: row["billed"] for row in leads if row["billed"]} == billed
    month, now = months.client.oracle.next_month(), show_time(months.client.now)
    drawn = set()
    for currency in months.client.oracle.accounts():
        of_month = ("--month", month, "--currency", currency, "--format", "json")
        preview = json.loads(months.out("statement", "preview", "acme", *of_month))
        drawn |= {line["lead_id"] for part in preview["parts"] for line in part["lines"]}
    assert {row["lead_id"] for row in leads if row["due"] and row["due"] <= now[:19] + "Z"} == drawn
