"""A lead, its three tracks, the moves that each allows, and the events that move it (rule 10).

A lead is the fold of its events: `follow` is the only place that knows what an event does, so the
ledger, its projection and the proof that both agree can never differ. Nothing here is personal
data (rule 31).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from capture.consent import Consent
from capture.errors import MoveRefused


class Kind(StrEnum):
    """What happened. Events are facts: appended, never changed."""

    RECEIVED = "received"
    SPAM = "spam"
    DUPLICATE = "duplicate"
    SUPPRESSED = "suppressed"
    OVER_CAP = "over_cap"
    DISQUALIFIED = "disqualified"
    UNCONFIRMED = "unconfirmed"
    QUALIFIED = "qualified"
    TOLD = "told"
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
    CONTESTED = "contested"
    PAUSED = "paused"
    RESUMED = "resumed"
    CLOSED = "closed"
    CREDITED = "credited"
    DEBIT_PROPOSED = "debit_proposed"
    DEBIT_DECLINED = "debit_declined"
    DEBITED = "debited"
    PAID = "paid"


class Actor(StrEnum):
    """Who did it."""

    VISITOR = "visitor"
    CLIENT = "client"
    AGENCY = "agency"
    SYSTEM = "system"


class Track(StrEnum):
    """Three tracks run side by side; each has its own stage and its own moves."""

    REVIEW = "review"
    APPOINTMENT = "appointment"
    SALE = "sale"


ON_BEHALF_OF = "on_behalf_of"
"""In an event's data: for whom the agency entered it; the event's actor is the agency (rule 41)."""

NOT_STARTED = "none"
"""The stage of an appointment or a sale that has not begun."""

Moves = Mapping[str, Mapping[Kind, str]]

_DOOR = {
    kind: kind.value
    for kind in (
        Kind.SPAM,
        Kind.DUPLICATE,
        Kind.SUPPRESSED,
        Kind.OVER_CAP,
        Kind.DISQUALIFIED,
        Kind.UNCONFIRMED,
        Kind.QUALIFIED,
    )
}
_NO_MEETING = frozenset(_DOOR) - {Kind.UNCONFIRMED, Kind.QUALIFIED} | {Kind.REJECTED}
_JUDGED_AGAIN = {Kind.CORRECTED: "received"}

MOVES: Mapping[Track, Moves] = {
    Track.REVIEW: {
        NOT_STARTED: {Kind.RECEIVED: "received"},
        "received": _DOOR,
        "spam": _JUDGED_AGAIN,
        "duplicate": {},
        "suppressed": {},
        "over_cap": {},
        "disqualified": _JUDGED_AGAIN,
        "unconfirmed": {Kind.QUALIFIED: "qualified"},
        "qualified": {
            Kind.TOLD: "qualified",
            Kind.ACCEPTED: "accepted",
            Kind.REJECTED: "rejected",
            **_JUDGED_AGAIN,
        },
        "accepted": {Kind.WITHDRAWN: "qualified"},
        "rejected": {
            Kind.WITHDRAWN: "qualified",
            Kind.DISPUTED: "rejected",
            Kind.SETTLED: "accepted",
        },
    },
    Track.APPOINTMENT: {
        NOT_STARTED: {Kind.SCHEDULED: "scheduled"},
        "scheduled": {
            Kind.MOVED: "scheduled",
            Kind.HELD: "held",
            Kind.NO_SHOW: "no_show",
            Kind.CANCELLED: "cancelled",
            Kind.CONTESTED: "contested",
        },
        "held": {Kind.NO_SHOW: "no_show", Kind.CONTESTED: "contested"},
        "no_show": {Kind.SCHEDULED: "scheduled", Kind.CONTESTED: "contested"},
        "cancelled": {Kind.SCHEDULED: "scheduled"},
        "contested": {Kind.SCHEDULED: "scheduled", Kind.HELD: "held"},
    },
    Track.SALE: {
        NOT_STARTED: {Kind.WON: "won", Kind.LOST: "lost"},
        "lost": {Kind.WON: "won"},
        "won": {
            Kind.REVENUE: "won",
            Kind.REFUNDED: "refunded",
            Kind.CHURNED: "churned",
            Kind.CONTESTED: "contested",
        },
        "churned": {
            Kind.WON: "won",
            Kind.REVENUE: "churned",
            Kind.REFUNDED: "refunded",
            Kind.CONTESTED: "contested",
        },
        "contested": {Kind.WON: "won", Kind.LOST: "lost"},
        "refunded": {Kind.REVENUE: "refunded", Kind.CONTESTED: "contested"},
    },
}

_OBJECTIONS: Mapping[str, Mapping[Kind, str]] = {
    "qualified": {Kind.WITHDRAWN: "qualified"},
    "rejected": {Kind.ACCEPTED: "accepted"},
}
"""What may be said besides of a review that the agency entered for the client (rule 41)."""

TRACK_OF: Mapping[Kind, Track] = {
    kind: track for track, moves in MOVES.items() for allowed in moves.values() for kind in allowed
}


def track_of(kind: Kind, data: Mapping[str, Any]) -> Track:
    """The track that an event is on; what is contested is said by the event itself."""
    return Track(data["track"]) if kind is Kind.CONTESTED else TRACK_OF[kind]


UNLAWFUL = "no consent was given and no lawful basis is recorded, so it is not delivered (rule 35)"

DELIVERED = frozenset({"qualified", "accepted"})
"""Only a lead that the client has, and has not rejected, can be met with or sold to."""

SHOWN = DELIVERED | {"rejected"}
"""What the client sees of all leads (rule 6)."""

STAGES = tuple(stage for stage in MOVES[Track.REVIEW] if stage != NOT_STARTED)
"""Where a lead may stand in review, from the door on."""


@dataclass(frozen=True, slots=True)
class Event:
    """One fact about a lead (or, without a lead, about a campaign). Times are UTC."""

    campaign: str
    lead_id: str | None
    kind: Kind
    occurred_at: datetime
    recorded_at: datetime
    actor: Actor
    data: Mapping[str, Any]
    """JSON only, no float, no personal data: ids, codes, rule texts, amounts in minor units."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Where one lead stands, as its events tell. Times are UTC."""

    lead_id: str
    campaign: str
    client: str
    version: str
    """The campaign version that judges it, for its whole life (rule 16)."""
    consent_version: str | None
    """The campaign version whose consent text was shown; None where none is known (rule 35)."""
    source: str
    received_at: datetime
    month: str
    """Month of receipt in the campaign's zone, such as 2026-11; lead caps count by it (rule 7)."""
    consent_given: bool = False
    """The box under that text was ticked."""
    basis: str | None = None
    """The lawful basis that somebody of the agency stated in the consent's place."""
    test: bool = False
    free: bool = False
    """Taken over a cap, delivered, and never billed (rule 8)."""
    explicit: bool = False
    """Only an explicit acceptance makes it billable, never silence (rules 3 and 15)."""
    review: str = "received"
    appointment: str = NOT_STARTED
    sale: str = NOT_STARTED
    deadline: datetime | None = None
    """End of the review window; None until the client was told (rule 11). Once the agency entered
    a review for the client, the client may object until then (rule 41)."""
    entered: bool = False
    """The agency entered the last review for the client (rule 41). An acceptance leaves the lead
    qualified: it becomes final as silence does, at the deadline. A rejection holds at once."""
    accepted_at: datetime | None = None
    told: bool = False
    """The client was told of it, so that its window runs (rule 11)."""
    meeting_lost: bool = False
    """Its rejection cancelled a pending meeting, which comes back if that is taken back."""
    disputed: bool = False
    """The agency disputes the rejection; once the client agrees, it is settled as accepted."""
    meeting_at: datetime | None = None
    """When the meeting is or was to begin."""
    taken_held_at: datetime | None = None
    """When a meeting of which nobody says anything is taken as held (rule 14)."""

    @property
    def consent(self) -> Consent:
        """What allows it to be delivered and billed (rule 35)."""
        return Consent(self.consent_given, self.consent_version, self.basis)

    def review_at(self, now: datetime) -> str:
        """The stage in review as of `now`: silence accepts at the deadline's instant (rule 12)."""
        return "accepted" if self.is_silent_at(now) else self.review

    def accepted_as_of(self, now: datetime) -> datetime | None:
        """When it was accepted, by word or by silence, as of `now`."""
        return self.deadline if self.is_silent_at(now) else self.accepted_at

    def is_silent_at(self, now: datetime) -> bool:
        """Whether silence has accepted it by `now`, though no event says so yet."""
        return (
            self.review == "qualified"
            and not self.explicit
            and self.deadline is not None
            and self.deadline <= now
        )

    def appointment_at(self, now: datetime) -> str:
        """The stage of its meeting as of `now`: silence says that it was held (rule 14)."""
        return "held" if self.is_taken_held_at(now) else self.appointment

    def is_taken_held_at(self, now: datetime) -> bool:
        """Whether silence has said by `now` that the meeting was held, though no event does."""
        return (
            self.appointment == "scheduled"
            and self.review in DELIVERED
            and self.taken_held_at is not None
            and self.taken_held_at <= now
        )

    def stage(self, track: Track) -> str:
        """Where it stands on one track."""
        stage: str = getattr(self, track.value)
        return stage


