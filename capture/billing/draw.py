"""A month's lines in their order, under the cap on money (rule 9)."""

from collections.abc import Iterable
from dataclasses import replace

from capture.billing.lines import Line


def draw(lines: Iterable[Line], money_cap: int | None) -> list[Line]:
    """In order of due time, lead id, period; a line that would cross the cap is wholly free."""
    drawn = []
    total = 0
    for line in sorted(lines, key=lambda line: (line.due_at, line.lead_id, line.period)):
        if money_cap is not None and total + line.amount > money_cap:
            drawn.append(replace(line, amount=0, free=True))
        else:
            total += line.amount
            drawn.append(line)
    return drawn
