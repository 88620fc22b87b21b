"""The agreement as words, before any format: parties, numbered sections, numbered clauses."""

from dataclasses import dataclass

from capture.agreement.side import Side


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a clause; every row has as many cells as there are columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    code: bool = False
    """The first cell of each row is a code or a command: shown as it must be typed."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One or more sentences, and what they introduce: a list, a table or a text word for word."""

    text: str
    items: tuple[str, ...] = ()
    table: Table | None = None
    quote: str = ""
    number: str = ""
    """Such as 4.2; given when the agreement is put together."""


@dataclass(frozen=True, slots=True)
class Section:
    """Clauses about one matter; `number` counts from 1, 0 before it is put together."""

    title: str
    clauses: tuple[Clause, ...]
    number: int = 0


@dataclass(frozen=True, slots=True)
class Agreement:
    """All that both sides agree to, made from a campaign's file and the client's record."""

    title: str
    subtitle: str
    campaign: str
    version: str
    """The campaign file's SHA-256 in hex."""
    parties: tuple[Side, ...]
    sections: tuple[Section, ...]
