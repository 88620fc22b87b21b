"""Adds up leads and payments by the pages of their visits, for `capture.ledger.page_sums`."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, Final

from capture.billing.customers import Customer
from capture.lead.events import Event, EventKind
from capture.lead.model import Lead
from capture.lead.moves import NON_LEAD_STAGES, VISIBLE_TO_CLIENT
from capture.ledger.people import KeyedHash

NO_PAGE: Final = b""
"""The page of a visit whose path is not known, and of every visit of an erased lead."""
COLUMNS: Final = {
    "page_sums": (
        ("month", "touch", "page", "campaign"),
        ("leads", "qualified", "accepted", "rejected", "revenue"),
    ),
    "page_rejections": (("month", "touch", "page", "campaign", "reason"), ("leads",)),
}
"""By table: the columns of its key, and those with amounts."""
MOST_ROWS: Final = 20_000
"""Rows of a tally that are held in memory before they are written or hashed."""

Pages = tuple[bytes, bytes]
"""The pages of the first and of the last visit."""
Key = tuple[Any, ...]

UNKNOWN: Final[Pages] = (NO_PAGE, NO_PAGE)


class Touch(StrEnum):
    """One of a lead's two visits that are kept."""

    FIRST = "first"
    LAST = "last"


def page_key(keyed_hash: KeyedHash, path: str | None) -> bytes:
    """The page of a path that a browser sent."""
    return keyed_hash.of("page", path) if path else NO_PAGE


def rejection_reason(lead: Lead, events: Iterable[Event], before: str = "") -> str:
    """Why the lead is rejected, by its last rejection; empty if it is not rejected.

    `before` is the reason before the first of the events.
    """
    if lead.review != "rejected":
        return ""
    reason = before
    for event in events:
        if event.kind is EventKind.REJECTED:
            reason = event.data.get("reason") or ""
    return reason


class PageTally:
    """Adds up leads and payments, with the keys of the two tables."""

    def __init__(self) -> None:
        self.tables: dict[str, defaultdict[Key, Counter[str]]] = {
            name: defaultdict(Counter) for name in COLUMNS
        }

    def __len__(self) -> int:
        return sum(map(len, self.tables.values()))

    def add_lead(self, lead: Lead, reason: str, pages: Pages, count: int = 1) -> None:
        """Counts a lead. `count` is -1 for a lead as it was before a change."""
        amounts = {name: count for name, holds in states(lead) if holds}
        if not amounts:
            return
        for touch, page in zip(Touch, pages, strict=True):
            key = lead.month, touch.value, page, lead.campaign
            self.tables["page_sums"][key].update(amounts)
            if reason:
                self.tables["page_rejections"][*key, reason]["leads"] += count

    def add_payment(self, campaign: str, day: str, amount: int, pages: Pages) -> None:
        """Adds a payment, or with a negative amount a refund, of an ISO date."""
        for touch, page in zip(Touch, pages, strict=True):
            self.tables["page_sums"][day[:7], touch.value, page, campaign]["revenue"] += amount

    def rows(self, table: str) -> Iterable[tuple[Key, tuple[int, ...]]]:
        """The keys and amounts of a table, without rows of zeros."""
        names = COLUMNS[table][1]
        for key, amounts in self.tables[table].items():
            if any(amounts.values()):
                yield key, tuple(amounts[name] for name in names)


def states(lead: Lead) -> tuple[tuple[str, bool], ...]:
    """The columns in which a lead counts."""
    return (
        ("leads", not lead.test and lead.review not in NON_LEAD_STAGES),
        ("qualified", not lead.test and lead.review in VISIBLE_TO_CLIENT),
        ("accepted", not lead.test and lead.review == "accepted"),
        ("rejected", not lead.test and lead.review == "rejected"),
    )


class PageSumCheck:
    """Adds up what `verify` derives, and compares it with the tables.

    The sum of the hashes of all rows, each times its amount, is the same in any order. So neither
    the derived rows nor the stored ones have to be in memory together.
    """

    def __init__(self) -> None:
        self._tally = PageTally()
        self._sums: Counter[str] = Counter()

    def add(self, lead: Lead, reason: str, pages: Pages, customer: Customer | None) -> None:
        """Adds a lead and its customer's payments."""
        self._tally.add_lead(lead, reason, pages)
        for payment in () if customer is None else customer.payments:
            self._tally.add_payment(lead.campaign, payment.day.isoformat(), payment.amount, pages)
        if len(self._tally) > MOST_ROWS:
            self._hash_rows()

    def differing(
        self, stored: Callable[[str], Iterable[tuple[Key, tuple[int, ...]]]]
    ) -> Sequence[str]:
        """The names of the tables that differ. `stored` gives the rows of a table."""
        self._hash_rows()
        return [table for table in COLUMNS if _hash_sum(stored(table)) != self._sums[table]]

    def _hash_rows(self) -> None:
        for table in COLUMNS:
            self._sums[table] += _hash_sum(self._tally.rows(table))
        self._tally = PageTally()


def _hash_sum(rows: Iterable[tuple[Key, tuple[int, ...]]]) -> int:
    return sum(
        amount * hash((*key, position))
        for key, amounts in rows
        for position, amount in enumerate(amounts)
    )
