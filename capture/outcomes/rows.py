"""One row of a table of outcomes, cell by cell, to what it says of a lead.

The columns are named as the options of the command that records one outcome.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeVar

from capture.billing.lines import minor_units
from capture.campaign.model import Campaign
from capture.campaign.problems import show_value, suggestion
from capture.errors import Refused
from capture.form.contact import email_address
from capture.lead.events import Actor, Event, EventKind
from capture.lead.identity import keys_to_match, select_keys
from capture.lead.model import Lead
from capture.ledger.facts import DuplicateQuery
from capture.ledger.protocol import Reading
from capture.ledger.terms import saved_campaign
from capture.local_time import read_moment
from capture.outcomes.record import KINDS, REFERENCE, WITH_AMOUNT, WITH_MEETING, Outcome
from capture.outcomes.repeats import Fact, facts_in, held_by_silence
from capture.outcomes.revenue import read_amount

MAX_MONTHS: Final = 120
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
class RowDefaults:
    """Who brings a table, and what holds for the rows that do not say it themselves."""

    by: str
    """The person's name."""
    side: Actor
    """Whose word it relays: the agency's own or the client's. The agency enters it (rule 41)."""
    campaign: str = ""
    """Where the leads are that rows name by their e-mail address."""


class Cells:
    """Reads a row's cells; what is wrong with them is gathered in `faults`, each in one line."""

    def __init__(self, cells: Mapping[str, str], defaults: RowDefaults) -> None:
        self._cells = {name: cell.strip() for name, cell in cells.items()}
        self._teller = defaults
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
        self.faults.append(
            f"{name} = {show_value(text)}: {sentence}" if text else f"{name}: {sentence}"
        )

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
        data = Outcome(
            lead_id=lead_id,
            kind=kind,
            actor=Actor.AGENCY,
            on_behalf=self._side() is Actor.CLIENT,
            by=self._teller.by,
            occurred_at=on,
            meeting_at=self._read("at", lambda text: read_moment(text, terms.zone), _TIME),
            amount=self._read("amount", read_amount, ""),
            period=self._read("period", _day, "write a date such as 2026-12-01"),
            months=self._read("months", _months, f"write a number from 1 to {MAX_MONTHS}") or 1,
            reason=self.text("reason"),
            note=self.text("note"),
            reference=self._read("reference", _reference, _REFERENCE) or "",
            again=self._read("again", lambda text: _YES_NO[text.casefold()], "write yes or no")
            or False,
        )
        if data.amount is not None:
            self._check_amount(data, terms)
        return None if self.faults else data

    def _side(self) -> Actor:
        """Whose word the agency enters."""
        fix = "write agency or client"
        side = self._read("from", lambda text: _SIDES[text.casefold()], fix)
        return side or self._teller.side

    def _check_amount(self, text: Outcome, terms: Campaign) -> None:
        if not text.amount:
            self.fault("amount", _NEEDS["amount"])
            return
        try:
            minor_units(text.amount, terms.currency)
        except Refused as refused:
            self.fault("amount", str(refused))

    def _check_belonging(self, kind: EventKind, terms: Campaign) -> None:
        """What the outcome needs, and nothing that would be passed over in silence."""
        needed, allowed = _belonging(kind, terms)
        for name in ("at", "amount", "period", "months", "reason"):
            if name in needed and not self.text(name):
                self.fault(name, _NEEDS[name])
            elif self.text(name) and name not in allowed:
                self.fault(name, f"{_spoken(kind)} has none; leave the cell empty")

    def _read(self, name: str, read: Callable[[str], Value], fix: str) -> Value | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return read(text)
        except Refused as refused:
            self.fault(name, str(refused))
        except (ValueError, KeyError, OverflowError):
            self.fault(name, fix)
        return None

    def _offered(self) -> str:
        text, known = self.text("outcome"), ", ".join(KINDS)
        if not text:
            return f"say what has become of the lead: {known}"
        return "none that we know" + (suggestion(text, KINDS) or f"; write one of {known}")


_YES_NO: Final[Mapping[str, bool]] = {"yes": True, "no": False}
_REFERENCE: Final = "write 1 to 80 letters, digits and signs of . _ : / # + = -"
_TIME: Final = "write a time such as 2026-12-01T09:30, or 2026-12-01T09:30Z for UTC"


def _belonging(kind: EventKind, terms: Campaign) -> tuple[set[str], set[str]]:
    """The cells that an outcome needs, and those that it may have."""
    needed: set[str] = set()
    if kind in WITH_MEETING:
        needed = {"at"}
    if kind in WITH_AMOUNT:
        needed = {"amount"}
    if kind is EventKind.OBJECTED:
        needed = {"reason"}
    if kind is EventKind.REVENUE or (
        kind is EventKind.OBJECTED and terms.price.billable == "revenue"
    ):
        needed |= {"period"}
    allowed = set(needed)
    if kind is EventKind.REVENUE:
        allowed |= {"months"}
    if kind is EventKind.REFUNDED and terms.price.billable == "revenue":
        allowed |= {"period", "months"}  # of a refund in part
    return needed, allowed


