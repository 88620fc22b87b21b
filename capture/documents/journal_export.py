"""Writes the accounting journal as CSV, or as a posting batch of DATEV.

DATEV's format is version 700, category 21 (posting batch), version 13 of that: a file that DATEV
imports if its name begins with `EXTF_`. Amounts are in euros.
"""

import calendar
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO, Final

from capture.billing.journal import JournalLine
from capture.documents.lead_export import to_csv
from capture.errors import Refused
from capture.money import from_minor

COLUMNS: Final = (
    "date",
    "document",
    "client",
    "text",
    "debit_account",
    "credit_account",
    "amount",
    "currency",
    "tax_code",
    "tax_rate",
    "tax_amount",
    "due",
)


def journal_to_csv(out: BinaryIO, lines: Iterable[JournalLine]) -> None:
    """RFC 4180 in UTF-8. `amount` includes `tax_amount`; both are exact, in major units."""
    to_csv(
        out,
        COLUMNS,
        (
            {
                "date": line.day.isoformat(),
                "document": line.document,
                "client": line.client,
                "text": line.text,
                "debit_account": line.debit,
                "credit_account": line.credit,
                "amount": from_minor(line.amount, line.currency),
                "currency": line.currency,
                "tax_code": line.tax_code,
                "tax_rate": line.tax_rate,
                "tax_amount": from_minor(line.tax, line.currency) if line.tax_rate else None,
                "due": line.due_on.isoformat() if line.due_on else None,
            }
            for line in lines
        ),
    )


# DATEV.


@dataclass(frozen=True, slots=True)
class DatevSettings:
    """What DATEV needs to know of the agency; empty if not set."""

    adviser: str = ""
    """Beraternummer, 1001 to 9999999."""
    client: str = ""
    """Mandantennummer, 1 to 99999."""
    account_length: str = ""
    """Digits of general accounts, 4 to 8; those of debtors have one more."""
    chart: str = ""
    """The standard chart of accounts, such as 03 or 04."""
    year_starts: str = ""
    """Month and day on which the fiscal year starts, such as 01-01."""


_MAX_ROWS: Final = 99_999
_MAX_AMOUNT: Final = 10**12
"""In cents: DATEV has ten digits before the comma."""
_MAX_DOCUMENT: Final = 36
_MAX_TEXT: Final = 60

_COLUMNS: Final = (
    "Umsatz (ohne Soll/Haben-Kz)",
    "Soll/Haben-Kennzeichen",
    "WKZ Umsatz",
    "Kurs",
    "Basis-Umsatz",
    "WKZ Basis-Umsatz",
    "Konto",
    "Gegenkonto (ohne BU-Schlüssel)",
    "BU-Schlüssel",
    "Belegdatum",
    "Belegfeld 1",
    "Belegfeld 2",
    "Skonto",
    "Buchungstext",
    "Postensperre",
    "Diverse Adressnummer",
    "Geschäftspartnerbank",
    "Sachverhalt",
    "Zinssperre",
    "Beleglink",
    *(f"Beleginfo - {kind} {number}" for number in range(1, 9) for kind in ("Art", "Inhalt")),
    "KOST1 - Kostenstelle",
    "KOST2 - Kostenstelle",
    "Kost-Menge",
    "EU-Land u. UStID (Bestimmung)",
    "EU-Steuersatz (Bestimmung)",
    "Abw. Versteuerungsart",
    "Sachverhalt L+L",
    "Funktionsergänzung L+L",
    "BU 49 Hauptfunktionstyp",
    "BU 49 Hauptfunktionsnummer",
    "BU 49 Funktionsergänzung",
    *(
        f"Zusatzinformation{kind} {number}"
        for number in range(1, 21)
        for kind in (" - Art", "- Inhalt")
    ),
    "Stück",
    "Gewicht",
    "Zahlweise",
    "Forderungsart",
    "Veranlagungsjahr",
    "Zugeordnete Fälligkeit",
    "Skontotyp",
    "Auftragsnummer",
    "Buchungstyp",
    "USt-Schlüssel (Anzahlungen)",
    "EU-Land (Anzahlungen)",
    "Sachverhalt L+L (Anzahlungen)",
    "EU-Steuersatz (Anzahlungen)",
    "Erlöskonto (Anzahlungen)",
    "Herkunft-Kz",
    "Buchungs GUID",
    "KOST-Datum",
    "SEPA-Mandatsreferenz",
    "Skontosperre",
    "Gesellschaftername",
    "Beteiligtennummer",
    "Identifikationsnummer",
    "Zeichnernummer",
    "Postensperre bis",
    "Bezeichnung SoBil-Sachverhalt",
    "Kennzeichen SoBil-Buchung",
    "Festschreibung",
    "Leistungsdatum",
    "Datum Zuord. Steuerperiode",
    "Fälligkeit",
    "Generalumkehr (GU)",
    "Steuersatz",
    "Land",
    "Abrechnungsreferenz",
    "BVV-Position",
    "EU-Land u. UStID (Ursprung)",
    "EU-Steuersatz (Ursprung)",
    "Abw. Skontokonto",
)
_HEADER_TEXT: Final = frozenset({1, 4, 8, 9, 10, 17, 18, 22, 24, 27, 30, 31})
"""Fields of the first line, from 1, that are quoted, also when they are empty."""
_TEXT: Final = frozenset(
    {2, 3, 6, 9, 11, 12, 14, 16, *range(20, 39), 40, 42, *range(48, 88), 91, 95, 96, 98, 102, 103}
    | {105, 107, 109, 110, 112, 118, 120, 121, 123}
)
"""Columns, from 1, that are quoted, also when they are empty."""