def follow(lead: Lead | None, event: Event) -> Lead:
    """The lead after one more event. Raises `MoveRefused`, naming what is allowed instead."""
    if event.lead_id is None:
        raise ValueError(f"{event.kind} is not about a lead")
    if lead is None:
        return _received(event)
    track = track_of(event.kind, event.data)
    changes: dict[str, Any] = {track.value: _move(lead, track, event)}
    match event.kind:
        case Kind.QUALIFIED:
            changes |= {
                "free": bool(event.data.get("free", False)),
                "explicit": lead.explicit or bool(event.data.get("explicit", False)),
                "deadline": _time(event.data.get("deadline")),
                "told": "deadline" in event.data,
            }
        case Kind.TOLD:
            changes |= {"deadline": _time(event.data.get("deadline")), "told": True}
        case Kind.ACCEPTED | Kind.SETTLED:
            changes |= _accepted(lead, event)
        case Kind.DISPUTED:
            changes["disputed"] = True
        case Kind.WITHDRAWN:
            changes |= {"accepted_at": None, "disputed": False, "meeting_lost": False}
            changes |= _before_entry(event)
            if lead.meeting_lost:
                changes["appointment"] = "scheduled"
        case kind if kind in _NO_MEETING:
            changes |= _shut_out(lead, event)
        case Kind.CORRECTED:  # a pending meeting waits for what is judged next
            changes |= {"deadline": None, "explicit": True, "told": False, "entered": False}
            changes["basis"] = event.data.get("basis", lead.basis)
        case Kind.SCHEDULED | Kind.MOVED:
            changes |= {
                "meeting_at": _time(event.data.get("meeting_at")),
                "taken_held_at": _time(event.data.get("taken_held_at")),
            }
        case Kind.REFUNDED | Kind.CONTESTED if event.data.get("left") or event.data.get("period"):
            changes["sale"] = lead.sale  # given back in part, or one period of its revenue
    return replace(lead, **changes)


