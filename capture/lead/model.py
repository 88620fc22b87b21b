"""Where one lead stands, and what silence has decided of it by a moment (rules 12 and 14)."""

from dataclasses import dataclass
from datetime import datetime

from capture.lead.consent import Consent
from capture.lead.moves import DELIVERED, NOT_STARTED, Track


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
    free_over_cap: bool = False
    """Taken over a cap, delivered, and never billed (rule 8)."""
    needs_explicit_acceptance: bool = False
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
    notified: bool = False
    """The client was notified, so the review window runs (rule 11)."""
    meeting_lost: bool = False
    """Its rejection cancelled a pending meeting, which comes back if that is taken back."""
    disputed: bool = False
    """The agency disputes the rejection; once the client agrees, it is settled as accepted."""
    meeting_at: datetime | None = None
    """When the meeting is or was to begin."""
    deemed_held_at: datetime | None = None
    """When a meeting of which nobody says anything is taken as held (rule 14)."""

    @property
    def consent(self) -> Consent:
        """What allows it to be delivered and billed (rule 35)."""
        return Consent(self.consent_given, self.consent_version, self.basis)

    def review_at(self, now: datetime) -> str:
        """The stage in review as of `now`: silence accepts at the deadline's instant (rule 12)."""
        return "accepted" if self.is_silently_accepted_at(now) else self.review

    def accepted_as_of(self, now: datetime) -> datetime | None:
        """When it was accepted, by word or by silence, as of `now`."""
        return self.deadline if self.is_silently_accepted_at(now) else self.accepted_at

    @property
    def silence_accepts_at(self) -> datetime | None:
        """When silence accepts it, if nothing is said before (rule 12); None if silence cannot."""
        return (
            self.deadline
            if self.review == "qualified" and not self.needs_explicit_acceptance
            else None
        )

    def is_silently_accepted_at(self, now: datetime) -> bool:
        """Whether silence has accepted it by `now`, though no event says so yet."""
        return self.silence_accepts_at is not None and self.silence_accepts_at <= now

    def appointment_at(self, now: datetime) -> str:
        """The stage of its meeting as of `now`: silence says that it was held (rule 14)."""
        return "held" if self.is_deemed_held_at(now) else self.appointment

    @property
    def silence_holds_at(self) -> datetime | None:
        """When silence takes its meeting as held (rule 14); None if silence cannot."""
        pending = self.appointment == "scheduled" and self.review in DELIVERED
        return self.deemed_held_at if pending else None

    def is_deemed_held_at(self, now: datetime) -> bool:
        """Whether silence has said by `now` that the meeting was held, though no event does."""
        return self.silence_holds_at is not None and self.silence_holds_at <= now

    def stage(self, track: Track) -> str:
        """Where it stands on one track."""
        stage: str = getattr(self, track.value)
        return stage
