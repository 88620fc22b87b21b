"""The journal as CSV and as a posting batch of DATEV."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from capture.billing.journal import JournalLine
from capture.documents.journal_export import (
    COLUMNS,
    DatevSettings,
    journal_to_csv,
    journal_to_datev,
)
from capture.errors import Refused

LINE = JournalLine(
    day=date(2026, 12, 2),
    document="acme-0001",
    client="acme",
    text="Invoice for 2026-11",
    debtor="10001",
    contra="8400",
    is_debit=True,
    amount=119_050,
    currency="EUR",
    tax_code="3",
    tax_rate="19",
    tax=19_008,
    due_on=date(2027, 1, 1),
)
PAYMENT = JournalLine(
    day=date(2026, 12, 30),
    document="acme-0001",
    client="acme",
    text="Payment B-7",
    debtor="10001",
    contra="1200",
    is_debit=False,
    amount=5,
    currency="EUR",
)
SETTINGS = DatevSettings("1001", "7", "4", "03", "07-01")
NOW = datetime(2027, 1, 5, 12, 30, 1, 45_000, tzinfo=UTC)


def datev_rows(*lines: JournalLine) -> list[list[str]]:
    content = journal_to_datev(lines, SETTINGS, "2026-12", NOW).decode("cp1252")
    assert content.endswith("\r\n")
    return list(csv.reader(io.StringIO(content, newline=""), delimiter=";"))


def test_csv_has_exact_amounts_and_both_accounts() -> None:
    out = io.BytesIO()
    journal_to_csv(out, [LINE, PAYMENT])
    heading, *rows = csv.reader(io.StringIO(out.getvalue().decode(), newline=""))
    assert tuple(heading) == COLUMNS
    assert rows == [
        [
            *("2026-12-02", "acme-0001", "acme", "Invoice for 2026-11", "10001", "8400"),
            *("1190.50", "EUR", "3", "19", "190.08", "2027-01-01"),
        ],
        [
            *("2026-12-30", "acme-0001", "acme", "Payment B-7", "1200", "10001"),
            *("0.05", "EUR", "", "", "", ""),
        ],
    ]


def test_no_cell_of_the_csv_is_a_formula() -> None:
    out = io.BytesIO()
    journal_to_csv(out, [replace(LINE, text="=cmd()", client="+1", tax_code="@x")])
    cells = out.getvalue().decode().splitlines()[1].split(",")
    assert (cells[2], cells[3], cells[8]) == ("'+1", "'=cmd()", "'@x")


def test_a_batch_has_the_header_and_the_columns_of_version_13() -> None:
    header, columns, *rows = datev_rows(LINE)
    assert header[:6] == ["EXTF", "700", "21", "Buchungsstapel", "13", "20270105123001045"]
    assert header[10:16] == ["1001", "7", "20260701", "4", "20261201", "20261231"]
    assert (header[16], header[21], header[26], len(header)) == (
        "Gatepost 2026-12",
        "EUR",
        "03",
        31,
    )
    assert (len(columns), len(rows[0])) == (125, 125)


def test_a_batch_has_a_row_for_each_line() -> None:
    _, columns, *rows = datev_rows(LINE, PAYMENT)
    values = [
        {name: value for name, value in zip(columns, row, strict=True) if value} for row in rows
    ]
    assert values == [
        {
            "Umsatz (ohne Soll/Haben-Kz)": "1190,50",
            "Soll/Haben-Kennzeichen": "S",
            "WKZ Umsatz": "EUR",
            "Konto": "10001",
            "Gegenkonto (ohne BU-Schlüssel)": "8400",
            "BU-Schlüssel": "3",
            "Belegdatum": "0212",
            "Belegfeld 1": "acme-0001",
            "Buchungstext": "Invoice for 2026-11, acme",
            "Festschreibung": "0",
            "Fälligkeit": "01012027",
        },
        {
            "Umsatz (ohne Soll/Haben-Kz)": "0,05",
            "Soll/Haben-Kennzeichen": "H",
            "WKZ Umsatz": "EUR",
            "Konto": "10001",
            "Gegenkonto (ohne BU-Schlüssel)": "1200",
            "Belegdatum": "3012",
            "Belegfeld 1": "acme-0001",
            "Buchungstext": "Payment B-7, acme",
            "Festschreibung": "0",
        },
    ]


def test_texts_are_quoted_and_amounts_are_not() -> None:
    row = journal_to_datev([LINE], SETTINGS, "2026-12", NOW).decode("cp1252").splitlines()[2]
    assert row.startswith('1190,50;"S";"EUR";;;"";10001;8400;"3";0212;"acme-0001";"";;"Invoice')


def test_a_text_is_cut_and_a_letter_outside_of_windows_1252_is_replaced() -> None:
    _, columns, row = datev_rows(replace(LINE, text=f'"\u0141ódź" {"x" * 80}'))
    text = dict(zip(columns, row, strict=True))["Buchungstext"]
    assert (text[:8], len(text)) == ('"?ód?" x', 60)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (replace(LINE, currency="USD"), "acme-0001 is in USD, and a batch of DATEV is in EUR"),
        (replace(LINE, contra="84000"), "the account 84000 has not 1 to 4 digits"),
        (replace(LINE, debtor="AR"), "the account AR has not 1 to 5 digits"),
        (replace(LINE, debtor="\u0661\u0660"), "has not 1 to 5 digits"),
        (replace(LINE, amount=10**12), "more digits than DATEV accepts"),
        (replace(LINE, document="a" * 37), "DATEV accepts at most 36 characters"),
    ],
)
def test_what_datev_does_not_accept_is_refused(line: JournalLine, message: str) -> None:
    with pytest.raises(Refused, match=message):
        journal_to_datev([LINE, line], SETTINGS, "2026-12", NOW)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"adviser": ""}, "ADVISER"),
        ({"client": ""}, "CLIENT"),
        ({"account_length": ""}, "ACCOUNT_LENGTH"),
        ({"chart": ""}, "CHART"),
        ({"year_starts": ""}, "YEAR_STARTS"),
    ],
)
def test_a_missing_setting_is_named(changes: dict[str, str], name: str) -> None:
    with pytest.raises(Refused, match=f"GATEPOST_DATEV_{name} is not set, and DATEV needs it"):
        journal_to_datev([], replace(SETTINGS, **changes), "2026-12", NOW)


def test_a_batch_has_at_most_99_999_rows() -> None:
    with pytest.raises(Refused, match=r"at most 99,999 rows, and the month has 100,000"):
        journal_to_datev([PAYMENT] * 100_000, SETTINGS, "2026-12", NOW)


@pytest.mark.parametrize(("starts", "year"), [("01-01", "20260101"), ("12-01", "20261201")])
def test_the_fiscal_year_is_that_of_the_month(starts: str, year: str) -> None:
    content = journal_to_datev([], replace(SETTINGS, year_starts=starts), "2026-12", NOW)
    assert f";{year};4;20261201;".encode() in content
