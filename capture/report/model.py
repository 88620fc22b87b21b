"""The parts of a report, as text that is ready to be shown."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A figure, this month and the month before."""

    name: str
    now: str
    before: str
    change: str
    formula: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under columns; the first cell of a row names it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    none: str
    """The words that stand where there is no row."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, its words, and the same numbers as a table."""

    key: str
    """A name for the page's ids."""
    title: str
    description: str
    """What a reader who does not see it is told."""
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[int, ...]], ...]
    table: Table
    sideways: bool = False
    """Bars lie; for few named things. Upright ones are stacked, month by month."""


@dataclass(frozen=True, slots=True)
class Report:
    """One month of one campaign, for the client. No costs of the agency, no personal data."""

    title: str
    subtitle: str
    client: str
    agency: str
    standing: str
    """What the figures rest on: a statement, or that the month is open."""
    sentences: tuple[str, ...]
    rows: tuple[Row, ...]
    charts: tuple[Chart, ...]
    posts: tuple[Table, ...]
    words: tuple[tuple[str, str], ...]
    campaign: str
    made_on: str
