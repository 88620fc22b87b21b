"""A month's lines in their order, under the cap on money (rule 9)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter


@dataclass(frozen=True, slots=True)
class DueKey:
    """All of a line that its order and the cap on money need: a month may have very many."""

    due_at: datetime
    lead_id: str
    period: str
    amount: int
    """In minor units; 0 when free."""
    received_at: datetime
    """When the lead came."""
    version: str
    """The campaign version of its receipt."""
    free: bool = False


def draw(lines: Iterable[DueKey], money_cap: int | None) -> list[DueKey]:
    """In order of due time, lead id, period; a line that would cross the cap is wholly free."""
    drawn = sorted(lines, key=attrgetter("due_at", "lead_id", "period"))
    total = 0
    for number, line in enumerate(drawn):
        if money_cap is not None and total + line.amount > money_cap:
            drawn[number] = replace(line, amount=0, free=True)
        else:
            total += line.amount
    return drawn
