"""What a month's statement is drawn from: the lives of a campaign's leads, as far as some event."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from capture.billing import Life, Line, draw, life_of, lines_for
from capture.campaign import Campaign
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
    billed: Set[tuple[str, str]] = frozenset()
    """(lead id, period) of lines that stand on a statement already."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A month's lines in their order, free ones included, and what is not on the bill."""

    lines: Sequence[DueLine]
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


@dataclass
class _Found:
    """What one walk through the lives gathers."""

    due: list[DueLine] = field(default_factory=list)
    newest: tuple[datetime, str, str] | None = None
    """Receipt, lead id and version of the newest lead on the bill."""
    in_review: int = 0
    free: int = 0


def draw_lives(reading: Reading, wanted: Wanted) -> Drawing:
    """The month's lines: its own, and late ones of the closed months, that are not billed yet."""
    lives = reading.lives(wanted.campaign, until=wanted.until, last=wanted.last)
    terms, found, shared = Terms(reading), _Found(), dict[str, Mapping[str, Any]]()
    months = {wanted.month, *wanted.closed}
    for life in _folded(lives):
        version = terms.of(life.lead.version)
        found.in_review += life.lead.review_at(wanted.as_of) == "qualified"
        found.free += life.lead.free and life.lead.month == wanted.month
        for line in lines_for(life, version, wanted.as_of):
            if (line.lead_id, line.period) in wanted.billed or month_of(
                line.due_at, version
            ) not in months:
                continue
            # Leads of one version mostly have the same verdict, word for word: it is kept once.
            verdict = shared.setdefault(repr(life.verdict), life.verdict)
            found.due.append(DueLine(line, life.lead.received_at, verdict))
            newest = (life.lead.received_at, line.lead_id, line.version)
            found.newest = max(found.newest or newest, newest)
    return Drawing(
        _in_order(found, terms),
        Counts(
            found.in_review,
            reading.over_cap(wanted.campaign, wanted.month, wanted.last),
            found.free,
        ),
        terms.fields(),
    )


def _folded(lives: Iterable[Sequence[Recorded]]) -> Iterator[Life]:
    for events in lives:
        yield life_of(one.event for one in events)


def _in_order(found: _Found, terms: Terms) -> list[DueLine]:
    """Under the money cap of the newest lead's version: both sides agreed to that one last."""
    cap = None
    if found.newest is not None:
        campaign = terms.of(found.newest[2])
        money = campaign.caps.money_a_month
        cap = None if money is None else to_minor(money, campaign.currency)
    by_key = {(due.line.lead_id, due.line.period): due for due in found.due}
    drawn = draw((due.line for due in found.due), cap)
    return [replace(by_key[line.lead_id, line.period], line=line) for line in drawn]
