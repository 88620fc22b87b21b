"""Events: what happened to a lead, who did it, when. Nothing here is personal data (rule 31)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any


class EventKind(StrEnum):
    """What happened. Events are facts: appended, never changed."""

    RECEIVED = "received"
    SPAM = "spam"
    DUPLICATE = "duplicate"
    SUPPRESSED = "suppressed"
    OVER_CAP = "over_cap"
    DISQUALIFIED = "disqualified"
    UNCONFIRMED = "unconfirmed"
    QUALIFIED = "qualified"
    TOLD = "notified"
    CORRECTED = "corrected"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    DISPUTED = "disputed"
    SETTLED = "settled"
    SCHEDULED = "scheduled"
    MOVED = "moved"
    HELD = "held"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    WON = "won"
    LOST = "lost"
    REVENUE = "revenue"
    REFUNDED = "refunded"
    CHURNED = "churned"
    OBJECTED = "objected"
    PAUSED = "paused"
    RESUMED = "resumed"
    CLOSED = "closed"
    CREDITED = "credited"
    DEBIT_PROPOSED = "debit_proposed"
    DEBIT_DECLINED = "debit_declined"
    DEBITED = "debited"
    PAID = "paid"
    # Reserved, see RESERVED.
    CONFIRMED = "confirmed"
    QUARANTINED = "quarantined"
    RELEASED = "released"
    DISCARDED = "discarded"
    HELD_BACK = "held_back"
    BOUNCED = "bounced"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    ERASED = "erased"


RESERVED = frozenset(
    {
        EventKind.CONFIRMED,
        EventKind.QUARANTINED,
        EventKind.RELEASED,
        EventKind.DISCARDED,
        EventKind.HELD_BACK,
        EventKind.BOUNCED,
        EventKind.CONSENT_WITHDRAWN,
        EventKind.ERASED,
    }
)
"""Kinds that come later. Their names are taken now, since kinds are part of the hash chain.
The ledger refuses to append an event of a reserved kind."""


class Actor(StrEnum):
    """Who did it."""

    VISITOR = "visitor"
    CLIENT = "client"
    AGENCY = "agency"
    SYSTEM = "system"


ON_BEHALF_OF = "on_behalf_of"
"""In an event's data: for whom the agency entered it; the event's actor is the agency (rule 41)."""


@dataclass(frozen=True, slots=True)
class Event:
    """One fact about a lead (or, without a lead, about a campaign). Times are UTC."""

    campaign: str
    lead_id: str | None
    kind: EventKind
    occurred_at: datetime
    recorded_at: datetime
    actor: Actor
    data: Mapping[str, Any]
    """JSON only, no float, no personal data: ids, codes, rule texts, amounts in minor units."""


@lru_cache(maxsize=256)  # one lead writes the same moment into a dozen columns
def show_time(moment: datetime) -> str:
    """An aware time as it is stored and exported: ISO 8601 in UTC with microseconds and Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_time(text: str) -> datetime:
    """Reads what `show_time` wrote."""
    return datetime.fromisoformat(text)
