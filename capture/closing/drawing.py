"""Selects the lines of a month's statement from the events of the campaign's leads.

Only leads that may have a line are folded: those whose projection says so (rule 33), and those
with events after the cut, since their projection may have changed since then.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from capture.billing.account import DocumentKind
from capture.billing.history import LeadHistory, lead_history
from capture.billing.lines import DueKey, Line, apply_money_cap, lines_for
from capture.billing.statement import Counts
from capture.billing.statement_text import parse_statement
from capture.campaign.model import Campaign
from capture.closing.credit import corrections_of
from capture.lead.consent import Consent
from capture.lead.model import Lead
from capture.lead.review_window import month_of
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.money import to_minor


@dataclass(frozen=True, slots=True)
class DueLine:
    """A line with what the statement says about its lead."""

    line: Line
    received_at: datetime
    verdict: Mapping[str, Any]
    """As in the event: each criterion's rule in words, and whether it was met."""
    consent: Consent
    """The consent or the lawful basis that the lead has (rule 35)."""


@dataclass(frozen=True, slots=True)
class LineQuery:
    """The month to draw, and all that its lines depend on besides the events."""

    campaign: str
    month: str
    as_of: datetime
    """Decisions by silence up to this time count."""
    until: datetime | None = None
    last: int | None = None
    """The cut: events up to a recorded time (`until`), or up to a sequence number (`last`)."""
    closed: Set[str] = frozenset()
    """Earlier closed months; their late lines belong to this month."""
    billed: Container[tuple[str, str]] = frozenset()
    """(lead id, period) of lines that are on a statement already."""
    number: str | None = None
    """To draw a closed month's own lines: the number of its statement, empty if it has none."""


class VersionCache:
    """The campaign versions of leads; reads each once."""

    def __init__(self, reading: ReadTransaction) -> None:
        self._reading = reading
        self._kept: dict[tuple[str, str], Campaign] = {}

    def of(self, campaign: str, version: str) -> Campaign:
        """The campaign in a version. Raises `NotFound` if the version is not saved."""
        named = campaign, version
        if named not in self._kept:
            self._kept[named] = saved_campaign(self._reading, campaign, version)
        return self._kept[named]


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
    ) -> None:
        self._reading = reading
        self._query = query
        self._terms = terms
        self._keys = keys

    def __iter__(self) -> Iterator[DueLine]:
        # Most leads of one version have equal verdicts: one object for all saves memory.
        shared: dict[str, Mapping[str, Any]] = {}
        for key in self._keys:
            due = self._draw_line(key)
            yield replace(due, verdict=shared.setdefault(repr(due.verdict), due.verdict))

    def paid(self) -> "DueLines":
        """The lines without those that the cap on money made free."""
        paid = [key for key in self._keys if not key.free_over_cap]
        return DueLines(self._reading, self._query, self._terms, paid)

    def versions(self) -> list[str]:
        """The campaign versions of the lines, in order of first use."""
        return list(dict.fromkeys(key.version for key in self._keys))

    def _draw_line(self, key: DueKey) -> DueLine:
        history = _history(self._reading, key.lead_id, self._query)
        if history is None:
            raise RuntimeError(f"lead {key.lead_id} had events a moment ago")
        lines = lines_for(
            history, self._terms.of(history.lead.campaign, history.lead.version), self._query.as_of
        )
        line = next(line for line in lines if line.period == key.period)
        drawn = replace(line, amount=key.amount, free_over_cap=key.free_over_cap)
        return DueLine(drawn, history.lead.received_at, history.verdict, history.lead.consent)


def select_lines(reading: ReadTransaction, query: LineQuery) -> DueLines:
    """The month's lines that are not billed yet, in order, including free ones.

    They are its own, and late ones of earlier closed months.
    """
    terms = VersionCache(reading)
    due: list[DueKey] = []
    for lead_id in sorted(_leads_maybe_due(reading, query)):
        history = _history(reading, lead_id, query)
        if history is not None:
            version = terms.of(query.campaign, history.lead.version)
            due += (key_of(line, history) for line in due_lines(history, version, query))
    return DueLines(
        reading, query, terms, apply_money_cap(due, remaining_money_cap(due, terms, query.campaign))
    )


def _leads_maybe_due(reading: ReadTransaction, query: LineQuery) -> Iterable[str]:
    if query.number is not None:
        return {lead_id for lead_id, _ in reading.statements.lines(query.number)}
    leads = reading.statements.billable_leads(query.campaign, query.month, query.as_of)
    return leads | _changed(reading, query)


