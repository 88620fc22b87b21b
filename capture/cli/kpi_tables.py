"""Figures for people: one below the other, and a table for each way of parting them."""

from collections.abc import Iterator, Mapping
from typing import Final

import click

from capture.cli.show import show_facts, show_heading, show_rows
from capture.figures import CurrencyFigures, Period
from capture.metrics import DEFINITIONS, Figure, Sums, Unit, agency_figures, client_figures

_COLUMNS: Final = {
    "leads": "leads",
    "qualified": "qualified",
    "accepted": "accepted",
    "accepted_by_silence": "by silence",
    "rejected": "rejected",
    "acceptance_rate": "accepted %",
    "spend": "spend",
    "cost_per_lead": "per lead",
    "cost_per_qualified_lead": "per qualified",
    "closed_deals": "deals",
    "lead_to_close_rate": "to close",
    "revenue": "revenue",
    "roas": "ROAS",
}
_OWN: Final = {"costs": "own costs", "margin": "own margin"}
NOT_NAMED: Final = "Articles are not named: `gatepost build` tells their titles."
_NAMED: Final = 40
"""How many groups a terminal shows; `--json` has all."""


def show_figures(
    found: CurrencyFigures, period: Period, titles: Mapping[str, str], *, explain: bool
) -> None:
    """All figures of one currency; pages of the site by their titles and paths."""
    show_heading(f"{found.currency}: {', '.join(found.campaigns)}{_span(period)}")
    figures = [*client_figures(found.whole), *agency_figures(found.whole)]
    if explain:
        show_rows(
            ("figure", "is", "formula", "with its numbers"), _explained(figures), as_json=False
        )
    else:
        show_facts(_told(figures, found.whole))
    for grouping, groups in found.groupings.items():
        show_heading(f"By {grouping}")
        _show_groups(grouping, groups, titles)
    if explain:
        show_heading("Words")
        show_facts(DEFINITIONS.items())


def _told(figures: list[Figure], sums: Sums) -> Iterator[tuple[str, str]]:
    for one in figures:
        yield one.name, one.shown
        if one.key == "leads":
            apart = {stage: count for stage, count in sums.stages.items() if stage in _APART}
            for stage, count in sorted(apart.items()):
                yield f"  {_APART[stage]}", f"{count:,}"
        if one.key == "rejected":
            for code, count in sums.reasons.most_common():
                yield f"  {code}", f"{count:,}"


_APART: Final = {
    "spam": "spam, apart",
    "duplicate": "duplicates, apart",
    "disqualified": "of them not qualified",
    "suppressed": "of them known to the client",
    "over_cap": "of them over a cap",
    "unconfirmed": "of them unconfirmed",
}


def _explained(figures: list[Figure]) -> Iterator[Mapping[str, str]]:
    for one in figures:
        yield {
            "figure": one.name,
            "is": one.shown,
            "formula": one.formula,
            "with its numbers": one.worked,
        }


def _show_groups(grouping: str, groups: Mapping[str, Sums], titles: Mapping[str, str]) -> None:
    if not groups:
        click.echo("No leads yet, and nothing billed.")
        return
    by_month = grouping == "month"
    order = (
        sorted(groups) if by_month else sorted(groups, key=lambda name: (-groups[name].leads, name))
    )
    own = _OWN if grouping in {"month", "campaign"} else {}
    columns = _COLUMNS | own
    rows = []
    for name in order[-_NAMED:] if by_month else order[:_NAMED]:
        figures = [*client_figures(groups[name]), *(agency_figures(groups[name]) if own else ())]
        cells = {columns[one.key]: _cell(one) for one in figures if one.key in columns}
        shown = f"{titles[name]} ({name})" if name in titles else name
        rows.append({grouping: shown} | cells)
    show_rows((grouping, *columns.values()), rows, as_json=False)
    if len(order) > len(rows):
        click.echo(f"{len(order) - len(rows):,} more: --json has all.")


def _cell(one: Figure) -> str:
    """A table has no room for the words; they stand below the whole."""
    if one.number is None:
        return "-"
    return f"{one.number} %" if one.unit is Unit.PERCENT else one.shown


def _span(period: Period) -> str:
    first = f" from {period.first}" if period.first else ""
    return first + (f" to {period.last}" if period.last else "")
