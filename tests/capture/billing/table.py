"""Reads forty_lives.toml, a table of acts, terms and amounts that was worked out by hand."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.capture.billing.oracle import Credit, Line
from tests.capture.billing.oracle_acts import Act
from tests.capture.billing.oracle_life import Terms

TABLE: Final = Path(__file__).with_name("forty_lives.toml")
DECIMALS: Final = {"JPY": 0, "KWD": 3}
_MONEY: Final = frozenset({"rate", "money_a_month", "amount"})
_ACT: Final = re.compile(
    r"(?P<at>\S+ \S+) (?:(?P<lead>[A-Z]\w*) )?(?:(?P<side>client|agency) )?(?P<what>\w+)"
)


@dataclass(frozen=True)
class Entry:
    """One life of the table, in the oracle's words."""

    name: str
    terms: Terms
    acts: Sequence[Act]
    refused: Sequence[Act]
    """The acts that must be refused."""
    bills: Sequence[str]
    credits: Sequence[str]
    because: str


def entries() -> list[Entry]:
    """All of the table."""
    return [_entry(one) for one in tomllib.loads(TABLE.read_text(encoding="utf-8"))["life"]]


def _entry(data: Mapping[str, Any]) -> Entry:
    terms = _terms(Terms("", ""), data["terms"])
    acts, refused, now = [], [], terms
    for text in data["acts"]:
        act = _act(text.removesuffix("; refused"), now)
        now = act.terms or now
        acts.append(act)
        if text.endswith("; refused"):
            refused.append(act)
    return Entry(
        data["name"],
        terms,
        acts,
        refused,
        data["bills"],
        data.get("credits", []),
        data["because"],
    )


def _terms(before: Terms, data: Mapping[str, Any]) -> Terms:
    currency = data.get("currency", before.currency)
    terms = replace(before, currency=currency, decimals=DECIMALS.get(currency, 2))
    values = {name: _value(name, value, terms) for name, value in data.items()}
    return replace(terms, **values)


def _value(name: str, value: Any, terms: Terms) -> Any:
    if name in _MONEY:
        minor = Decimal(value).scaleb(terms.decimals)
        assert minor == int(minor), f"{value} has more decimals than {terms.currency}"
        return int(minor)
    if name in {"percent"}:
        return Decimal(value)
    if name in {"meeting", "on"}:
        return datetime.fromisoformat(value).replace(tzinfo=ZoneInfo(terms.zone))
    if name == "period":
        return date.fromisoformat(value)
    if name == "months":
        return int(value)
    return tuple(value) if isinstance(value, list) else value


def _act(text: str, terms: Terms) -> Act:
    head, *details = text.split("; ")
    found = _ACT.fullmatch(head)
    assert found is not None, head
    lead = found["lead"] or "Ann"
    data = dict(detail.split(" ", 1) for detail in details)
    act = Act(_value("on", found["at"], terms), found["what"], lead)
    if act.what == "edited":
        return replace(act, terms=_terms(terms, data))
    if act.what == "submitted":
        data = {"email": f"{lead}@{lead}.example".lower(), "answer": "101+"} | data
    values = {name: _value(name, value, terms) for name, value in data.items()}
    return replace(
        act, client=found["side"] == "client", entered=found["side"] == "agency", **values
    )


def shown_line(month: str, line: Line, terms: Terms) -> str:
    """A line in the table's notation."""
    marks = [name for name in ("free", "late") if getattr(line, name)]
    period = [f"period {line.period}"] if line.period else []
    return "; ".join([f"{month}: {line.lead} {_shown(line.amount, terms)}", *period, *marks])


def shown_credit(credit: Credit, terms: Terms) -> str:
    """A credit in the table's notation."""
    return f"{credit.lead} {_shown(credit.amount, terms)}"


def _shown(amount: int, terms: Terms) -> str:
    return f"{Decimal(amount).scaleb(-terms.decimals):f}"
