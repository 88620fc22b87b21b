"""The table `quarantine` of a campaign file: how much each risk signal counts."""

from typing import Annotated

from pydantic import Field

from capture.campaign.value_types import Integer, StrictModel

Weight = Annotated[Integer, Field(ge=0, le=1000)]
"""How much a signal counts; 0: not at all."""


class Quarantine(StrictModel):
    """When a qualified lead is held back from the client (rule 36 of docs/rules.md)."""

    hold_at: Integer = Field(
        default=100, ge=1, le=1000, description="A lead whose weights add up to this is held back."
    )
    honeypot: Weight = Field(
        default=100, description="Only the hidden field is wrong. Some browsers fill it."
    )
    no_mail_domain: Weight = Field(
        default=100, description="The domain of the e-mail address takes no mail."
    )
