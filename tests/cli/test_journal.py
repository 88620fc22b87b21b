"""`gatepost journal`: a month for the agency's accounting."""

import csv
from datetime import UTC, datetime

import pytest
import time_machine

from tests.cli.conftest import Project

CLOSE = datetime(2026, 12, 5, 12, tzinfo=UTC)
SETTINGS = {
    "REVENUE_ACCOUNT": "8400",
    "BANK_ACCOUNT": "1200",
    "RECEIVABLES_ACCOUNT": "1400",
    "TAX_CODES": "20=3; 0=",
    "DATEV_ADVISER": "1001",
    "DATEV_CLIENT": "7",
    "DATEV_ACCOUNT_LENGTH": "4",
    "DATEV_CHART": "03",
    "DATEV_YEAR_STARTS": "01-01",
}
JOURNAL = ("journal", "--month", "2026-12")


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(f"GATEPOST_{name}", value)


def set_in_client_file(project: Project, line: str) -> None:
    client = project.folder / "clients/acme.toml"
    client.write_text(client.read_text().replace("vat_rate = 0", line))


def close_and_pay(project: Project) -> None:
    """acme-0001 over 60.00 is issued on 5 December, and 45.00 of it is paid."""
    project.take()
    with time_machine.travel(CLOSE, tick=False):
        project.run("close", "acme", "--month", "2026-11")
        project.run("paid", "acme-0001", "--amount", "45", "--date", "2026-12-04")


@pytest.fixture
def closed(project: Project) -> Project:
    set_in_client_file(project, "vat_rate = 20")
    close_and_pay(project)
    return project


def test_documents_and_payments_of_the_month_are_lines(closed: Project) -> None:
    ran = closed.run(*JOURNAL)
    rows = list(csv.DictReader(ran.out.splitlines()))
    assert [
        (row["date"], row["debit_account"], row["credit_account"], row["amount"], row["tax_code"])
        for row in rows
    ] == [
        ("2026-12-04", "1200", "1400", "45.00", ""),
        ("2026-12-05", "1400", "8400", "60.00", "3"),
    ]
    assert (rows[1]["tax_rate"], rows[1]["tax_amount"], rows[1]["currency"]) == (
        "20",
        "10.00",
        "USD",
    )
    assert len(closed.run("journal", "--month", "2026-11").out.splitlines()) == 1


def test_a_client_may_have_an_account_of_its_own(closed: Project) -> None:
    (closed.folder / "clients/acme.toml").write_text(
        (closed.folder / "clients/acme.toml")
        .read_text()
        .replace("payment_days", 'debtor_account = "10001"\npayment_days', 1)
    )
    rows = list(csv.DictReader(closed.run(*JOURNAL).out.splitlines()))
    assert [(row["debit_account"], row["credit_account"]) for row in rows] == [
        ("1200", "10001"),
        ("10001", "8400"),
    ]


def test_datev_refuses_another_currency_and_writes_no_file(closed: Project) -> None:
    ran = closed.run(*JOURNAL, "--format", "datev", "-o", "EXTF_december.csv")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert ran.err.startswith("acme-0001 is in USD, and a batch of DATEV is in EUR")
    assert not (closed.folder / "EXTF_december.csv").exists()


def test_a_month_in_euros_is_a_batch_for_datev(project: Project) -> None:
    set_in_client_file(project, "vat_rate = 20")
    campaign = project.folder / "campaigns/guide.toml"
    campaign.write_text(campaign.read_text().replace('"USD"', '"EUR"'))
    close_and_pay(project)
    ran = project.run(*JOURNAL, "--format", "datev", "-o", "EXTF_december.csv")
    assert (ran.code, ran.err) == (0, "")
    lines = (project.folder / "EXTF_december.csv").read_bytes().decode("cp1252").split("\r\n")
    assert lines[0].startswith('"EXTF";700;21;"Buchungsstapel";13;')
    assert lines[2].startswith('45,00;"H";"EUR";;;"";1400;1200;"";0412;"acme-0001"')
    assert lines[3].startswith('60,00;"S";"EUR";;;"";1400;8400;"3";0512;"acme-0001"')


@pytest.mark.parametrize(
    "name", ["REVENUE_ACCOUNT", "BANK_ACCOUNT", "RECEIVABLES_ACCOUNT", "TAX_CODES"]
)
def test_a_missing_setting_is_named_in_one_line(
    closed: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(f"GATEPOST_{name}")
    ran = closed.run(*JOURNAL)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert f"GATEPOST_{name}" in ran.err


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("REVENUE_ACCOUNT", "=8400", "must be an account code such as 8400"),
        ("TAX_CODES", "19", 'must be like "19=3; 0="'),
        ("TAX_CODES", "19=3; 19.0=4", 'must be like "19=3; 0="'),
        ("DATEV_ADVISER", "7", "must be a number from 1001 to 9999999"),
        ("DATEV_ACCOUNT_LENGTH", "9", "must be a number from 4 to 8"),
        ("DATEV_CHART", "SKR03", "must have two digits"),
        ("DATEV_YEAR_STARTS", "02-29", "must be a month and a day up to 28"),
    ],
)
def test_an_invalid_setting_is_refused_in_one_line(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(f"GATEPOST_{name}", value)
    ran = project.run(*JOURNAL)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert ran.err.startswith(f"GATEPOST_{name}={value!r} (environment): {message}")


def test_an_unknown_client_is_refused(project: Project) -> None:
    ran = project.run(*JOURNAL, "--client", "acne")
    assert (ran.code, ran.err) == (1, "no client `acne`; did you mean `acme`?\n")
    assert project.run(*JOURNAL, "--client", "acme").code == 0