def follow_all(events: Iterable[Event]) -> Lead:
    """The lead that its events tell of, in order; ValueError if there are none."""
    lead: Lead | None = None
    for event in events:
        lead = follow(lead, event)
    if lead is None:
        raise ValueError("no events")
    return lead


def _received(event: Event) -> Lead:
    if event.kind is not Kind.RECEIVED:
        raise MoveRefused(f"a lead begins with received, not with {event.kind}")
    data = event.data
    return Lead(
        lead_id=str(event.lead_id),
        campaign=event.campaign,
        client=data["client"],
        version=data["version"],
        consent_version=data["consent_version"],
        consent_given=data["consent_given"],
        basis=data.get("basis"),
        source=data["source"],
        received_at=event.occurred_at,
        month=data["month"],
        test=data["test"],
    )


def _accepted(lead: Lead, event: Event) -> dict[str, Any]:
    """By the client's word or by silence; what the agency entered for the client is to be final."""
    if event.data.get(ON_BEHALF_OF):
        return {"review": "qualified", **_entered(event)}
    entered = lead.entered and bool(event.data.get("silence"))
    changes = {"accepted_at": event.occurred_at, "disputed": False, "entered": entered}
    return {**changes, "meeting_lost": False}


def _shut_out(lead: Lead, event: Event) -> dict[str, Any]:
    """The client does not take it, or never got it: a pending meeting is cancelled."""
    rejected = event.kind is Kind.REJECTED
    changes: dict[str, Any] = {"entered": False} if rejected else {}
    if event.data.get(ON_BEHALF_OF):
        changes = _entered(event)
    if lead.appointment == "scheduled":  # a rejection alone can be taken back
        changes |= {"appointment": "cancelled", "meeting_lost": rejected}
    return changes


def _entered(event: Event) -> dict[str, Any]:
    """The agency entered a review for the client, who may object until it is final."""
    return {"entered": True, "deadline": _time(event.data["final_at"])}


def _before_entry(event: Event) -> dict[str, Any]:
    """Where a review that is taken back leads to, if that or an earlier one was entered."""
    back = event.data.get("back")
    if back is None:
        return {}
    return {**back, "deadline": _time(back["deadline"])}


def _move(lead: Lead, track: Track, event: Event) -> str:
    before = lead.stage(track)
    allowed = MOVES[track].get(before, {})
    if track is Track.REVIEW and lead.entered:
        allowed = {**allowed, **_OBJECTIONS.get(before, {})}
    if track is not Track.REVIEW and lead.review not in DELIVERED:
        raise MoveRefused(
            f"lead {lead.lead_id} is {lead.review}: only a qualified or accepted lead "
            f"can be {event.kind}",
            lead.review,
            MOVES[Track.REVIEW][lead.review],
        )
    if event.kind not in allowed:
        names = ", ".join(allowed) or "none"
        stage = "not started" if before == NOT_STARTED else before
        raise MoveRefused(
            f"lead {lead.lead_id}: {track} is {stage}, so {event.kind} is refused; "
            f"allowed now: {names}",
            stage,
            allowed,
        )
    if event.kind is Kind.QUALIFIED and not lead.consent.is_lawful:
        raise MoveRefused(
            f"lead {lead.lead_id}: {UNLAWFUL}",
            before,
            [kind for kind in allowed if kind is not Kind.QUALIFIED],
        )
    return allowed[event.kind]


def _time(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)


@lru_cache(maxsize=256)  # one lead writes the same moment into a dozen columns
def show_time(moment: datetime) -> str:
    """An aware time as it is stored and exported: ISO 8601 in UTC with microseconds and Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_time(text: str) -> datetime:
    """Reads what `show_time` wrote."""
    return datetime.fromisoformat(text)
