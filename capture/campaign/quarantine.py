"""The table `quarantine` of a campaign file: how much each risk signal counts."""

from typing import Annotated, Final

from pydantic import Field

from capture.campaign.value_types import Boolean, Integer, StrictModel

Weight = Annotated[Integer, Field(ge=0, le=1000)]
"""How much a signal counts; 0: not at all."""

Number = Annotated[Integer, Field(ge=2, le=100_000)]
"""From how many leads on a signal counts."""


class Quarantine(StrictModel):
    """When a qualified lead is held back from the client (rule 36 of docs/rules.md)."""

    enabled: Boolean = Field(default=True, description="false: no lead is held back.")
    hold_at: Integer = Field(
        default=100, ge=1, le=1000, description="A lead whose weights add up to this is held back."
    )
    honeypot: Weight = Field(
        default=100, description="Only the hidden field is wrong. Some browsers fill it."
    )
    spam_signal: Weight = Field(
        default=50,
        description="One spam signal alone: sent too quickly, a link in a name, or many links.",
    )
    burst: Weight = Field(
        default=100,
        description="Many leads came from one traffic source within an hour or a day, far more "
        "than usual.",
    )
    burst_leads: Number = Field(
        default=10,
        description="burst: from how many leads within an hour on, and twice as many in a day.",
    )
    alike: Weight = Field(
        default=100,
        description="Leads of different companies or mailboxes have the same phone number, the "
        "same texts, or addresses made by one pattern.",
    )
    alike_leads: Number = Field(
        default=3, description="alike: from how many companies or mailboxes on."
    )
    network: Weight = Field(
        default=100, description="Leads of many companies or mailboxes came from one network."
    )
    network_leads: Number = Field(
        default=6,
        description="network: from how many companies or mailboxes within a day on, and twice as "
        "many in a week.",
    )
    no_mail_domain: Weight = Field(
        default=100, description="The domain of the e-mail address takes no mail."
    )
    rejected_answer: Weight = Field(
        default=100,
        description="The client rejected an earlier lead with this phone number, mailbox or "
        "company's domain for the reason invalid_contact.",
    )

    @property
    def all_weights(self) -> int:
        """What the weights of all signals add up to."""
        return sum(getattr(self, name) for name in SIGNALS)


SIGNALS: Final = (
    "honeypot",
    "spam_signal",
    "burst",
    "alike",
    "network",
    "no_mail_domain",
    "rejected_answer",
)
"""The keys of the signals' weights. Events name signals so."""
