"""One side of an agreement or a bill, as it is printed."""

from dataclasses import dataclass

from capture.agreement.words import visible
from capture.statement import Party


@dataclass(frozen=True, slots=True)
class Side:
    """A role, such as the client, and who has it."""

    role: str
    name: str
    lines: tuple[str, ...] = ()
    """Address and numbers, line by line."""


def side(role: str, party: Party) -> Side:
    """A party in a role, with nothing in it that would show other words than it holds."""
    lines = [*party.address, *([party.tax_id] if party.tax_id else [])]
    return Side(role, visible(party.name), tuple(map(visible, lines)))
