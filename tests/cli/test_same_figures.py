"""Every command shows the same figure for the same thing, on random months of each price model."""

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
SEEDS = {"cpl": 14, "cpap": 21, "cpa": 12, "revenue_share": 15}
"""Lives with credits and with lines that the cap on money made free."""


@dataclass
class Busy:
    """A campaign after busy months, all past months closed, and the command with its ledger."""

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

    def whole(self, *args: str) -> dict[str, Any]:
        found: dict[str, Any] = self.data("kpi", *args)["currencies"][0]
        return found


@pytest.fixture(params=SEEDS)
def busy(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Iterator[Busy]:
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
    yield Busy(lives, runner(monkeypatch, capfdbinary))
    monkeypatch.undo()
    lives.product.ledger.close()
    lives.folder.cleanup()


def amounts(rows: list[dict[str, str]]) -> Decimal:
    return sum((Decimal(str(row["amount"])) for row in rows), Decimal(0))


def sheet(file: str) -> list[dict[str, str]]:
    heading, *rows = openpyxl.load_workbook(file).active.values
    return [dict(zip(heading, row, strict=True)) for row in rows]


def test_a_months_total_is_the_same_in_every_format_list_report_and_figure(busy: Busy) -> None:
    listed = {row["number"]: row for row in busy.data("statements")}
    months = busy.whole("--by", "month")["groups"]["month"]
    bills = busy.lives.product.statements.values()
    assert any(line.free_over_cap for bill in bills for line in bill.lines)
    assert any(row["credited"].strip("0.") for row in listed.values())
    for month, bill in busy.lives.product.statements.items():
        number, complete = bill.number, from_minor(bill.total, bill.currency)
        if not number:
            assert busy.table("export", "guide", "--month", month) == []
            continue
        busy.out("statement", number, "--format", "xlsx", "-o", f"{number}.xlsx")
        busy.out("evidence", number, "-o", f"{number}.db")
        messages = [
            json.loads(row)
            for row in busy.out("statement", number, "--format", "jsonl").split("\n")
            if row
        ]
        with closing(sqlite3.connect(f"{number}.db")) as db:
            (proven,) = db.execute("SELECT coalesce(sum(amount_minor), 0) FROM lines").fetchone()
        assert {
            amounts(busy.table("statement", number, "--format", "csv")),
            amounts(messages),
            amounts(sheet(f"{number}.xlsx")),
            amounts(busy.table("export", "guide", "--month", month)),
            Decimal(listed[number]["net"]),
            from_minor(proven, bill.currency),
        } == {complete}
        lines = busy.table("statement", number, "--format", "csv")
        exported = busy.table("export", "guide", "--month", month)
        paid = [line["lead_id"] for line in lines if line["free_over_cap"] == "no"]
        assert [line["lead_id"] for line in exported] == paid
        shown = show_money(bill.total, bill.currency)
        assert shown in unescape(busy.out("statement", number, "--format", "html"))
        raised = [row for row in listed.values() if row["document"] == f"debit note on {number}"]
        left = complete + sum(Decimal(row["net"]) for row in raised)
        left -= sum(Decimal(row["credited"]) for row in [listed[number], *raised])
        figure = busy.whole("--from", month, "--to", month)["whole"]["figures"]["spend"]
        spend = from_minor(figure["number"] or 0, bill.currency)
        part = months[month]["figures"]["spend"]["number"] if month in months else 0
        assert (spend, from_minor(part or 0, bill.currency)) == (left, left)
        if left:
            assert figure["shown"] in unescape(busy.out("report", "guide", "--month", month))


def test_the_groups_of_every_figure_add_up_to_the_total(busy: Busy) -> None:
    keys = ("leads", "qualified", "accepted", "accepted_by_silence", "rejected", "spend", "revenue")
    complete = busy.whole()["whole"]["figures"]
    for by in ("campaign", "month", "post", "source"):
        for groups in busy.whole("--by", by)["groups"].values():
            for key in keys:
                parts = sum(group["figures"][key]["number"] or 0 for group in groups.values())
                assert parts == (complete[key]["number"] or 0), (by, key)


def test_leads_figures_and_exported_lines_agree(busy: Busy) -> None:
    leads = busy.data("leads", "--limit", "9999")
    stages = Counter(row["stage"] for row in leads if "test" not in row["marks"].split())
    complete = busy.whole()["whole"]
    assert sum(stages.values()) == complete["submissions"]
    assert [stages["accepted"], stages["rejected"]] == [
        complete["figures"][key]["number"] for key in ("accepted", "rejected")
    ]
    bills = busy.lives.product.statements.values()
    billed = {line.lead_id: bill.number for bill in bills for line in bill.lines}
    assert {row["lead_id"]: row["billed"] for row in leads if row["billed"]} == billed
    month, now = busy.lives.oracle.next_month(), show_time(busy.lives.now)
    command = ("statement", "preview", "acme", "--month", month, "--format", "json")
    parts = json.loads(busy.out(*command))["parts"]
    drawn = {line["lead_id"] for part in parts for line in part["lines"]}
    assert {row["lead_id"] for row in leads if row["due"] and row["due"] <= now[:19] + "Z"} == drawn
