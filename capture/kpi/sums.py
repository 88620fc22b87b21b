"""Counts and sums of one group of leads, from which all figures are calculated."""

from array import array
from collections import Counter
from dataclasses import dataclass, field

NO_LEADS = frozenset({"spam", "duplicate"})
"""Stages of submissions that are not leads."""


def _seconds() -> "array[int]":
    return array("q")


@dataclass(slots=True)
class Sums:
    """Counts, and amounts in minor units of one currency. Scanning the leads adds to it."""

    currency: str
    stages: Counter[str] = field(default_factory=Counter)
    """Submissions by review stage, without test leads and accepted leads."""
    by_word: int = 0
    by_silence: int = 0
    """Leads accepted by the client explicitly, and by silence."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Rejected leads by reason code."""
    review_seconds: "array[int]" = field(default_factory=_seconds)
    """Seconds from notice to decision, for each lead that the client reviewed."""
    held: int = 0
    deals: int = 0
    billed: int = 0
    credited: int = 0
    bought: int = 0
    refunded: int = 0
    """Paid by customers, and refunded to them."""
    costs: int = 0
    """The agency's own costs."""
    no_costs: str = "own costs were not asked for"
    """The reason why costs are unknown; empty if they are known."""
    whole_months: bool = True
    """Whether the period consists of complete months; otherwise it has no spend and costs."""
    customers: int = 0
    churned: int = 0
    purchases: int = 0
    purchased: int = 0
    """Purchases less refunds."""
    customer_days: int = 0
    """Days from each customer's first purchase until they left, or until now."""

    @property
    def submissions(self) -> int:
        """All submissions, without test leads."""
        return self.stages.total() + self.accepted

    @property
    def leads(self) -> int:
        """Submissions without spam and duplicates."""
        return self.submissions - sum(self.stages[stage] for stage in NO_LEADS)

    @property
    def accepted(self) -> int:
        """Sales-qualified leads."""
        return self.by_word + self.by_silence

    @property
    def rejected(self) -> int:
        """Rejected by the client, for any reason."""
        return self.stages["rejected"]

    @property
    def in_review(self) -> int:
        """Delivered and not decided yet."""
        return self.stages["qualified"]

    @property
    def qualified(self) -> int:
        """Delivered to the client: every criterion met, no cap exceeded."""
        return self.in_review + self.accepted + self.rejected

    @property
    def spend(self) -> int:
        """Rule 29: billed less credited."""
        return self.billed - self.credited

    @property
    def revenue(self) -> int:
        """Payments of customers less refunds."""
        return self.bought - self.refunded
