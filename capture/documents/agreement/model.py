"""The agreement before any format: parties, numbered sections and clauses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from babel.dates import format_date
from dateutil.relativedelta import relativedelta

from capture.billing.statement import Party
from capture.campaign.model import Campaign
from capture.money import show_money, to_minor
from capture.text import count_noun

# How the agreement writes numbers, days, money and lists.


_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters, and characters that change the reading order."""


def visible_text(text: str) -> str:
    """The text, with invisible and reordering characters replaced by �."""
    return _INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def join_words(words: Sequence[str], conjunction: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    first, final = words[:-1], words[-1]
    return f"{', '.join(first)} {conjunction} {final}" if first else final


def day(date_: date) -> str:
    """`1 November 2026`."""
    text: str = format_date(date_, "d MMMM y", locale="en")
    return text


@lru_cache(maxsize=1024)
def short_day(date_: date) -> str:
    """`1 Nov 2026`, for tables."""
    text: str = format_date(date_, "d MMM y", locale="en")
    return text


@lru_cache(maxsize=1024)
def month_name(month: str) -> str:
    """`November 2026`, of `2026-11`."""
    text: str = format_date(date.fromisoformat(f"{month}-01"), "MMMM y", locale="en")
    return text


def month_days(month: str) -> str:
    """`1 to 30 November 2026`, of `2026-11`."""
    first = date.fromisoformat(f"{month}-01")
    last = first + relativedelta(day=31)
    return f"{first.day} to {day(last)}"


def percent(share: Decimal) -> str:
    """`10 %`, `12.5 %`: without trailing zeros."""
    return f"{share.normalize():f} %"


def amount(major: Decimal, currency: str) -> str:
    """An amount in major units with its currency: `$50.00`."""
    return show_money(to_minor(major, currency), currency)


def price_unit(campaign: Campaign) -> str:
    """The unit of the price, to follow the amount: `per accepted lead`."""
    price = campaign.price
    match price.billable:
        case "accepted":
            return "per accepted lead"
        case "scheduled":
            return "per appointment scheduled with an accepted lead"
        case "held":
            return "per appointment held with an accepted lead"
        case "won" if price.percent is None:
            return "per accepted lead that becomes a customer"
        case "won":
            return "of the first purchase of each accepted lead that becomes a customer"
        case _:
            months = count_noun(price.months or 0, "month")
            first = "month" if price.months == 1 else months
            return (
                "of the revenue from each accepted lead that becomes a customer, "
                f"for the first {first}"
            )


def price_amount(campaign: Campaign) -> str:
    """The rate with its currency, or the percentage."""
    price = campaign.price
    if price.rate is not None:
        return amount(price.rate, campaign.currency)
    return percent(price.percent or Decimal(0))


# The parts of a document.


@dataclass(frozen=True, slots=True)
class Side:
    """A party of an agreement or statement: its role, name and address."""

    role: str
    name: str
    lines: tuple[str, ...] = ()
    """Address and tax number, line by line."""


def side(role: str, party: Party) -> Side:
    """A party in a role, without invisible or reordering characters."""
    vat_id = f"VAT id {party.vat_id}" if party.vat_id and party.vat_id not in party.tax_id else ""
    lines = [*party.address, *filter(None, (party.tax_id, vat_id))]
    return Side(role, visible_text(party.name), tuple(map(visible_text, lines)))


@dataclass(frozen=True, slots=True)
class Table:
    """A table under a clause; each row has one cell per column."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    code: bool = False
    """Whether the first cell of each row is a code or command, shown in a monospaced font."""


@dataclass(frozen=True, slots=True)
class Clause:
    """Sentences, and the list, table or quotation that follows them."""

    text: str
    items: tuple[str, ...] = ()
    table: Table | None = None
    quote: str = ""
    number: str = ""
    """Such as 4.2; set by `agreement`."""


@dataclass(frozen=True, slots=True)
class Section:
    """Clauses about one subject; `number` counts from 1 and is set by `agreement`."""

    title: str
    clauses: tuple[Clause, ...]
    number: int = 0


@dataclass(frozen=True, slots=True)
class Agreement:
    """All that both sides agree to, made from a campaign's file and the client's record."""

    title: str
    subtitle: str
    campaign: str
    version: str
    """The campaign file's SHA-256 in hex."""
    parties: tuple[Side, ...]
    sections: tuple[Section, ...]
