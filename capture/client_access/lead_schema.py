"""A lead as its client sees it, in the API and in webhooks.

It contains no other lead's verdict, no note of the agency, and no hash.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Stage = Literal["qualified", "accepted", "rejected", "held_back", "removed"]
Entered = Literal["accepted", "rejected"]
MeetingStage = Literal["none", "scheduled", "held", "no_show", "cancelled", "objected"]
SaleStage = Literal["none", "won", "lost", "churned", "refunded", "objected"]


class ResponseModel(BaseModel):
    """The base of answers: frozen, only declared names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CriterionSchema(ResponseModel):
    """One criterion of the verdict."""

    id: str
    rule: str = Field(description="The criterion in words.")
    met: bool
    reason: str = Field(description="In words; empty after the person's data was erased.")


class ConsentSchema(ResponseModel):
    """What permits the delivery of this lead: the person's consent, or another lawful basis."""

    given: bool = Field(description="The person ticked the consent box of the form.")
    version: str | None = Field(
        description="The campaign version whose consent text was shown; null: no form was shown."
    )
    basis: str | None = Field(
        description="The lawful basis that the agency recorded where no consent was given."
    )


class TouchSchema(ResponseModel):
    """A visit that led to this lead. Null: not known."""

    path: str | None
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    utm_term: str | None
    utm_content: str | None


class AppointmentSchema(ResponseModel):
    """The meeting."""

    stage: MeetingStage
    meeting_at: str | None = Field(description="When it begins or was planned to begin, in UTC.")
    deemed_held_at: str | None = Field(
        description="When silence counts it as held, if no outcome is recorded before."
    )


class SaleSchema(ResponseModel):
    """The sale, net of tax, in the lead's currency."""

    stage: SaleStage
    amount: str | None = Field(description="Of the purchase, in major units; null: not won.")
    refunded: str = Field(description="Refunded so far, in major units.")


class EventSchema(ResponseModel):
    """One event of the lead. Null: does not apply."""

    type: str
    occurred_at: str = Field(description="When it happened, in UTC.")
    recorded_at: str = Field(description="When it was recorded, in UTC.")
    source: Literal["visitor", "client", "agency", "system"] = Field(
        description="The party that recorded it."
    )
    on_behalf_of: Literal["client"] | None = Field(
        description="`client`: the agency entered it for you; null: `source` acted for itself."
    )
    silence: bool = Field(description="Silence decided it, at the end of a window.")
    reason: str | None
    meeting_at: str | None
    amount: str | None = Field(description="In major units of the lead's currency.")
    period: str | None = Field(description="The first day of the revenue's period.")
    reference: str | None = Field(description="The id of this fact in your own system.")
    final_at: str | None = Field(
        description="Until this time you may object: to an outcome with no_show or objected, to a "
        "review with accepted or rejected; null: it is final."
    )
    cause: str | None = Field(
        description="Of `accepted`: the type of your outcome that implied the acceptance; null: "
        "you accepted it directly."
    )


class LeadSchema(ResponseModel):
    """A qualified lead. Times are UTC, RFC 3339."""

    id: str
    campaign: str
    campaign_version: str = Field(description="SHA-256 of the campaign file that judges it.")
    received_at: str
    month: str = Field(description="Month of receipt, in the campaign's time zone.")
    stage: Stage = Field(
        description="Stage of the review now; silence accepts at the deadline. `held_back`: the "
        "agency is checking the lead, so its deadline is stopped and you cannot decide now; if it "
        "is released, you get a full review window. `removed`: you no longer have this lead, and "
        "it is never billed; its personal data is left out."
    )
    deadline: str | None = Field(description="Reject the lead before this time, or it is accepted.")
    accepted_at: str | None
    silence_never_accepts: bool = Field(
        description="Silence never accepts this lead; only you can accept it."
    )
    bounced: bool = Field(
        description="The mail server refused the person's e-mail address, a possible reason to "
        "reject; silence does not accept the lead then."
    )
    entered: Entered | None = Field(
        description="The agency entered this review for you: until `deadline` you may object, "
        "with `rejected` or `accepted`. Null: it did not, or the time is over."
    )
    disputed: bool = Field(
        description="The agency disputes your rejection; record `settled` to agree."
    )
    free_over_cap: bool = Field(description="The lead came over the cap and is never billed.")
    currency: str = Field(description="ISO 4217; every amount of this lead is in it.")
    reasons: dict[str, str] = Field(
        description="The reasons for which you may reject it: code to sentence."
    )
    answers: dict[str, str | int | list[str]] | None = Field(
        description="The person's answers, by field; null after erasure."
    )
    unverified: dict[str, str] | None = Field(
        description="Optional contact data that looks wrong, as typed, by field; not in `answers`."
    )
    consent: ConsentSchema
    consent_withdrawn: bool = Field(
        description="The person withdrew the consent: do not contact them any more. Silence does "
        "not accept the lead then; you may still accept or reject it. What was billed stays billed."
    )
    erased: bool = Field(
        description="The agency erased the person's data, by age or at the person's request. After "
        "a request you get `lead.updated` by webhook and must erase your copy. Silence does not "
        "accept an erased lead; billed leads stay billed."
    )
    verdict: list[CriterionSchema]
    first_touch: TouchSchema
    last_touch: TouchSchema
    appointment: AppointmentSchema
    sale: SaleSchema
    events: list[EventSchema]
