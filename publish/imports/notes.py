"""Takes down what was not carried."""

from collections.abc import Callable
from dataclasses import dataclass, field

from publish.imports.facts import Note

Say = Callable[[str, str], None]
"""Takes down a kind and what is told, of one text."""


@dataclass(slots=True)
class Notes:
    """A list that grows while an import is planned."""

    told: list[Note] = field(default_factory=list)

    def of(self, where: str) -> Say:
        """For one item, named as the export does."""
        return lambda kind, told: self.told.append(Note(kind, where, told))
