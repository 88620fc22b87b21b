"""One row of a table of outcomes, cell by cell, to what it says of a lead.

The columns are named as the options of the command that records one outcome.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeVar

from capture.billing import minor_units
from capture.campaign import Campaign
from capture.campaign.problems import near, shown
from capture.errors import Refused
from capture.lead import Actor, Kind
from capture.local_time import read_moment
from capture.outcomes.amounts import read_amount
from capture.outcomes.record import KINDS, REFERENCE, WITH_AMOUNT, WITH_MEETING, Outcome

MOST_MONTHS: Final = 120
"""How many months a payment may be split over."""

Value = TypeVar("Value")

_SIDES: Final = {side.value: side for side in (Actor.AGENCY, Actor.CLIENT)}
_NEEDS: Final[Mapping[str, str]] = {
    "at": "say when the meeting is",
    "amount": "say how much, net of tax",
    "period": "say the first day that the revenue is for",
    "reason": "name a code of the campaign's reasons",
}


@dataclass(frozen=True, slots=True)
class Teller:
    """Who brings a table, and what holds for the rows that do not say it themselves."""

    by: str
    """The person's name."""
    side: Actor
    """Whose word it relays: the agency's own or the client's. The agency enters it (rule 41)."""
    campaign: str = ""
    """Where the leads are that rows name by their e-mail address."""


class Cells:
    """Reads a row's cells; what is wrong with them is gathered in `faults`, each in one line."""

    def __init__(self, cells: Mapping[str, str], teller: Teller) -> None:
        self._cells = {name: cell.strip() for name, cell in cells.items()}
        self._teller = teller
        self.faults: list[str] = []

    def text(self, name: str) -> str:
        """The cell; empty where there is no such column."""
        return self._cells.get(name, "")

    @property
    def campaign(self) -> str:
        """In which campaign the lead is."""
        return self.text("campaign") or self._teller.campaign

    def fault(self, name: str, sentence: str) -> None:
        """Notes what is wrong with a cell."""
        text = self.text(name)
        self.faults.append(f"{name} = {shown(text)}: {sentence}" if text else f"{name}: {sentence}")

    def on(self, terms: Campaign) -> datetime | None:
        """When it happened, in UTC; a time without a zone is one of the campaign's."""
        if not self.text("on"):
            self.fault("on", "say when it happened; a row is known again by its time")
        return self._read("on", lambda text: read_moment(text, terms.zone), _TIME)

    def outcome(self, lead_id: str, on: datetime, terms: Campaign) -> Outcome | None:
        """What the row says, or None if a cell is faulty."""
        kind = KINDS.get(_word(self.text("outcome")))
        if kind is None:
            self.fault("outcome", self._offered())
            return None
        self._check_belonging(kind, terms)
        said = Outcome(
            lead_id=lead_id,
            kind=kind,
            actor=Actor.AGENCY,
            on_behalf=self._side() is Actor.CLIENT,
            by=self._teller.by,
            occurred_at=on,
            meeting_at=self._read("at", lambda text: read_moment(text, terms.zone), _TIME),
            amount=self._read("amount", read_amount, ""),
            period=self._read("period", _day, "write a date such as 2026-12-01"),
            months=self._read("months", _months, f"write a number from 1 to {MOST_MONTHS}") or 1,
            reason=self.text("reason"),
            note=self.text("note"),
            reference=self._read("reference", _reference, _REFERENCE) or "",
            again=self._read("again", lambda text: _YES_NO[text.casefold()], "write yes or no")
            or False,
        )
        if said.amount is not None:
            self._check_amount(said, terms)
        return None if self.faults else said

    def _side(self) -> Actor:
        """Whose word the agency enters."""
        mend = "write agency or client"
        side = self._read("from", lambda text: _SIDES[text.casefold()], mend)
        return side or self._teller.side

    def _check_amount(self, said: Outcome, terms: Campaign) -> None:
        if not said.amount:
            self.fault("amount", _NEEDS["amount"])
            return
        try:
            minor_units(said.amount, terms.currency)
        except Refused as refused:
            self.fault("amount", str(refused))

    def _check_belonging(self, kind: Kind, terms: Campaign) -> None:
        """What the outcome needs, and nothing that would be passed over in silence."""
        needed, allowed = _belonging(kind, terms)
        for name in ("at", "amount", "period", "months", "reason"):
            if name in needed and not self.text(name):
                self.fault(name, _NEEDS[name])
            elif self.text(name) and name not in allowed:
                self.fault(name, f"{_spoken(kind)} has none; leave the cell empty")

    def _read(self, name: str, read: Callable[[str], Value], mend: str) -> Value | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return read(text)
        except Refused as refused:
            self.fault(name, str(refused))
        except (ValueError, KeyError, OverflowError):
            self.fault(name, mend)
        return None

    def _offered(self) -> str:
        text, known = self.text("outcome"), ", ".join(KINDS)
        if not text:
            return f"say what has become of the lead: {known}"
        return "none that we know" + (near(text, KINDS) or f"; write one of {known}")


_YES_NO: Final[Mapping[str, bool]] = {"yes": True, "no": False}
_REFERENCE: Final = "write 1 to 80 letters, digits and signs of . _ : / # + = -"
_TIME: Final = "write a time such as 2026-12-01T09:30, or 2026-12-01T09:30Z for UTC"


def _belonging(kind: Kind, terms: Campaign) -> tuple[set[str], set[str]]:
    """The cells that an outcome needs, and those that it may have."""
    needed: set[str] = set()
    if kind in WITH_MEETING:
        needed = {"at"}
    if kind in WITH_AMOUNT:
        needed = {"amount"}
    if kind is Kind.CONTESTED:
        needed = {"reason"}
    if kind is Kind.REVENUE or (kind is Kind.CONTESTED and terms.price.billable == "revenue"):
        needed |= {"period"}
    allowed = set(needed)
    if kind is Kind.REVENUE:
        allowed |= {"months"}
    if kind is Kind.REFUNDED and terms.price.billable == "revenue":
        allowed |= {"period", "months"}  # of a refund in part
    return needed, allowed


def _word(text: str) -> str:
    return text.casefold().replace("_", "-").replace(" ", "-")


def _spoken(kind: Kind) -> str:
    return kind.value.replace("_", "-")


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if day.year > 2999:
        raise ValueError(text)
    return day


def _reference(text: str) -> str:
    if not re.fullmatch(REFERENCE, text):
        raise ValueError(text)
    return text


def _months(text: str) -> int:
    months = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= months <= MOST_MONTHS:
        raise ValueError(text)
    return months
