"""Selects the lines of a month's statement from the events of the campaign's leads.

Only leads that may have a line are folded: those whose projection says so (rule 33 of
docs/rules.md), and those with events after the query's cut, whose projection may be newer than it.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from capture.billing.account import DocumentKind
from capture.billing.history import LeadHistory, lead_history
from capture.billing.lines import DueKey, Line, apply_money_cap, lines_for
from capture.billing.statement import Counts, MetCriterion, ParkedLead
from capture.billing.statement_text import parse_statement
from capture.campaign.model import Campaign
from capture.closing.credit import corrections_of
from capture.closing.parking import IMPOSSIBLE, parked_lead
from capture.lead.consent import Consent
from capture.lead.model import Lead
from capture.lead.moves import VISIBLE_TO_CLIENT
from capture.lead.review_window import month_of
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.money import to_minor


@dataclass(frozen=True, slots=True)
class DueLine:
    """A bill line with what the statement shows of its lead."""

    line: Line
    received_at: datetime
    verdict: Mapping[str, Any]
    """As in the event: each criterion's rule in words, and whether it was met."""
    consent: Consent
    """The consent or the lawful basis that the lead has (rule 35)."""


@dataclass(frozen=True, slots=True)
class LineQuery:
    """The month to draw, and everything that its lines depend on besides the events."""

    campaign: str
    month: str
    as_of: datetime
    """Decisions by silence up to this time count."""
    until: datetime | None = None
    last: int | None = None
    """The cut: only events recorded until a time (`until`), or up to a sequence number (`last`)."""
    closed: Set[str] = frozenset()
    """Earlier closed months; their late lines belong to this month."""
    billed: Container[tuple[str, str]] = frozenset()
    """(lead id, period) of lines that are on a statement already."""
    number: str | None = None
    """For a closed month's own lines: the number of its statement, empty if it has none."""
    parked: Container[str] = frozenset()
    """The ids of parked leads; they have no line and are not counted."""


class VersionCache:
    """The campaign versions of leads; reads each once."""

    def __init__(self, reading: ReadTransaction) -> None:
        self._reading = reading
        self._versions: dict[tuple[str, str], Campaign] = {}

    def get(self, campaign: str, version: str) -> Campaign:
        """The campaign in a version. Raises `NotFound` if the version is not saved."""
        key = campaign, version
        if key not in self._versions:
            self._versions[key] = saved_campaign(self._reading, campaign, version)
        return self._versions[key]


class DueLines:
    """A month's lines, drawn one by one while iterating, to save memory.

    Iterate while `reading` is open, so that all lines come from the same view of the ledger.
    """

    def __init__(
        self,
        reading: ReadTransaction,
        query: LineQuery,
        terms: VersionCache,
        keys: Sequence[DueKey],
        parked: Sequence[ParkedLead] = (),
    ) -> None:
        self.parked = parked
        """Leads whose lines could not be computed."""
        self.keys = keys
        """What decides the place and the amount of each line; known without drawing it."""
        self._reading = reading
        self._query = query
        self._terms = terms

    def __iter__(self) -> Iterator[DueLine]:
        # Most leads of one version have equal verdicts: one object for all saves memory.
        shared_verdicts: dict[str, Mapping[str, Any]] = {}
        for key in self.keys:
            due = self._draw_line(key)
            verdict = shared_verdicts.setdefault(repr(due.verdict), due.verdict)
            yield replace(due, verdict=verdict)

    def charged(self) -> "DueLines":
        """The lines without those that the money cap made free."""
        charged_keys = [key for key in self.keys if not key.free_over_cap]
        return DueLines(self._reading, self._query, self._terms, charged_keys, self.parked)

    def versions(self) -> list[str]:
        """The campaign versions of the lines, in order of first use."""
        return list(dict.fromkeys(key.version for key in self.keys))

    def _draw_line(self, key: DueKey) -> DueLine:
        history = _history(self._reading, key.lead_id, self._query)
        if history is None:
            raise RuntimeError(f"lead {key.lead_id} had events when its line was selected")
        lead = history.lead
        terms = self._terms.get(lead.campaign, lead.version)
        lines = lines_for(history, terms, self._query.as_of)
        line = next(line for line in lines if line.period == key.period)
        capped_line = replace(line, amount=key.amount, free_over_cap=key.free_over_cap)
        return DueLine(capped_line, lead.received_at, history.verdict, lead.consent)


def select_lines(reading: ReadTransaction, query: LineQuery) -> DueLines:
    """The month's lines that are not billed yet, in order, including free ones.

    They are the month's own lines and the late lines of earlier closed months.
    """
    terms = VersionCache(reading)
    keys: list[DueKey] = []
    parked: list[ParkedLead] = []
    for lead_id in sorted(_candidate_leads(reading, query)):
        if lead_id in query.parked:
            continue
        try:
            keys += _due_keys(reading, query, terms, lead_id)
        except IMPOSSIBLE as error:
            parked.append(parked_lead(lead_id, error))
    money_cap = month_money_cap(keys, terms, query.campaign)
    return DueLines(reading, query, terms, apply_money_cap(keys, money_cap), parked)


def _due_keys(
    reading: ReadTransaction, query: LineQuery, terms: VersionCache, lead_id: str
) -> list[DueKey]:
    history = _history(reading, lead_id, query)
    if history is None or history.lead.campaign != query.campaign:
        return []
    version = terms.get(query.campaign, history.lead.version)
    keys = [due_key(line, history) for line in due_lines(history, version, query)]
    if keys:
        met_criteria(history.verdict)  # so that its line can be drawn
    return keys


