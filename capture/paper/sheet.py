"""A sheet as words, before any format."""

from dataclasses import dataclass

from capture.agreement import Side


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a table, and smaller below it."""

    text: str
    small: str = ""
    code: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with as many cells as there are columns; the last column is of amounts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Something that is said below the bill itself."""

    title: str
    text: str = ""
    steps: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    table: Table | None = None
    proof: tuple[tuple[str, str], ...] = ()
    """Hashes by what they are of: printed so that they can be copied."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A statement or a note on one, for people."""

    title: str
    subtitle: str
    sides: tuple[Side, ...]
    facts: tuple[tuple[str, str], ...]
    table: Table
    totals: tuple[tuple[str, str], ...]
    """The last one is what it comes to."""
    sections: tuple[Section, ...]
    proof: str
    """The hash that stands at the foot of each page; empty for a note."""
