"""All commands show the same figures, after random months of each price model."""

import csv
import io
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import time_machine

from capture.lead.events import show_time
from capture.money import from_minor, show_money
from tests.capture.billing.random_acts import DAY
from tests.capture.billing.test_oracle import Campaigns
from tests.cli.conftest import ROOT
from tests.cli.running import CommandResult, runner

pytestmark = pytest.mark.slow

STEPS = 45
SEEDS = {"cpl": 14, "cpap": 26, "cpa": 14, "revenue_share": 6}
"""Seeds whose months have credits, and lines that the cap on money made free."""


@dataclass
class RandomMonths:
    """A campaign after random months, all closed, and a runner of commands on its ledger."""

    lives: Campaigns
    run: Callable[..., CommandResult]

    def out(self, *args: str) -> str:
        with time_machine.travel(self.lives.now, tick=False):
            ran = self.run(*args)
        assert ran.code == 0, ran.err
        return ran.out

    def data(self, *args: str) -> Any:
        return json.loads(self.out(*args, "--json"))

    def table(self, *args: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.out(*args))))

    def kpi(self, *args: str) -> dict[str, Any]:
        currency: dict[str, Any] = self.data("kpi", *args)["currencies"][0]
        return currency


@pytest.fixture(params=SEEDS)
def months(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Iterator[RandomMonths]:
    lives = type("Lives", (Campaigns,), {"model": request.param, "driven": Counter()})()
    seed = SEEDS[request.param]
    lives.begin(seed=(seed, 1, 2))
    for step in range(STEPS):
        lives.days_pass(seed=(seed, step, 3))
    lives.now += 70 * DAY
    lives.close_what_is_over()
    folder = Path(lives.folder.name)
    for name in ("campaigns", "clients", "content/gated"):
        (folder / name).mkdir(parents=True)
    shutil.copy(ROOT / "clients/acme.toml", folder / "clients/acme.toml")
    (folder / "campaigns/guide.toml").write_text(lives.product.campaign.text)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GATEPOST_DATABASE_URL", f"sqlite:///{folder}/ledger.db")
    monkeypatch.setenv("GATEPOST_DUPLICATE_KEY", "a key for tests only")
    yield RandomMonths(lives, runner(monkeypatch, capfdbinary))
    monkeypatch.undo()
    lives.product.ledger.close()
    lives.folder.cleanup()


def amounts(rows: list[dict[str, str]]) -> Decimal:
    return sum((Decimal(str(row["amount"])) for row in rows), Decimal(0))


def sheet(file: str) -> list[dict[str, str]]:
    heading, *rows = openpyxl.load_workbook(file).active.values
    return [dict(zip(heading, row, strict=True)) for row in rows]


def test_a_months_total_is_the_same_in_every_format_list_and_report(months: RandomMonths) -> None:
    documents = {row["number"]: row for row in months.data("statements")}
    month_groups = months.kpi("--by", "month")["groups"]["month"]
    statements = months.lives.product.statements.values()
    assert any(line.free_over_cap for statement in statements for line in statement.lines)
    assert any(row["credited"].strip("0.") for row in documents.values())
    for month, statement in months.lives.product.statements.items():
        number, total = statement.number, from_minor(statement.total, statement.currency)
        if not number:
            assert months.table("export", "guide", "--month", month) == []
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
        assert {
            amounts(months.table("statement", number, "--format", "csv")),
            amounts(messages),
            amounts(sheet(f"{number}.xlsx")),
            amounts(months.table("export", "guide", "--month", month)),
            Decimal(documents[number]["net"]),
            from_minor(evidence_sum, statement.currency),
        } == {total}
        lines = months.table("statement", number, "--format", "csv")
        exported = months.table("export", "guide", "--month", month)
        paid = [line["lead_id"] for line in lines if line["free_over_cap"] == "no"]
        assert [line["lead_id"] for line in exported] == paid
        total_text = show_money(statement.total, statement.currency)
        assert total_text in unescape(months.out("statement", number, "--format", "html"))
        debit_notes = [
            row for row in documents.values() if row["document"] == f"debit note on {number}"
        ]
        net = total + sum(Decimal(row["net"]) for row in debit_notes)
        net -= sum(Decimal(row["credited"]) for row in [documents[number], *debit_notes])
        figure = months.kpi("--from", month, "--to", month)["whole"]["figures"]["spend"]
        spend = from_minor(figure["number"] or 0, statement.currency)
        part = month_groups[month]["figures"]["spend"]["number"] if month in month_groups else 0
        assert (spend, from_minor(part or 0, statement.currency)) == (net, net)
        if net:
            assert figure["shown"] in unescape(months.out("report", "guide", "--month", month))


def test_the_groups_of_every_figure_add_up_to_the_total(months: RandomMonths) -> None:
    keys = ("leads", "qualified", "accepted", "accepted_by_silence", "rejected", "spend", "revenue")
    total = months.kpi()["whole"]["figures"]
    for by in ("campaign", "month", "post", "source"):
        for groups in months.kpi("--by", by)["groups"].values():
            for key in keys:
                parts = sum(group["figures"][key]["number"] or 0 for group in groups.values())
                assert parts == (total[key]["number"] or 0), (by, key)


def test_leads_kpi_and_export_agree(months: RandomMonths) -> None:
    leads = months.data("leads", "--limit", "9999")
    stages = Counter(row["stage"] for row in leads if "test" not in row["marks"].split())
    total = months.kpi()["whole"]
    assert sum(stages.values()) == total["submissions"]
    assert [stages["accepted"], stages["rejected"]] == [
        total["figures"][key]["number"] for key in ("accepted", "rejected")
    ]
    statements = months.lives.product.statements.values()
    billed = {
        line.lead_id: statement.number for statement in statements for line in statement.lines
    }
    assert {row["lead_id"]: row["billed"] for row in leads if row["billed"]} == billed
    month, now = months.lives.oracle.next_month(), show_time(months.lives.now)
    command = ("statement", "preview", "acme", "--month", month, "--format", "json")
    parts = json.loads(months.out(*command))["parts"]
    drawn = {line["lead_id"] for part in parts for line in part["lines"]}
    assert {row["lead_id"] for row in leads if row["due"] and row["due"] <= now[:19] + "Z"} == drawn
