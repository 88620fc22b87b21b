"""What is counted and summed up for one group of leads: all that the figures are made from."""

from array import array
from collections import Counter
from dataclasses import dataclass, field

NO_LEADS = frozenset({"spam", "duplicate"})
"""Stages of submissions that are nobody new, so no leads."""


def _seconds() -> "array[int]":
    return array("q")


@dataclass(slots=True)
class Sums:
    """Counts, and amounts in minor units of one currency. It is added to while leads are walked."""

    currency: str
    stages: Counter[str] = field(default_factory=Counter)
    """Submissions, tests apart, by where they stand in review; accepted ones not among them."""
    by_word: int = 0
    by_silence: int = 0
    """Accepted leads, by the client's own word and by silence."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Rejected leads by the code of the reason."""
    review_seconds: "array[int]" = field(default_factory=_seconds)
    """Of each lead that somebody reviewed: from the notice to the decision."""
    held: int = 0
    deals: int = 0
    billed: int = 0
    credited: int = 0
    bought: int = 0
    refunded: int = 0
    """Paid by customers, and given back to them."""
    costs: int = 0
    """The agency's own."""
    no_costs: str = "own costs were not asked for"
    """Why they are not known; empty where they are."""
    whole_months: bool = True
    """Money is counted by the month; it is not told of a period that cuts one."""
    customers: int = 0
    churned: int = 0
    purchases: int = 0
    purchased: int = 0
    """Sum of what customers bought, less what was given back to them."""
    customer_days: int = 0
    """Days from each customer's first purchase until they left, or until now."""

    @property
    def submissions(self) -> int:
        """All that came, tests apart."""
        return self.stages.total() + self.accepted

    @property
    def leads(self) -> int:
        """Without what is nobody new."""
        return self.submissions - sum(self.stages[stage] for stage in NO_LEADS)

    @property
    def accepted(self) -> int:
        """Sales-qualified leads."""
        return self.by_word + self.by_silence

    @property
    def rejected(self) -> int:
        """By the client, whatever the reason."""
        return self.stages["rejected"]

    @property
    def in_review(self) -> int:
        """Delivered and not decided."""
        return self.stages["qualified"]

    @property
    def qualified(self) -> int:
        """Delivered to the client: every box ticked, and no cap in the way."""
        return self.in_review + self.accepted + self.rejected

    @property
    def spend(self) -> int:
        """Rule 29: billed less credited."""
        return self.billed - self.credited

    @property
    def revenue(self) -> int:
        """What customers paid and was not given back."""
        return self.bought - self.refunded
