"""Percentages in currencies of 0, 2 and 3 decimals, from the outcome to the closed statement and
the export: rounded once, half to even, to the currency's minor unit (rules 22 to 24 of
docs/rules.md)."""

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
import time_machine

from tests.cli.conftest import Project
from tests.samples import CAMPAIGN, NOW

DAY = timedelta(days=1)
DECEMBER = datetime(2026, 12, 10, 12, tzinfo=UTC)
CPL = 'model = "cpl"\nrate = 50\nbillable = "accepted"'
SALE = 'model = "cpa"\npercent = 10\nbillable = "won"\nrefund_days = 30'
SHARE = 'model = "revenue_share"\npercent = 10\nmonths = 12\nbillable = "revenue"'


@dataclass(frozen=True)
class Money:
    """How a currency writes 1005 and 1015 minor units, and a tenth of each, half to even."""

    currency: str
    sold: tuple[str, str]
    fees: tuple[str, str]
    """10 % are 100.5 and 101.5 minor units: both ties go to the even neighbour."""
    total: str


YEN = Money("JPY", ("1005", "1015"), ("100", "102"), "¥202")
DOLLAR = Money("USD", ("10.05", "10.15"), ("1.00", "1.02"), "$2.02")
DINAR = Money("KWD", ("1.005", "1.015"), ("0.100", "0.102"), "KWD 0.202")
each_currency = pytest.mark.parametrize(
    "money", [YEN, DOLLAR, DINAR], ids=lambda money: money.currency
)


def set_price(project: Project, money: Money, price: str) -> None:
    text = CAMPAIGN.replace(CPL, price).replace('"USD"', f'"{money.currency}"')
    (project.folder / "campaigns/guide.toml").write_text(text)


def import_rows(project: Project, *rows: str) -> None:
    heading = "email,outcome,on,amount,period,months"
    (project.folder / "crm.csv").write_text("\n".join([heading, *rows]))
    with time_machine.travel(NOW + 4 * DAY, tick=False):  # final in November
        ran = project.run(
            "outcomes",
            "import",
            "crm.csv",
            *("--as", "Carol"),
            *("--campaign", "guide"),
        )
    assert (ran.code, ran.err) == (0, "")


def close(project: Project) -> str:
    """Closes November. Returns the output."""
    with time_machine.travel(DECEMBER, tick=False):
        ran = project.run("close", "acme", "--month", "2026-11")
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def take_two(project: Project) -> None:
    project.take(email="ann@clinic.example")
    project.take(email="bob@other.example", at=NOW + timedelta(minutes=1))


def table(project: Project, *command: str) -> list[dict[str, str]]:
    ran = project.run(*command, "--format", "csv")
    assert ran.code == 0, ran.err
    return list(csv.DictReader(io.StringIO(ran.out)))


@each_currency
def test_a_share_of_sales_is_the_same_on_statement_and_export(
    project: Project, money: Money
) -> None:
    set_price(project, money, SALE)
    take_two(project)
    import_rows(
        project,
        f"ann@clinic.example,won,2026-11-24T09:00,{money.sold[0]},,",
        f"bob@other.example,won,2026-11-24T10:00,{money.sold[1]},,",
    )
    assert close(project).startswith(f"acme-0001: acme, 2026-11: {money.total} for 2 lines")
    data = json.loads(project.run("statement", "acme-0001", "--format", "json").out)
    assert (data["currency"], data["total"]) == (money.currency, 202)
    lines = sorted((line["sold"], line["amount"]) for line in data["parts"][0]["lines"])
    assert lines == [(1005, 100), (1015, 102)]
    rows = table(project, "statement", "acme-0001")
    assert sorted((row["sold"], row["amount"]) for row in rows) == list(
        zip(money.sold, money.fees, strict=True)
    )
    exported = table(project, "export", "guide", "--month", "2026-11", "--as-of", "2026-12-10")
    assert sorted((row["amount"], row["currency"]) for row in exported) == [
        (fee, money.currency) for fee in money.fees
    ]
    assert project.run("verify").code == 0


@each_currency
def test_a_spreadsheet_shows_the_currencys_decimals(project: Project, money: Money) -> None:
    set_price(project, money, SALE)
    take_two(project)
    import_rows(project, f"ann@clinic.example,won,2026-11-24T09:00,{money.sold[0]},,")
    close(project)
    assert project.run("statement", "acme-0001", "--format", "xlsx", "-o", "bill.xlsx").code == 0
    sheet = openpyxl.load_workbook(project.folder / "bill.xlsx").active
    heading = [cell.value for cell in sheet[1]]
    cell = sheet[2][heading.index("amount")]
    decimals = len(money.fees[0].partition(".")[2])
    assert float(cell.value) == float(money.fees[0])
    assert len(cell.number_format.partition(".")[2]) == decimals


@each_currency
def test_a_share_of_revenue_is_rounded_period_by_period(project: Project, money: Money) -> None:
    """2010 minor units over two months: 1005 each, 100 each, though a tenth of all is 201."""
    set_price(project, money, SHARE)
    take_two(project)
    complete = {"JPY": "2010", "USD": "20.10", "KWD": "2.010"}[money.currency]
    import_rows(
        project,
        f"ann@clinic.example,won,2026-11-24T09:00,{complete},,",
        f"ann@clinic.example,revenue,2026-11-24T09:00,{complete},2026-11-24,2",
    )
    close(project)
    with time_machine.travel(datetime(2027, 1, 2, tzinfo=UTC), tick=False):
        project.run("close", "acme", "--month", "2026-12")
    periods = [
        (row["period"], row["sold"], row["amount"])
        for number in ("acme-0001", "acme-0002")
        for row in table(project, "statement", number)
    ]
    assert periods == [(day, money.sold[0], money.fees[0]) for day in ("2026-11-24", "2026-12-24")]
    assert project.run("verify").code == 0


@each_currency
def test_the_credit_for_a_refund_is_rounded_like_the_billed_line(
    project: Project, money: Money
) -> None:
    """507 of 1015 are refunded: 10 % of the remaining 508 is 50.8, so 51 of 102 stay due."""
    set_price(project, money, SALE)
    take_two(project)
    import_rows(project, f"bob@other.example,won,2026-11-24T10:00,{money.sold[1]},,")
    close(project)
    back = {"JPY": "507", "USD": "5.07", "KWD": "0.507"}[money.currency]
    row = f"bob@other.example,refunded,2026-12-02T10:00,{back},,"
    (project.folder / "crm.csv").write_text("email,outcome,on,amount,period,months\n" + row)
    with time_machine.travel(DECEMBER + DAY, tick=False):
        project.run("outcomes", "import", "crm.csv", "--as", "Carol", "--campaign", "guide")
    (note,) = json.loads(project.run("credits", "--json").out)
    assert note["amount"] == {"JPY": "51", "USD": "0.51", "KWD": "0.051"}[money.currency]


@pytest.mark.parametrize(("money", "amount"), [(YEN, "0.5"), (DOLLAR, "1.005"), (DINAR, "1.0005")])
def test_an_amount_that_the_currency_does_not_have_is_refused(
    project: Project, money: Money, amount: str
) -> None:
    set_price(project, money, SALE)
    lead_id = project.take()
    ran = project.run("outcome", lead_id, "won", "--amount", amount, "--as", "Ada")
    assert (ran.code, ran.out) == (1, "")
    assert f"more decimals than {money.currency}" in ran.err
