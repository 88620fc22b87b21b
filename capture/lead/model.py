"""The state of one lead, including what silence has decided by a given time.

See rules 12, 14 and 36 of docs/rules.md.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from capture.lead.consent import Consent
from capture.lead.events import Actor, Event, EventKind
from capture.lead.moves import DELIVERED, NOT_STARTED, REMOVED, VISIBLE_TO_CLIENT, Track


@dataclass(frozen=True, slots=True)
class Lead:
    """The state of one lead, derived from its events. Times are UTC."""

    lead_id: str
    campaign: str
    client: str
    version: str
    """The campaign version that applies to the lead for good (rule 16)."""
    consent_version: str | None
    """The campaign version whose consent text was shown; None if unknown (rule 35)."""
    source: str
    received_at: datetime
    month: str
    """Month of receipt in the campaign's zone, such as 2026-11; lead caps count by it (rule 7)."""
    consent_given: bool = False
    """The consent box was ticked."""
    basis: str | None = None
    """The lawful basis that the agency stated instead of a consent."""
    test: bool = False
    free_over_cap: bool = False
    """Accepted over a cap: delivered and never billed (rule 8)."""
    needs_explicit_acceptance: bool = False
    """Only an explicit acceptance makes it billable, never silence (rules 3 and 15)."""
    review: str = "received"
    appointment: str = NOT_STARTED
    sale: str = NOT_STARTED
    deadline: datetime | None = None
    """End of the review window; None until the client is notified (rule 11). If the agency entered
    the review for the client, the client may object until then (rule 41)."""
    entered: bool = False
    """The agency entered the last review for the client (rule 41). After an entered acceptance the
    lead stays qualified until the deadline. An entered rejection holds at once."""
    accepted_at: datetime | None = None
    notified: bool = False
    """The client was notified, so the review window runs (rule 11)."""
    was_notified: bool = False
    """The client was notified of it at some time, perhaps before a correction. If the client no
    longer has it, it is shown as removed."""
    meeting_lost: bool = False
    """The rejection cancelled a pending meeting; undoing the rejection restores the meeting."""
    bounced: bool = False
    """The mail server refused the person's address, so silence never accepts it (rule 36)."""
    confirm_until: datetime | None = None
    """While it is unconfirmed: when its link ends, so that it expires (rule 7)."""
    confirmed: bool = False
    """The person proved that the e-mail address is theirs."""
    consent_withdrawn: bool = False
    """The person withdrew the consent, so silence never accepts it (rule 35)."""
    erased: bool = False
    """Its personal data was erased, so nobody can review it and silence never accepts it."""
    disputed: bool = False
    """The agency disputes the rejection. If the client agrees, the lead becomes accepted."""
    meeting_at: datetime | None = None
    """Start of the meeting."""
    deemed_held_at: datetime | None = None
    """When silence takes the meeting as held (rule 14)."""

    @property
    def consent(self) -> Consent:
        """The consent or lawful basis for delivery and billing (rule 35)."""
        return Consent(self.consent_given, self.consent_version, self.basis, self.consent_withdrawn)

    def review_at(self, now: datetime) -> str:
        """The stage in review as of `now`: silence accepts at the deadline's instant (rule 12), and
        an unconfirmed lead expires when its link ends."""
        if self.is_silently_accepted_at(now):
            return "accepted"
        return "expired" if self.is_expired_at(now) else self.review

    def client_stage_at(self, now: datetime) -> str:
        """The stage that the client sees; `REMOVED` for every stage that is hidden from clients."""
        return self.review_at(now) if self.review in VISIBLE_TO_CLIENT else REMOVED

    @property
    def was_visible_to_client(self) -> bool:
        """Whether the client sees it or was notified of it, even if it was removed later."""
        return self.was_notified or self.review in VISIBLE_TO_CLIENT

    @property
    def is_known_to_client(self) -> bool:
        """Whether the client was notified of it or has decided on it, so that it may have a copy.
        A lead whose notice is not sent yet is visible, but not known."""
        return self.was_notified or (self.was_visible_to_client and self.review != "qualified")

    @property
    def is_removed(self) -> bool:
        """Whether the client was notified of it and no longer has it: it was discarded, or a
        correction changed the verdict."""
        return self.was_notified and self.review not in VISIBLE_TO_CLIENT

    def is_expired_at(self, now: datetime) -> bool:
        """Whether its link has ended by `now` and no event records this yet."""
        return (
            self.review == "unconfirmed"
            and self.confirm_until is not None
            and self.confirm_until <= now
        )

    def accepted_as_of(self, now: datetime) -> datetime | None:
        """When it was accepted, by a person or by silence, as of `now`; None if it was not."""
        return self.deadline if self.is_silently_accepted_at(now) else self.accepted_at

    @property
    def silence_never_accepts(self) -> bool:
        """Whether only an explicit acceptance makes it billable (rules 3, 15, 35 and 36)."""
        return self.needs_explicit_acceptance or self.is_silence_ended

    @property
    def is_silence_ended(self) -> bool:
        """Whether something happened after which no time decides about it (rules 35 and 36)."""
        return self.bounced or self.consent_withdrawn or self.erased

    @property
    def silence_accepts_at(self) -> datetime | None:
        """When silence accepts it, if nobody acts before (rule 12); None if silence cannot."""
        return (
            self.deadline if self.review == "qualified" and not self.silence_never_accepts else None
        )

    def is_silently_accepted_at(self, now: datetime) -> bool:
        """Whether silence has accepted it by `now` and no event records this yet."""
        return self.silence_accepts_at is not None and self.silence_accepts_at <= now

    def appointment_at(self, now: datetime) -> str:
        """The stage of its meeting as of `now`, including what silence decides (rule 14)."""
        return "held" if self.is_deemed_held_at(now) else self.appointment

    @property
    def silence_holds_at(self) -> datetime | None:
        """When silence takes its meeting as held (rule 14); None if silence cannot."""
        pending = self.appointment == "scheduled" and self.review in DELIVERED
        return self.deemed_held_at if pending else None

    def is_deemed_held_at(self, now: datetime) -> bool:
        """Whether silence takes the meeting as held by `now` and no event records this yet."""
        return self.silence_holds_at is not None and self.silence_holds_at <= now

    def stage(self, track: Track) -> str:
        """The stage on one track."""
        stage: str = getattr(self, track.value)
        return stage


def event_of(
    lead: Lead,
    kind: EventKind,
    actor: Actor,
    now: datetime,
    /,
    *,
    occurred_at: datetime | None = None,
    **data: Any,
) -> Event:
    """A new event of a lead, recorded at `now`. `occurred_at` is `now` by default."""
    return Event(
        campaign=lead.campaign,
        lead_id=lead.lead_id,
        kind=kind,
        occurred_at=now if occurred_at is None else occurred_at,
        recorded_at=now,
        actor=actor,
        data=data,
    )
