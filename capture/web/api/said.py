"""The events that a client may record, each with what it must say."""

from typing import Annotated, Final, Literal, get_args

from pydantic import BeforeValidator, Field, RootModel

from capture.web.api.kinds import (
    Amount,
    Asked,
    Currency,
    Day,
    Person,
    Reason,
    Reference,
    Remark,
    Time,
    read_whole,
)

Months = Annotated[int, Field(ge=1, le=120), BeforeValidator(read_whole)]


class _Said(Asked):
    by: Person = ""
    note: Remark = ""


class _Happened(_Said):
    occurred_at: Time | None = Field(default=None, description="When it happened; now by default.")
    reference: Reference | None = None
    again: bool = Field(
        default=False,
        description="It is another one, though much the same was recorded within a day.",
    )


class Accepted(_Said):
    """You take the lead."""

    type: Literal["accepted"]


class Rejected(_Said):
    """You do not take the lead, before its deadline, for one of its reasons."""

    type: Literal["rejected"]
    reason: Reason


class Withdrawn(_Said):
    """The same person takes an acceptance or rejection back, within ten seconds."""

    type: Literal["withdrawn"]


class Settled(_Said):
    """You agree with the agency, which disputed your rejection: the lead is accepted."""

    type: Literal["settled"]


class Scheduled(_Happened):
    """A meeting was arranged."""

    type: Literal["scheduled"]
    meeting_at: Time = Field(description="When it is to begin.")


class Moved(_Happened):
    """The meeting was moved."""

    type: Literal["moved"]
    meeting_at: Time = Field(description="When it is to begin now.")


class Held(_Happened):
    """The meeting took place."""

    type: Literal["held"]


class NoShow(_Happened):
    """Nobody came to the meeting."""

    type: Literal["no_show"]


class Cancelled(_Happened):
    """The meeting was called off."""

    type: Literal["cancelled"]


class Won(_Happened):
    """They bought."""

    type: Literal["won"]
    amount: Amount
    currency: Currency


class Lost(_Happened):
    """They did not buy."""

    type: Literal["lost"]


class Revenue(_Happened):
    """They paid for a period; a payment for several months is split by month."""

    type: Literal["revenue"]
    amount: Amount
    currency: Currency
    period: Day = Field(description="The first day that it is for.")
    months: Months = Field(default=1, description="For how many months it is.")


class Refunded(_Happened):
    """They were given money back: all that they paid or, under revenue share, a month's part."""

    type: Literal["refunded"]
    amount: Amount
    currency: Currency
    period: Day | None = Field(
        default=None,
        description="Under revenue share, of a refund in part: the first day of its month.",
    )
    months: Months = Field(default=1, description="For how many months it is.")


class Churned(_Happened):
    """They are a customer no longer."""

    type: Literal["churned"]


class Contested(_Happened):
    """You object to an outcome that the agency recorded, before it is final."""

    type: Literal["contested"]
    reason: Reason
    period: Day | None = Field(
        default=None, description="Under revenue share: the period objected to."
    )


Review = Accepted | Rejected | Withdrawn | Settled
Happened = (
    Scheduled
    | Moved
    | Held
    | NoShow
    | Cancelled
    | Won
    | Lost
    | Revenue
    | Refunded
    | Churned
    | Contested
)

TYPES: Final = frozenset(
    kind.model_fields["type"].annotation.__args__[0]  # of Literal["accepted"], say
    for kind in get_args(Review | Happened)
)
"""What a client may record."""


class EventToRecord(RootModel[Annotated[Review | Happened, Field(discriminator="type")]]):
    """What you say of a lead: one of these, told apart by `type`."""
