"""Reads one row of a table of outcomes: its cells, its lead, its outcome."""

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
from capture.lead.moves import VISIBLE_TO_CLIENT
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import DuplicateQuery
from capture.local_time import read_moment
from capture.outcomes.record import KINDS, REFERENCE, WITH_AMOUNT, WITH_MEETING, Outcome
from capture.outcomes.repeats import MAX_YEAR, Fact, facts_in, is_held_by_silence
from capture.outcomes.revenue import read_amount

MAX_MONTHS: Final = 120
"""The largest number of months over which a payment may be split."""

Value = TypeVar("Value")

_SIDES: Final = {side.value: side for side in (Actor.AGENCY, Actor.CLIENT)}
_INSTRUCTIONS: Final[Mapping[str, str]] = {
    "at": "say when the meeting is",
    "amount": "say how much, net of tax",
    "period": "say the first day that the revenue is for",
    "reason": "name a code of the campaign's reasons",
}
_YES_NO: Final[Mapping[str, bool]] = {"yes": True, "no": False}
_REFERENCE_INSTRUCTION: Final = "write 1 to 80 letters, digits and signs of . _ : / # + = -"
_TIME_INSTRUCTION: Final = "write a time such as 2026-12-01T09:30, or 2026-12-01T09:30Z for UTC"


@dataclass(frozen=True, slots=True)
class RowDefaults:
    """The person who imports a table, and values for empty cells."""

    by: str
    """The person's name."""
    side: Actor
    """Who reports the outcomes: agency or client. The agency enters them (rule 41 of
    docs/rules.md)."""
    campaign: str = ""
    """The campaign of leads that rows name by e-mail address."""


class Cells:
    """Reads the cells of a row. `faults` collects one line for each mistake in them."""

    def __init__(self, cells: Mapping[str, str], defaults: RowDefaults) -> None:
        self._cells = {name: cell.strip() for name, cell in cells.items()}
        self._defaults = defaults
        self.faults: list[str] = []

    def text(self, name: str) -> str:
        """The cell's text; empty if there is no such column."""
        return self._cells.get(name, "")

    @property
    def campaign(self) -> str:
        """The campaign of the lead."""
        return self.text("campaign") or self._defaults.campaign

    def add_fault(self, name: str, sentence: str) -> None:
        """Adds a mistake in a cell, with how to fix it."""
        text = self.text(name)
        self.faults.append(
            f"{name} = {show_value(text)}: {sentence}" if text else f"{name}: {sentence}"
        )

    def occurred_at(self, terms: Campaign) -> datetime | None:
        """The time of the outcome, in UTC; a time without a zone is in the campaign's zone."""
        if not self.text("on"):
            self.add_fault("on", "write when it happened; a row is recognised by its time")
        return self._read("on", lambda text: read_moment(text, terms.zone), _TIME_INSTRUCTION)

    def outcome(self, lead_id: str, occurred_at: datetime, terms: Campaign) -> Outcome | None:
        """The row's outcome, or None if a cell is faulty."""
        kind = KINDS.get(_normalized(self.text("outcome")))
        if kind is None:
            self.add_fault("outcome", self._kind_instruction())
            return None
        self._check_cells(kind, terms)
        outcome = Outcome(
            lead_id=lead_id,
            kind=kind,
            actor=Actor.AGENCY,
            on_behalf=self._side() is Actor.CLIENT,
            by=self._defaults.by,
            occurred_at=occurred_at,
            meeting_at=self._read(
                "at", lambda text: read_moment(text, terms.zone), _TIME_INSTRUCTION
            ),
            amount=self._read("amount", read_amount, ""),
            period=self._read("period", _parse_date, "write a date such as 2026-12-01"),
            months=self._read("months", _parse_months, f"write a number from 1 to {MAX_MONTHS}")
            or 1,
            reason=self.text("reason"),
            note=self.text("note"),
            reference=self._read("reference", _parse_reference, _REFERENCE_INSTRUCTION) or "",
            again=self._read("again", lambda text: _YES_NO[text.casefold()], "write yes or no")
            or False,
        )
        if outcome.amount is not None:
            self._check_amount(outcome, terms)
        return None if self.faults else outcome

    def _side(self) -> Actor:
        """Who reports the outcome: the agency, or the client through the agency."""
        fix = "write agency or client"
        side = self._read("from", lambda text: _SIDES[text.casefold()], fix)
        return side or self._defaults.side

    def _check_amount(self, outcome: Outcome, terms: Campaign) -> None:
        if not outcome.amount:
            self.add_fault("amount", _INSTRUCTIONS["amount"])
            return
        try:
            minor_units(outcome.amount, terms.currency)
        except Refused as refused:
            self.add_fault("amount", str(refused))

    def _check_cells(self, kind: EventKind, terms: Campaign) -> None:
        """Adds a fault for each missing cell, and for each cell that would be ignored."""
        needed, allowed = cells_of_kind(kind, terms)
        for name in ("at", "amount", "period", "months", "reason"):
            if name in needed and not self.text(name):
                self.add_fault(name, _INSTRUCTIONS[name])
            elif self.text(name) and name not in allowed:
                self.add_fault(name, f"{_display_name(kind)} has none; leave the cell empty")

    def _read(self, name: str, read: Callable[[str], Value], fix: str) -> Value | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return read(text)
        except Refused as refused:
            self.add_fault(name, str(refused))
        except (ValueError, KeyError, OverflowError):
            self.add_fault(name, fix)
        return None

    def _kind_instruction(self) -> str:
        text, kinds = self.text("outcome"), ", ".join(KINDS)
        if not text:
            return f"name the outcome: {kinds}"
        return "no such outcome" + (suggestion(text, KINDS) or f"; write one of {kinds}")


