"""Counts and sums of one group of leads, from which all figures are calculated."""

from array import array
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Final

from capture.lead.moves import NON_LEAD_STAGES, NOT_PROVED

COSTS_NOT_REQUESTED: Final = "own costs were not requested"


def _empty_array() -> "array[int]":
    return array("q")


@dataclass(slots=True)
class Sums:
    """Counts, and amounts in minor units of one currency. Scanning the leads adds to it."""

    currency: str
    stages: Counter[str] = field(default_factory=Counter)
    """Submissions by review stage, without test leads and accepted leads."""
    by_client: int = 0
    """Leads that the client accepted by its own word."""
    by_entry: int = 0
    """Leads whose acceptance the agency entered for the client, and which is final."""
    by_silence: int = 0
    """Leads accepted by silence."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Rejected leads by reason code."""
    review_seconds: "array[int]" = field(default_factory=_empty_array)
    """Seconds from notice to decision, for each lead that the client reviewed."""
    held: int = 0
    """Meetings that were held."""
    deals: int = 0
    """Leads that are or were customers."""
    billed: int = 0
    credited: int = 0
    bought: int = 0
    """What customers paid."""
    refunded: int = 0
    """What was refunded to customers."""
    costs: int = 0
    """The agency's own costs."""
    costs_unknown: str = COSTS_NOT_REQUESTED
    """The reason why costs are unknown; empty if they are known."""
    whole_months: bool = True
    """Whether the period consists of complete months; otherwise it has no spend and costs."""
    customers: int = 0
    churned: int = 0
    """Customers who left."""
    purchases: int = 0
    purchased: int = 0
    """The amount of the customers' purchases less refunds."""
    customer_days: int = 0
    """Days from each customer's first purchase until they left, or until now."""

    @property
    def submissions(self) -> int:
        """All submissions, without test leads."""
        return self.stages.total() + self.accepted

    @property
    def leads(self) -> int:
        """Submissions without spam, without duplicates, and without those in `not_proved`."""
        return self.submissions - sum(self.stages[stage] for stage in NON_LEAD_STAGES)

    @property
    def not_proved(self) -> int:
        """Submissions that are quarantined, discarded, or not confirmed in time."""
        return sum(self.stages[stage] for stage in NOT_PROVED)

    @property
    def accepted(self) -> int:
        """Sales-qualified leads."""
        return self.by_client + self.by_entry + self.by_silence

    @property
    def rejected(self) -> int:
        """Leads that the client rejected, for any reason."""
        return self.stages["rejected"]

    @property
    def in_review(self) -> int:
        """Leads that were delivered and are not decided yet, including those that are held back."""
        return self.stages["qualified"] + self.stages["held_back"]

    @property
    def qualified(self) -> int:
        """Leads delivered to the client: every criterion met, no cap exceeded."""
        return self.in_review + self.accepted + self.rejected

    @property
    def spend(self) -> int:
        """Billed less credited (rule 29 of docs/rules.md)."""
        return self.billed - self.credited

    @property
    def revenue(self) -> int:
        """What customers paid, less refunds."""
        return self.bought - self.refunded

    def add(self, other: "Sums") -> None:
        """Adds the counts and amounts of another group of leads, in the same currency."""
        for name in _COUNTED:
            mine = getattr(self, name)
            mine += getattr(other, name)  # extends a counter or an array in place
            setattr(self, name, mine)
        self.costs_unknown = self.costs_unknown or other.costs_unknown
        self.whole_months = self.whole_months and other.whole_months


_COUNTED: Final = tuple(
    field.name
    for field in fields(Sums)
    if field.name not in {"currency", "costs_unknown", "whole_months"}
)