def _changed(reading: ReadTransaction, query: LineQuery) -> Set[str]:
    """Leads with events after the cut; their projection may differ from the state at the cut."""
    return reading.events.leads_changed_after(query.campaign, until=query.until, last=query.last)


def _history(reading: ReadTransaction, lead_id: str, query: LineQuery) -> LeadHistory | None:
    """The lead's history up to the cut; None if it was received later."""
    events = [
        one.event
        for one in reading.events.select(lead_id=lead_id, until=query.until, last=query.last)
    ]
    return lead_history(events) if events else None


def due_lines(history: LeadHistory, terms: Campaign, query: LineQuery) -> Iterator[Line]:
    """The lead's lines that belong to the month (rule 25)."""
    for line in lines_for(history, terms, query.as_of):
        month = month_of(line.due_at, terms)
        here = month == query.month or month in query.closed
        if here and (line.lead_id, line.period) not in query.billed:
            yield line


def key_of(line: Line, history: LeadHistory) -> DueKey:
    """What decides the line's place, and whether the cap on money makes it free."""
    received_at = history.lead.received_at
    return DueKey(
        line.due_at,
        line.lead_id,
        line.period,
        line.amount,
        received_at,
        line.version,
        line.free_over_cap,
    )


def remaining_money_cap(due: Iterable[DueKey], terms: VersionCache, slug: str) -> int | None:
    """The cap on money in minor units, from the newest lead's version, the last one agreed.

    None if there is no cap or no line.
    """
    newest = max(due, key=attrgetter("received_at", "lead_id"), default=None)
    if newest is None:
        return None
    campaign = terms.of(slug, newest.version)
    money = campaign.caps.money_a_month
    return None if money is None else to_minor(money, campaign.currency)


def count_leads(reading: ReadTransaction, query: LineQuery) -> Counts:
    """Counts of leads that are not on the statement: in review, over a cap, free over a cap."""
    changed = _changed(reading, query)
    in_review = (
        lead for lead in reading.leads.in_review(query.campaign) if lead.lead_id not in changed
    )
    free = sum(
        one not in changed
        for one in reading.campaigns.leads_free_over_cap(query.campaign, query.month)
    )
    review = sum(is_counted_in_review(lead, query) for lead in in_review)
    for history in (_history(reading, lead_id, query) for lead_id in changed):
        if history is not None:
            review += is_counted_in_review(history.lead, query)
            free += is_counted_free(history.lead, query)
    over_cap = reading.campaigns.count_over_cap(query.campaign, query.month, query.last)
    return Counts(review, over_cap, free)


def is_counted_in_review(lead: Lead, query: LineQuery) -> bool:
    """Whether the lead was still in review at the query's time."""
    return (
        lead.month <= query.month
        and not (lead.test or lead.free_over_cap)
        and lead.review_at(query.as_of) == "qualified"
    )


def is_counted_free(lead: Lead, query: LineQuery) -> bool:
    """Whether the lead came over a cap in the month and was delivered for free (rule 8)."""
    return lead.free_over_cap and not lead.test and lead.month == query.month


# Spending: what statements and debit notes bill, less credits (rule 29).


@dataclass(frozen=True, slots=True)
class CampaignSpending:
    """One line of one document. Amounts are minor units, net of tax, zero or more."""

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
    yield from _billed(reading, client, months)
    yield from _corrected(reading, client, months)


def _billed(
    reading: ReadTransaction, client: str | None, months: dict[str, str]
) -> Iterator[CampaignSpending]:
    for closed_statement in reading.statements.select(client):
        months[closed_statement.number] = closed_statement.month
        bill = parse_statement(closed_statement.json)
        for line in bill.lines:
            yield CampaignSpending(
                bill.client,
                bill.campaign,
                bill.month,
                line.lead_id,
                bill.currency,
                billed=line.amount,
            )


def _corrected(
    reading: ReadTransaction, client: str | None, months: dict[str, str]
) -> Iterator[CampaignSpending]:
    for one in corrections_of(reading, client):
        is_credit = one.kind is DocumentKind.CREDIT
        yield CampaignSpending(
            one.client,
            one.campaign,
            months[one.statement],
            one.lead_id,
            one.currency,
            billed=0 if is_credit else one.amount,
            credited=one.amount if is_credit else 0,
        )
