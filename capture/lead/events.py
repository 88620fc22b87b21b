"""Events: what happened to a lead, who did it, and when. They hold no personal data.

See rule 31 of docs/rules.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final


class EventKind(StrEnum):
    """What happened. The values are part of the hash chain, so they never change."""

    RECEIVED = "received"
    SPAM = "spam"
    DUPLICATE = "duplicate"
    SUPPRESSED = "suppressed"
    OVER_CAP = "over_cap"
    DISQUALIFIED = "disqualified"
    UNCONFIRMED = "unconfirmed"
    QUALIFIED = "qualified"
    NOTIFIED = "notified"
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
    BOUNCED = "bounced"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    QUARANTINED = "quarantined"
    RELEASED = "released"
    DISCARDED = "discarded"
    HELD_BACK = "held_back"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    ERASED = "erased"
    NOTED = "noted"
    USER_ADDED = "user_added"
    USER_LINKED = "user_linked"
    USER_EMAIL_CHANGED = "user_email_changed"
    USER_DEACTIVATED = "user_deactivated"
    PASSPHRASE_SET = "passphrase_set"  # noqa: S105
    SESSIONS_ENDED = "sessions_ended"
    TOKEN_ADDED = "token_added"  # noqa: S105
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    WEBHOOK_ADDED = "webhook_added"
    WEBHOOK_ROTATED = "webhook_rotated"
    WEBHOOK_PAUSED = "webhook_paused"
    WEBHOOK_RESUMED = "webhook_resumed"
    WEBHOOK_REMOVED = "webhook_removed"
    MESSAGE_RETRIED = "message_retried"
    MESSAGE_DROPPED = "message_dropped"
    SUPPRESSIONS_ADDED = "suppressions_added"
    LOGGED_IN = "logged_in"
    JOB_STARTED = "job_started"
    JOB_DELETED = "job_deleted"
    UNSUBSCRIBED = "unsubscribed"
    SUBSCRIBED_AGAIN = "subscribed_again"


ADMINISTRATION: Final = frozenset(
    {
        EventKind.USER_ADDED,
        EventKind.USER_LINKED,
        EventKind.USER_EMAIL_CHANGED,
        EventKind.USER_DEACTIVATED,
        EventKind.PASSPHRASE_SET,
        EventKind.SESSIONS_ENDED,
        EventKind.TOKEN_ADDED,
        EventKind.TOKEN_REVOKED,
        EventKind.WEBHOOK_ADDED,
        EventKind.WEBHOOK_ROTATED,
        EventKind.WEBHOOK_PAUSED,
        EventKind.WEBHOOK_RESUMED,
        EventKind.WEBHOOK_REMOVED,
        EventKind.MESSAGE_RETRIED,
        EventKind.MESSAGE_DROPPED,
        EventKind.SUPPRESSIONS_ADDED,
        EventKind.LOGGED_IN,
        EventKind.JOB_STARTED,
        EventKind.JOB_DELETED,
        EventKind.UNSUBSCRIBED,
        EventKind.SUBSCRIBED_AGAIN,
    }
)
"""Acts on users, their sessions and long work, API tokens, webhooks, messages of the outbox,
suppression lists, and subscriptions of letters."""


class Actor(StrEnum):
    """Who caused an event."""

    VISITOR = "visitor"
    CLIENT = "client"
    AGENCY = "agency"
    SYSTEM = "system"


ON_BEHALF_OF = "on_behalf_of"
"""Key in an event's data: the party for which the agency entered the event (rule 41). The event's
actor is then the agency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact about a lead, or about a campaign if `lead_id` is None. Times are UTC."""

    campaign: str
    """Empty for events of no single campaign, such as the acts of `ADMINISTRATION`."""
    lead_id: str | None
    kind: EventKind
    occurred_at: datetime
    recorded_at: datetime
    actor: Actor
    data: Mapping[str, Any]
    """JSON values only, without floats and personal data: ids, codes, rule texts, minor units."""


@lru_cache(maxsize=256)  # a new lead writes the same time into many columns
def show_time(moment: datetime) -> str:
    """An aware time as text for storage and export: ISO 8601 in UTC with microseconds and Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_time(text: str) -> datetime:
    """The time that `show_time` wrote."""
    return datetime.fromisoformat(text)