def journal_to_datev(
    lines: Sequence[JournalLine], settings: DatevSettings, month: str, now: datetime
) -> bytes:
    """The posting batch of a month such as `2026-12`, in Windows-1252.

    Raises `Refused` for another currency than the euro, for codes that DATEV does not accept, and
    for more rows than a batch has.
    """
    header = _header(settings, month, now)
    if len(lines) > _MAX_ROWS:
        raise Refused(
            f"a batch of DATEV has at most {_MAX_ROWS:,} rows, and the month has {len(lines):,}: "
            "export each client alone"
        )
    rows = [_line(_row(line, int(settings.account_length)), _TEXT) for line in lines]
    text = "".join(f"{row}\r\n" for row in [_line(header, _HEADER_TEXT), ";".join(_COLUMNS), *rows])
    return text.encode("cp1252", errors="replace")  # only in texts: numbers are ASCII


def _header(settings: DatevSettings, month: str, now: datetime) -> list[object]:
    for name in ("adviser", "client", "account_length", "chart", "year_starts"):
        if not getattr(settings, name):
            raise Refused(
                f"GATEPOST_DATEV_{name.upper()} is not set, and DATEV needs it; set it in .env"
            )
    first = date.fromisoformat(f"{month}-01")
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    year_starts = date.fromisoformat(f"{first.year}-{settings.year_starts}")
    if year_starts > first:
        year_starts = year_starts.replace(year=first.year - 1)
    created_at = f"{now:%Y%m%d%H%M%S}{now.microsecond // 1000:03d}"
    return [
        *("EXTF", 700, 21, "Buchungsstapel", 13, created_at, "", "RE", "", ""),
        *(settings.adviser, settings.client, f"{year_starts:%Y%m%d}", settings.account_length),
        *(f"{first:%Y%m%d}", f"{last:%Y%m%d}", f"Gatepost {month}", "", 1, 0, 0, "EUR"),
        *("", "", "", "", settings.chart, "", "", "", ""),
    ]


def _row(line: JournalLine, account_length: int) -> list[object]:
    _check_line(line, account_length)
    amount = f"{from_minor(line.amount, line.currency):.2f}".replace(".", ",")
    values: dict[str, object] = {
        "Umsatz (ohne Soll/Haben-Kz)": amount,
        "Soll/Haben-Kennzeichen": "S" if line.is_debit else "H",
        "WKZ Umsatz": line.currency,
        "Konto": line.debtor,
        "Gegenkonto (ohne BU-Schlüssel)": line.contra,
        "BU-Schlüssel": line.tax_code,
        "Belegdatum": f"{line.day:%d%m}",
        "Belegfeld 1": line.document,
        "Buchungstext": f"{line.text}, {line.client}"[:_MAX_TEXT],
        "Festschreibung": 0,
        "Fälligkeit": f"{line.due_on:%d%m%Y}" if line.due_on else "",
    }
    return [values.get(column, "") for column in _COLUMNS]


def _check_line(line: JournalLine, account_length: int) -> None:
    if line.currency != "EUR":
        raise Refused(
            f"{line.document} is in {line.currency}, and a batch of DATEV is in EUR: export a "
            "client that pays in EUR, or plain CSV"
        )
    if line.amount >= _MAX_AMOUNT:
        raise Refused(f"{line.document}: the amount has more digits than DATEV accepts")
    if len(line.document) > _MAX_DOCUMENT:
        raise Refused(f"{line.document}: DATEV accepts at most {_MAX_DOCUMENT} characters")
    for code, most in ((line.debtor, account_length + 1), (line.contra, account_length)):
        if not (code.isascii() and code.isdigit() and len(code) <= most):
            raise Refused(
                f"{line.document}: the account {code} has not 1 to {most} digits, which DATEV "
                f"needs with GATEPOST_DATEV_ACCOUNT_LENGTH={account_length}"
            )


def _line(values: Iterable[object], quoted: Collection[int]) -> str:
    return ";".join(
        f'"{str(value).replace(chr(34), chr(34) * 2)}"' if number in quoted else str(value)
        for number, value in enumerate(values, start=1)
    )
