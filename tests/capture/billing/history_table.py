"""Reads both tables of lead histories: acts, terms, and amounts that were calculated by hand."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.capture.billing.oracle import Credit
from tests.capture.billing.oracle_acts import Act
from tests.capture.billing.oracle_campaign import Line
from tests.capture.billing.oracle_history import Terms

TABLES: Final = [
    Path(__file__).with_name(name) for name in ("lead_histories.toml", "waiting_histories.toml")
]
DECIMALS: Final = {"JPY": 0, "KWD": 3}
_MONEY: Final = frozenset({"rate", "money_a_month", "amount"})
_CONVERSIONS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "percent": Decimal,
    "period": date.fromisoformat,
    "months": int,
    "suspicious": "yes".__eq__,
    "imported": "yes".__eq__,
}
_ACT: Final = re.compile(
    r"(?P<at>\S+ \S+) (?:(?P<lead>[A-Z]\w*) )?(?:(?P<side>client|agency) )?(?P<kind>\w+)"
)


@dataclass(frozen=True)
class Entry:
    """One lead history of the table, with the oracle's types."""

    name: str
    terms: Terms
    acts: Sequence[Act]
    refused: Sequence[Act]
    """The acts that must be refused."""
    lines: Sequence[str]
    credits: Sequence[str]
    explanation: str


def read_entries() -> list[Entry]:
    """All entries of both tables."""
    tables = [tomllib.loads(path.read_text(encoding="utf-8")) for path in TABLES]
    return [_entry(data) for table in tables for data in table["history"]]


def _entry(data: Mapping[str, Any]) -> Entry:
    terms = _terms(Terms("", ""), data["terms"])
    acts, refused, current_terms = [], [], terms
    for text in data["acts"]:
        act = _act(text.removesuffix("; refused"), current_terms)
        current_terms = act.terms or current_terms
        acts.append(act)
        if text.endswith("; refused"):
            refused.append(act)
    return Entry(
        data["name"],
        terms,
        acts,
        refused,
        data["lines"],
        data.get("credits", []),
        data["explanation"],
    )


def _terms(base: Terms, data: Mapping[str, Any]) -> Terms:
    currency = data.get("currency", base.currency)
    terms = replace(base, currency=currency, decimals=DECIMALS.get(currency, 2))
    values = {name: _value(name, value, terms) for name, value in data.items()}
    return replace(terms, **values)


def _value(name: str, value: Any, terms: Terms) -> Any:
    if name in _MONEY:
        minor = Decimal(value).scaleb(terms.decimals)
        assert minor == int(minor), f"{value} has more decimals than {terms.currency}"
        return int(minor)
    convert = _CONVERSIONS.get(name)
    if convert is not None:
        return convert(value)
    if name in {"meeting", "on"}:
        return datetime.fromisoformat(value).replace(tzinfo=ZoneInfo(terms.zone))
    return tuple(value) if isinstance(value, list) else value


def _act(text: str, terms: Terms) -> Act:
    first_part, *details = text.split("; ")
    match = _ACT.fullmatch(first_part)
    assert match is not None, first_part
    lead = match["lead"] or "Ann"
    data = dict(detail.split(" ", 1) for detail in details)
    act = Act(_value("on", match["at"], terms), match["kind"], lead)
    if act.kind == "edited":
        return replace(act, terms=_terms(terms, data))
    if act.kind == "submitted":
        data = {"email": f"{lead}@{lead}.example".lower(), "answer": "101+"} | data
    values = {name: _value(name, value, terms) for name, value in data.items()}
    return replace(
        act, client=match["side"] == "client", entered=match["side"] == "agency", **values
    )


def format_line(month: str, line: Line, terms: Terms) -> str:
    """A line in the table's notation."""
    flags = [name for name in ("free", "late") if getattr(line, name)]
    period = [f"period {line.period}"] if line.period else []
    return "; ".join(
        [f"{month}: {line.lead} {_format_amount(line.amount, terms)}", *period, *flags]
    )


def format_credit(credit: Credit, terms: Terms) -> str:
    """A credit in the table's notation."""
    return f"{credit.lead} {_format_amount(credit.amount, terms)}"


def amount_of(text: str) -> Decimal:
    """The amount of a line in the table's notation."""
    return Decimal(text.split()[2].rstrip(";"))


def _format_amount(amount: int, terms: Terms) -> str:
    return f"{Decimal(amount).scaleb(-terms.decimals):f}"