def _word(text: str) -> str:
    return text.casefold().replace("_", "-").replace(" ", "-")


def _spoken(kind: EventKind) -> str:
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
    if not 1 <= months <= MAX_MONTHS:
        raise ValueError(text)
    return months


# Whose outcome a row of a table tells: by the lead's id, or by e-mail address and campaign.


_WITH_CLIENT: Final = frozenset({"qualified", "accepted", "rejected"})
"""Only a lead that the client was given has outcomes; a duplicate of it has none."""


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """What the ledger tells of a lead."""

    lead: Lead
    terms: Campaign
    facts: frozenset[Fact]
    unreferenced: frozenset[Fact]
    """Those that carry no reference."""
    silent: bool
    """The last word on its meeting was silence's."""


class LeadLookup:
    """Looks leads up for the rows of one table, each once."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._histories: dict[str, LeadFacts | None] = {}
        self._campaigns: dict[str, Campaign | None] = {}
        self._people: dict[tuple[str, str], Sequence[Lead] | None] = {}

    def terms(self, cells: Cells) -> Campaign | None:
        """The terms by which the row is read; None, with a fault noted, if it names no lead."""
        lead_id = cells.text("lead_id")
        if not lead_id:
            return self._terms_by_campaign(cells)
        found = self.lead_facts(lead_id)
        if found is None:
            cells.fault("lead_id", "no such lead; look for it in the list of leads")
            return None
        if cells.text("campaign") not in {"", found.lead.campaign}:
            cells.fault("campaign", f"lead {lead_id} is of {found.lead.campaign}")
        return found.terms

    def lead(self, cells: Cells, terms: Campaign, on: datetime) -> LeadFacts | None:
        """The lead; None, with a fault noted, if the address fits none or several by that time."""
        lead_id = cells.text("lead_id")
        if lead_id:
            return self.lead_facts(lead_id)
        people = self._person(cells, terms)
        if people is None:
            cells.fault("email", "no e-mail address")
            return None
        came = [lead for lead in people if lead.received_at <= on]
        if len(came) == 1:
            return self.lead_facts(came[0].lead_id)
        where = f"in {cells.campaign} by that time"
        if came:
            ids = ", ".join(lead.lead_id for lead in came[:3])
            more = ", ..." if len(came) > 3 else ""
            cells.faults.append(
                f"email: {len(came)} leads {where}: {ids}{more}; name the right one by its lead_id"
            )
        else:
            cells.faults.append(
                f"email: 0 leads {where} that the client was given; look at the address and the "
                "time, or name the lead by its lead_id"
            )
        return None

    def lead_facts(self, lead_id: str) -> LeadFacts | None:
        """What is known of a lead; None if there is none of that id."""
        if lead_id not in self._histories:
            self._histories[lead_id] = load_lead_facts(self._reading, lead_id)
        return self._histories[lead_id]

    def _terms_by_campaign(self, cells: Cells) -> Campaign | None:
        if not cells.text("email"):
            cells.fault("lead_id", "say whose outcome it is: lead_id, or email and campaign")
            return None
        slug = cells.campaign
        if not slug:
            cells.fault("campaign", "say where the lead is, in this column or for the whole table")
            return None
        if slug not in self._campaigns:
            version = self._reading.campaigns.first_version(slug)
            terms = None if version is None else saved_campaign(self._reading, slug, version)
            self._campaigns[slug] = terms
        terms = self._campaigns[slug]
        if terms is None:
            problem = f"no lead ever came to campaign {slug!r}; look at the list of campaigns"
            cells.faults.append(problem)
        return terms

    def _person(self, cells: Cells, terms: Campaign) -> Sequence[Lead] | None:
        """The person's leads in the campaign; None if the cell holds no address."""
        asked = cells.campaign, cells.text("email")
        if asked not in self._people:
            address = email_address(asked[1])
            if address is None:
                self._people[asked] = None
            else:
                keys = select_keys(keys_to_match({"email": address}), {"email"})
                wanted = DuplicateQuery(_WITH_CLIENT, campaign=cells.campaign)
                self._people[asked] = self._reading.leads.matching(terms.client, keys, wanted)
        return self._people[asked]


def load_lead_facts(reading: Reading, lead_id: str) -> LeadFacts | None:
    """What the ledger tells of a lead now; None if there is none of that id."""
    lead = reading.leads.get(lead_id)
    if lead is None:
        return None
    events: list[Event] = [one.event for one in reading.events.select(lead_id=lead_id)]
    terms = saved_campaign(reading, lead.campaign, lead.version)
    bare = facts_in(event for event in events if not event.data.get("reference"))
    return LeadFacts(lead, terms, facts_in(events), bare, held_by_silence(events))
