"""The agreement as words, before any format: parties, numbered sections, numbered clauses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from babel.dates import format_date

from capture.billing.statement import Party
from capture.campaign.model import Campaign
from capture.money import show_money, to_minor
from capture.text import count_noun

# Numbers, days, money and lists as an agreement writes them.


count = count_noun

_DECEIVING: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters, and those that turn the order of what is read."""


def visible_text(text: str) -> str:
    """The text as it stands, without characters that would show another text than it holds."""
    return _DECEIVING.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def join_words(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    head, tail = words[:-1], words[-1]
    return f"{', '.join(head)} {last} {tail}" if head else tail


def choices(words: Sequence[str]) -> str:
    """Answers one after the other, told apart by semicolons."""
    return "; ".join(words)


def day(when: date) -> str:
    """`1 November 2026`."""
    text: str = format_date(when, "d MMMM y", locale="en")
    return text


def percent(share: Decimal) -> str:
    """`10 %`, `12.5 %`: without noughts at its end."""
    return f"{share.normalize():f} %"


def amount(major: Decimal, currency: str) -> str:
    """An amount in major units with its currency: `$50.00`."""
    return show_money(to_minor(major, currency), currency)


def price_unit(campaign: Campaign) -> str:
    """What the price is for, to follow the amount: `per accepted lead`."""
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
            months = count(price.months or 0, "month")
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


# One side of an agreement or a bill, as it is printed.


@dataclass(frozen=True, slots=True)
class Side:
    """A role, such as the client, and who has it."""

    role: str
    name: str
    lines: tuple[str, ...] = ()
    """Address and numbers, line by line."""


def side(role: str, party: Party) -> Side:
    """A party in a role, with nothing in it that would show other words than it holds."""
    lines = [*party.address, *([party.tax_id] if party.tax_id else [])]
    return Side(role, visible_text(party.name), tuple(map(visible_text, lines)))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a clause; every row has as many cells as there are columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    code: bool = False
    """The first cell of each row is a code or a command: shown as it must be typed."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One or more sentences, and what they introduce: a list, a table or a text word for word."""

    text: str
    items: tuple[str, ...] = ()
    table: Table | None = None
    quote: str = ""
    number: str = ""
    """Such as 4.2; given when the agreement is put together."""


@dataclass(frozen=True, slots=True)
class Section:
    """Clauses about one matter; `number` counts from 1, 0 before it is put together."""

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
