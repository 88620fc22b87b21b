"""What a month's statement is drawn from: the lives of a campaign's leads, as far as some event."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from capture.billing import DueKey, Life, Line, draw, life_of, lines_for
from capture.campaign import Campaign
from capture.lead import Lead
from capture.ledger import Reading, Recorded
from capture.money import to_minor
from capture.statement import Counts
from capture.terms import kept_campaign
from capture.window import month_of


@dataclass(frozen=True, slots=True)
class DueLine:
    """A line with what the bill says about its lead."""

    line: Line
    received_at: datetime
    verdict: Mapping[str, Any]
    """As the event holds it: each criterion's rule in words, and whether it was met."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be drawn, and all that it depends on beside the events."""

    campaign: str
    month: str
    as_of: datetime
    """What silence had decided by then counts."""
    until: datetime | None = None
    last: int | None = None
    """Up to which events: by their recorded time, or by their number."""
    closed: Set[str] = frozenset()
    """Earlier months whose late lines belong here."""
    billed: Container[tuple[str, str]] = frozenset()
    """(lead id, period) of lines that stand on a statement already."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A month's lines in their order, free ones included, and what is not on the bill."""

    lines: "DueLines"
    counts: Counts
    fields: Sequence[str]
    """Form fields of every version under which a lead came, in order of first use."""


class Terms:
    """The campaign versions under which leads came, each read once, in order of first use."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._kept: dict[str, Campaign] = {}

    def of(self, version: str) -> Campaign:
        """Raises `NotFound` if the version is not kept."""
        if version not in self._kept:
            self._kept[version] = kept_campaign(self._reading, version)
        return self._kept[version]

    def fields(self) -> list[str]:
        """The form fields of all of them."""
        return list(dict.fromkeys(name for terms in self._kept.values() for name in terms.fields))


class DueLines:
    """A month's lines, each drawn when it is its turn: however many there are, few are held.

    To be gone through while the ledger is still read as of the same moment.
    """

    def __init__(
        self, reading: Reading, wanted: Wanted, terms: Terms, keys: Sequence[DueKey]
    ) -> None:
        self._reading = reading
        self._wanted = wanted
        self._terms = terms
        self._keys = keys

    def __iter__(self) -> Iterator[DueLine]:
        # Leads of one version mostly have the same verdict, word for word: it is kept once.
        shared: dict[str, Mapping[str, Any]] = {}
        for key in self._keys:
            due = self._drawn(key)
            yield replace(due, verdict=shared.setdefault(repr(due.verdict), due.verdict))

    def paid(self) -> "DueLines":
        """Those that the cap on money did not make free."""
        paid = [key for key in self._keys if not key.free]
        return DueLines(self._reading, self._wanted, self._terms, paid)

    def _drawn(self, key: DueKey) -> DueLine:
        wanted = self._wanted
        events = self._reading.events(lead_id=key.lead_id, until=wanted.until, last=wanted.last)
        life = life_of(one.event for one in events)
        lines = lines_for(life, self._terms.of(life.lead.version), wanted.as_of)
        line = next(line for line in lines if line.period == key.period)
        drawn = replace(line, amount=key.amount, free=key.free)
        return DueLine(drawn, life.lead.received_at, life.verdict)


@dataclass
class _Found:
    """What one walk through the lives gathers."""

    due: list[DueKey] = field(default_factory=list)
    newest: tuple[datetime, str, str] | None = None
    """Receipt, lead id and version of the newest lead on the bill."""
    in_review: int = 0
    free: int = 0


def draw_lives(reading: Reading, wanted: Wanted) -> Drawing:
    """The month's lines: its own, and late ones of the closed months, that are not billed yet."""
    lives = reading.lives(wanted.campaign, until=wanted.until, last=wanted.last)
    terms, found = Terms(reading), _Found()
    months = {wanted.month, *wanted.closed}
    for life in _folded(lives):
        version = terms.of(life.lead.version)
        _count(found, life.lead, wanted)
        for line in lines_for(life, version, wanted.as_of):
            if (
                month_of(line.due_at, version) not in months
                or (line.lead_id, line.period) in wanted.billed
            ):
                continue
            found.due.append(DueKey(line.due_at, line.lead_id, line.period, line.amount))
            newest = (life.lead.received_at, line.lead_id, line.version)
            found.newest = max(found.newest or newest, newest)
    keys = draw(found.due, _money_cap(found, terms))
    over_cap = reading.over_cap(wanted.campaign, wanted.month, wanted.last)
    return Drawing(
        DueLines(reading, wanted, terms, keys),
        Counts(found.in_review, over_cap, found.free),
        terms.fields(),
    )


def _count(found: _Found, lead: Lead, wanted: Wanted) -> None:
    if lead.free:
        found.free += lead.month == wanted.month
    elif lead.month <= wanted.month:
        found.in_review += lead.review_at(wanted.as_of) == "qualified"


def _folded(lives: Iterable[Sequence[Recorded]]) -> Iterator[Life]:
    for events in lives:
        yield life_of(one.event for one in events)


def _money_cap(found: _Found, terms: Terms) -> int | None:
    """That of the newest lead's version: both sides agreed to that one last. In minor units."""
    if found.newest is None:
        return None
    campaign = terms.of(found.newest[2])
    money = campaign.caps.money_a_month
    return None if money is None else to_minor(money, campaign.currency)
