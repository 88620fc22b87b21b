"""The table `quarantine` of a campaign file: how much each risk signal counts."""

from typing import Annotated, Final

from pydantic import Field

from capture.campaign.value_types import Boolean, Integer, StrictModel

Weight = Annotated[Integer, Field(ge=0, le=1000)]
"""How much a signal counts; 0: not at all."""

Number = Annotated[Integer, Field(ge=2, le=100_000)]
"""The number of leads from which a signal applies."""


class Quarantine(StrictModel):
    """When a lead that passes every criterion goes into quarantine (rule 36 of docs/rules.md)."""

    enabled: Boolean = Field(default=True, description="false: no lead goes into quarantine.")
    hold_at: Integer = Field(
        default=100,
        ge=1,
        le=1000,
        description="A lead goes into quarantine if the weights of its signals add up to this.",
    )
    honeypot: Weight = Field(
        default=100,
        description="The hidden field was filled in, and nothing else is wrong; some browsers do "
        "that.",
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
        description="burst: the number of leads within an hour; within a day twice as many.",
    )
    alike: Weight = Field(
        default=100,
        description="Leads of different companies or mailboxes have the same phone number, the "
        "same texts, or addresses made by one pattern.",
    )
    alike_leads: Number = Field(
        default=3, description="alike: the number of companies or mailboxes."
    )
    network: Weight = Field(
        default=100, description="Leads of many companies or mailboxes came from one network."
    )
    network_leads: Number = Field(
        default=6,
        description="network: the number of companies or mailboxes within a day; within a week "
        "twice as many.",
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
        """The sum of the weights of all signals."""
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
"""The keys of the signals' weights, which are also the signals' names in events."""
