"""Leads and their customers' payments with the pages of their visits: the protocol and the SQL."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from capture.lead.events import EventKind, show_time
from capture.ledger.dialect import Connection, Dialect, quoted


@dataclass(frozen=True, slots=True)
class Visits:
    """The paths of a lead's first and last visit, as the visitor's browser sent them."""

    first: str | None
    last: str | None


@dataclass(frozen=True, slots=True)
class TouchedLead:
    """A lead with its visits."""

    visits: Visits | None
    """None after erasure."""
    review: str
    """As of the time of the query: `Lead.review_at`."""
    reason: str | None
    """Of a rejected lead: the reason of the last decision; None for one that was settled."""


class TouchQueries(Protocol):
    """A campaign's leads with the pages of their visits, without test leads."""

    def of_month(self, campaign: str, month: str, now: datetime) -> Iterator[TouchedLead]:
        """The leads that were received in a month, such as `2026-11`."""

    def payments(
        self, campaign: str, first: date, last: date
    ) -> Iterator[tuple[Visits | None, int]]:
        """Each payment of a lead's customer in these days, both included; negative for a refund."""


_DECISIONS: Final = quoted((EventKind.ACCEPTED, EventKind.REJECTED, EventKind.SETTLED))
_VISITS: Final = "personal_data.lead_id, first_touch ->> 'path', last_touch ->> 'path'"


class SqlTouches:
    """`TouchQueries`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    def of_month(self, campaign: str, month: str, now: datetime) -> Iterator[TouchedLead]:
        rows = self._connection.execute(
            f"SELECT {_VISITS}, CASE WHEN silence_accepts_at <= :now THEN 'accepted'"
            " WHEN review = 'unconfirmed' AND confirm_until <= :now THEN 'expired'"
            " ELSE review END, CASE review WHEN 'rejected' THEN (SELECT data ->> 'reason'"
            f" FROM events WHERE events.lead_id = leads.lead_id AND kind IN ({_DECISIONS})"
            " ORDER BY sequence DESC LIMIT 1) END"
            f" FROM leads {self._dialect.use_index.format('leads_by_month')}"
            " LEFT JOIN personal_data ON personal_data.lead_id = leads.lead_id"
            " WHERE leads.campaign = :campaign AND month = :month AND test = 0",
            {"campaign": campaign, "month": month, "now": show_time(now)},
        )
        for known, first, last, review, reason in rows:
            yield TouchedLead(_visits(known, first, last), review, reason)

    def payments(
        self, campaign: str, first: date, last: date
    ) -> Iterator[tuple[Visits | None, int]]:
        rows = self._connection.execute(
            f"SELECT {_VISITS}, amount FROM lead_payments"
            " LEFT JOIN personal_data ON personal_data.lead_id = lead_payments.lead_id"
            " WHERE lead_payments.campaign = ? AND day BETWEEN ? AND ?",
            (campaign, first.isoformat(), last.isoformat()),
        )
        for known, first_path, last_path, amount in rows:
            yield _visits(known, first_path, last_path), amount


def _visits(known: str | None, first: str | None, last: str | None) -> Visits | None:
    """`known` is the lead's id, or None if it has no personal data any more."""
    return None if known is None else Visits(first, last)
