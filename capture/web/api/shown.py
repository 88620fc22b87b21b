"""A lead as its client sees it: never how others were judged, the agency's notes or our hashes."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Stage = Literal["qualified", "accepted", "rejected"]
Entered = Literal["accepted", "rejected"]
MeetingStage = Literal["none", "scheduled", "held", "no_show", "cancelled", "contested"]
SaleStage = Literal["none", "won", "lost", "churned", "refunded", "contested"]


class Answer(BaseModel):
    """What we answer: frozen, and nothing in it that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CriterionShown(Answer):
    """One criterion of the verdict."""

    id: str
    rule: str = Field(description="The criterion in words.")
    met: bool
    why: str = Field(description="In words; empty once the person's data were erased.")


class ConsentShown(Answer):
    """What allows this lead to be delivered: a consent that was given, or a basis in its place."""

    given: bool = Field(description="The person ticked the box of the form.")
    version: str | None = Field(
        description="The campaign version whose consent text was shown; null: no form was."
    )
    basis: str | None = Field(
        description="The lawful basis that the agency recorded where no consent was given."
    )


class TouchShown(Answer):
    """A visit that led here. Null: not known."""

    path: str | None
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    utm_term: str | None
    utm_content: str | None


class AppointmentShown(Answer):
    """The meeting."""

    stage: MeetingStage
    meeting_at: str | None = Field(description="When it begins or was to begin, in UTC.")
    taken_held_at: str | None = Field(
        description="When silence takes it as held, if nobody says what came of it."
    )


class SaleShown(Answer):
    """The sale, net of tax, in the lead's currency."""

    stage: SaleStage
    amount: str | None = Field(description="Of the purchase, in major units; null: not won.")
    refunded: str = Field(description="Given back so far, in major units.")


class EventShown(Answer):
    """One fact of the lead's life. Null: does not apply."""

    type: str
    occurred_at: str = Field(description="When it happened, in UTC.")
    recorded_at: str = Field(description="When it was recorded, in UTC.")
    source: Literal["visitor", "client", "agency", "system"] = Field(description="Whose word.")
    on_behalf_of: Literal["client"] | None = Field(
        description="The agency entered it for you; null: nobody spoke for another."
    )
    silence: bool = Field(description="Nobody said it: silence did, at the end of a window.")
    reason: str | None
    meeting_at: str | None
    amount: str | None = Field(description="In major units of the lead's currency.")
    period: str | None = Field(description="The first day that revenue is for.")
    reference: str | None = Field(description="The id that your own system gave this fact.")
    final_at: str | None = Field(
        description="Until then you may object: to an outcome with no_show or contested, to a "
        "review with accepted or rejected; null: it is final."
    )
    cause: str | None = Field(
        description="accepted: the outcome of yours that was the acceptance; null: none was."
    )


class LeadShown(Answer):
    """A qualified lead. Times are UTC, RFC 3339."""

    id: str
    campaign: str
    campaign_version: str = Field(description="SHA-256 of the campaign file that judges it.")
    received_at: str
    month: str = Field(description="Of receipt, in the campaign's time zone.")
    stage: Stage = Field(description="In review, as of now: silence accepts at the deadline.")
    deadline: str | None = Field(description="Reject before this, or it is accepted.")
    accepted_at: str | None
    needs_your_word: bool = Field(description="Silence never accepts it: only your word does.")
    entered: Entered | None = Field(
        description="The agency entered this review for you: until `deadline` you may object, "
        "with `rejected` or `accepted`. Null: it did not, or the time is over."
    )
    disputed: bool = Field(description="The agency disputes your rejection; `settled` agrees.")
    free: bool = Field(description="Came over the cap: never billed.")
    currency: str = Field(description="ISO 4217; every amount of this lead is in it.")
    reasons: dict[str, str] = Field(description="Why you may reject it: code to sentence.")
    answers: dict[str, str | int | list[str]] | None = Field(
        description="What the person answered, by field; null once it was erased."
    )
    unverified: dict[str, str] | None = Field(
        description="Optional contact data that looks wrong, as typed, by field; in no answer."
    )
    consent: ConsentShown
    verdict: list[CriterionShown]
    first_touch: TouchShown
    last_touch: TouchShown
    appointment: AppointmentShown
    sale: SaleShown
    events: list[EventShown]