def cells_of_kind(kind: EventKind, terms: Campaign) -> tuple[set[str], set[str]]:
    """The names of the cells that an outcome needs, and of those that it may have."""
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
        allowed |= {"period", "months"}  # a partial refund
    return needed, allowed


def _normalized(text: str) -> str:
    return text.casefold().replace("_", "-").replace(" ", "-")


def _display_name(kind: EventKind) -> str:
    return kind.value.replace("_", "-")


def _parse_date(text: str) -> date:
    day = date.fromisoformat(text)
    if day.year > MAX_YEAR:
        raise ValueError(text)
    return day


def _parse_reference(text: str) -> str:
    if not re.fullmatch(REFERENCE, text):
        raise ValueError(text)
    return text


def _parse_months(text: str) -> int:
    months = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= months <= MAX_MONTHS:
        raise ValueError(text)
    return months


# Finding a row's lead: by its id, or by e-mail address and campaign.


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """A lead with its terms and its recorded facts."""

    lead: Lead
    terms: Campaign
    facts: frozenset[Fact]
    unreferenced: frozenset[Fact]
    """The facts without a reference."""
    held_by_silence: bool
    """Whether silence decided that its last meeting was held."""


class LeadLookup:
    """Finds the leads of a table's rows; reads each lead once."""

    def __init__(self, reading: ReadTransaction) -> None:
        self._reading = reading
        self._facts: dict[str, LeadFacts | None] = {}
        self._campaigns: dict[str, Campaign | None] = {}
        self._leads_by_person: dict[tuple[str, str], Sequence[Lead] | None] = {}

    def terms_of_row(self, cells: Cells) -> Campaign | None:
        """The terms of the row's lead; None, with a fault in `cells`, if it names no lead."""
        lead_id = cells.text("lead_id")
        if not lead_id:
            return self._terms_by_campaign(cells)
        facts = self.lead_facts(lead_id)
        if facts is None:
            cells.add_fault("lead_id", "no such lead; look for it in the list of leads")
            return None
        if cells.text("campaign") not in {"", facts.lead.campaign}:
            cells.add_fault("campaign", f"lead {lead_id} is of {facts.lead.campaign}")
        return facts.terms

    def lead_of_row(self, cells: Cells, terms: Campaign, occurred_at: datetime) -> LeadFacts | None:
        """The row's lead; None, with a fault in `cells`, if none or several match by that time."""
        lead_id = cells.text("lead_id")
        if lead_id:
            return self.lead_facts(lead_id)
        leads_of_person = self._leads_of_person(cells, terms)
        if leads_of_person is None:
            cells.add_fault("email", "no e-mail address")
            return None
        leads = [lead for lead in leads_of_person if lead.received_at <= occurred_at]
        if len(leads) == 1:
            return self.lead_facts(leads[0].lead_id)
        where = f"in {cells.campaign} by that time"
        if leads:
            ids = ", ".join(lead.lead_id for lead in leads[:3])
            more = ", ..." if len(leads) > 3 else ""
            cells.faults.append(
                f"email: {len(leads)} leads {where}: {ids}{more}; name the right one by its lead_id"
            )
        else:
            cells.faults.append(
                f"email: 0 leads {where} that the client was given; check the address and the "
                "time, or name the lead by its lead_id"
            )
        return None

    def lead_facts(self, lead_id: str) -> LeadFacts | None:
        """The lead's facts; None if there is no lead of that id."""
        if lead_id not in self._facts:
            self._facts[lead_id] = load_lead_facts(self._reading, lead_id)
        return self._facts[lead_id]

    def _terms_by_campaign(self, cells: Cells) -> Campaign | None:
        if not cells.text("email"):
            cells.add_fault("lead_id", "name the lead: write lead_id, or email and campaign")
            return None
        slug = cells.campaign
        if not slug:
            cells.add_fault(
                "campaign", "name the lead's campaign, in this column or for the whole table"
            )
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

    def _leads_of_person(self, cells: Cells, terms: Campaign) -> Sequence[Lead] | None:
        """The leads of the person that the client has; None if the cell has no e-mail address."""
        person = cells.campaign, cells.text("email")
        if person not in self._leads_by_person:
            address = email_address(person[1])
            if address is None:
                self._leads_by_person[person] = None
            else:
                keys = select_keys(keys_to_match({"email": address}), {"email"})
                query = DuplicateQuery(VISIBLE_TO_CLIENT, campaign=cells.campaign)
                self._leads_by_person[person] = self._reading.leads.matching(
                    terms.client, keys, query
                )
        return self._leads_by_person[person]


def load_lead_facts(reading: ReadTransaction, lead_id: str) -> LeadFacts | None:
    """The lead's facts as the ledger has them now; None if there is no lead of that id."""
    lead = reading.leads.get(lead_id)
    if lead is None:
        return None
    events: list[Event] = [recorded.event for recorded in reading.events.select(lead_id=lead_id)]
    terms = saved_campaign(reading, lead.campaign, lead.version)
    unreferenced = facts_in(event for event in events if not event.data.get("reference"))
    return LeadFacts(lead, terms, facts_in(events), unreferenced, is_held_by_silence(events))