def met_criteria(verdict: Mapping[str, Any]) -> list[MetCriterion]:
    """The criteria of a verdict that qualified its lead."""
    return [MetCriterion(criterion["id"], criterion["rule"]) for criterion in verdict["criteria"]]


def count_leads(reading: ReadTransaction, query: LineQuery) -> Counts:
    """Counts of leads that are not on the statement: in review, over a cap, free over a cap."""
    changed = _changed_leads(reading, query)
    in_review = sum(
        is_counted_in_review(lead, query)
        for lead in reading.leads.in_review(query.campaign)
        if lead.lead_id not in changed and lead.lead_id not in query.parked
    )
    free = sum(
        lead_id not in changed and lead_id not in query.parked
        for lead_id in reading.campaigns.leads_free_over_cap(query.campaign, query.month)
    )
    for lead_id in changed:
        history = None if lead_id in query.parked else _history(reading, lead_id, query)
        if history is not None:
            in_review += is_counted_in_review(history.lead, query)
            free += is_counted_free(history.lead, query)
    over_cap = reading.campaigns.count_over_cap(query.campaign, query.month, query.last)
    return Counts(in_review, over_cap, free)


def due_lines(history: LeadHistory, terms: Campaign, query: LineQuery) -> Iterator[Line]:
    """The lead's lines that belong to the month (rule 25)."""
    for line in lines_for(history, terms, query.as_of):
        month = month_of(line.due_at, terms)
        is_in_month = month == query.month or month in query.closed
        if is_in_month and (line.lead_id, line.period) not in query.billed:
            yield line


def due_key(line: Line, history: LeadHistory) -> DueKey:
    """The fields that decide the line's place, and whether the money cap makes it free."""
    return DueKey(
        due_at=line.due_at,
        lead_id=line.lead_id,
        period=line.period,
        amount=line.amount,
        received_at=history.lead.received_at,
        version=line.version,
        free_over_cap=line.free_over_cap,
    )


def month_money_cap(keys: Iterable[DueKey], terms: VersionCache, campaign: str) -> int | None:
    """The month's money cap in minor units; None if there is no cap or no line.

    It is that of the newest lead's version, the last one that both sides agreed to (rule 9).
    """
    newest = max(keys, key=attrgetter("received_at", "lead_id"), default=None)
    if newest is None:
        return None
    version = terms.get(campaign, newest.version)
    money_cap = version.caps.money_a_month
    return None if money_cap is None else to_minor(money_cap, version.currency)


def is_counted_in_review(lead: Lead, query: LineQuery) -> bool:
    """Whether the lead came by the month's end, may be billed and was in review at the time."""
    return (
        lead.month <= query.month
        and not (lead.test or lead.free_over_cap)
        and lead.review_at(query.as_of) == "qualified"
    )


def is_counted_free(lead: Lead, query: LineQuery) -> bool:
    """Whether the lead came over a cap in the month and was delivered free of charge (rule 8).

    A lead that the client does not have yet, or no longer has, is not counted.
    """
    is_free = lead.free_over_cap and not lead.test and lead.month == query.month
    return is_free and lead.review in VISIBLE_TO_CLIENT


def _candidate_leads(reading: ReadTransaction, query: LineQuery) -> Set[str]:
    """The leads that may have a line in the month."""
    if query.number is not None:
        return {lead_id for lead_id, _ in reading.statements.lines(query.number)}
    leads = reading.statements.billable_leads(query.campaign, query.month, query.as_of)
    return leads | _changed_leads(reading, query)


def _changed_leads(reading: ReadTransaction, query: LineQuery) -> Set[str]:
    """Leads with events after the cut; their projection may differ from the state at the cut."""
    return reading.events.leads_changed_after(query.campaign, until=query.until, last=query.last)


def _history(reading: ReadTransaction, lead_id: str, query: LineQuery) -> LeadHistory | None:
    """The lead's history up to the cut; None if it was received later."""
    recorded_events = reading.events.select(lead_id=lead_id, until=query.until, last=query.last)
    events = [recorded.event for recorded in recorded_events]
    return lead_history(events) if events else None


# A client's spending: amounts of statements and debit notes, and credits on them (rule 29).


@dataclass(frozen=True, slots=True)
class CampaignSpending:
    """One line of a document. Amounts are minor units, net of tax, zero or more."""

    client: str
    campaign: str
    month: str
    """The month of the statement; of a note, the month of the statement that it corrects."""
    lead_id: str
    currency: str
    billed: int = 0
    credited: int = 0


def spend_of(reading: ReadTransaction, client: str | None = None) -> Iterator[CampaignSpending]:
    """Every billed line, then every correction, of one client or of all."""
    months: dict[str, str] = {}
    for closed_statement in reading.statements.select(client):
        months[closed_statement.number] = closed_statement.month
        statement = parse_statement(closed_statement.json)
        for part in statement.parts:
            for line in part.lines:
                yield CampaignSpending(
                    statement.client,
                    part.campaign,
                    statement.month,
                    line.lead_id,
                    statement.currency,
                    billed=line.amount,
                )
    for note in corrections_of(reading, client):
        is_credit = note.kind is DocumentKind.CREDIT
        yield CampaignSpending(
            note.client,
            note.campaign,
            months[note.statement],
            note.lead_id,
            note.currency,
            billed=0 if is_credit else note.amount,
            credited=note.amount if is_credit else 0,
        )
