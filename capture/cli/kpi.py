"""`gatepost kpi`: the figures of campaigns, each with its formula."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import click

from capture.cli.context import CommandContext, pass_context
from capture.cli.options import from_option, read_period, to_option
from capture.cli.show import as_json_option, show_facts, show_heading, show_json, show_rows
from capture.kpi.definitions import DEFINITIONS
from capture.kpi.formulas import Figure, Unit, agency_figures, client_figures
from capture.kpi.gathering import KpiQuery, campaigns_in, gather_figures
from capture.kpi.grouping import CurrencyFigures, Grouping, Period
from capture.kpi.sums import Sums
from capture.ledger.protocol import ReadTransaction

TITLES_MISSING: Final = "Articles are shown by path: run `gatepost build` to get their titles."


@click.command()
@click.option("--campaign", help="Only this campaign.")
@click.option("--client", help="Only this client's campaigns.")
@from_option
@to_option
@click.option(
    "--by",
    type=click.Choice([grouping.value for grouping in Grouping]),
    help="Group the figures. By post gives two tables: for the first and for the last visit.",
)
@as_json_option
@click.option(
    "--explain", is_flag=True, help="Show each formula with its numbers, and define the terms."
)
@pass_context
def kpi(
    context: CommandContext,
    campaign: str | None,
    client: str | None,
    first: date | None,
    last: date | None,
    by: str | None,
    as_json: bool,
    explain: bool,
) -> None:
    """Show the figures of campaigns: leads, rates, costs, return on ad spend.

    A figure without a number shows the reason. The agency's own costs and margin are included;
    clients never see those.

    \b
    Example:
      gatepost kpi --client acme --from 2026-10 --to 2026-11 --by campaign
    """
    period = read_period(first, last)
    catalogue = context.catalogue()
    costs = context.costs(catalogue)
    titles = context.titles() if by == Grouping.POST else {}

    def gather(reading: ReadTransaction) -> list[CurrencyFigures]:
        campaigns = campaigns_in(reading, catalogue, campaign, client)
        return gather_figures(
            reading,
            KpiQuery(
                campaigns, datetime.now(UTC), period, None if by is None else Grouping(by), costs
            ),
        )

    with context.ledger() as ledger:
        all_figures = ledger.read(gather)
    if as_json:
        show_json(_as_dict(all_figures, titles if by == Grouping.POST else None, explain=explain))
    elif all_figures:
        if by == Grouping.POST and not titles:
            click.echo(TITLES_MISSING, err=True)
        for currency_figures in all_figures:
            _show_figures(currency_figures, period, titles, explain=explain)
    else:
        click.echo("No campaign has a file or a lead here.")


# The figures as tables in the terminal.

_COLUMNS: Final = {
    "leads": "leads",
    "qualified": "qualified",
    "accepted": "accepted",
    "accepted_by_entry": "entered",
    "accepted_by_silence": "automatically",
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


_AGENCY_COLUMNS: Final = {"costs": "own costs", "margin": "own margin"}


_MAX_GROUPS: Final = 40
"""Most groups shown in the terminal; `--json` has all."""


def _show_figures(
    currency_figures: CurrencyFigures, period: Period, titles: Mapping[str, str], *, explain: bool
) -> None:
    """Prints all figures of one currency. `titles`: titles of the site's pages by path."""
    show_heading(
        f"{currency_figures.currency}: {', '.join(currency_figures.campaigns)}{_span(period)}"
    )
    figures = [*client_figures(currency_figures.total), *agency_figures(currency_figures.total)]
    if explain:
        show_rows(
            ("figure", "is", "formula", "with its numbers"), _explained(figures), as_json=False
        )
    else:
        show_facts(_figure_rows(figures, currency_figures.total))
    for grouping, groups in currency_figures.tables.items():
        show_heading(f"By {grouping}")
        _show_groups(grouping, groups, titles)
    if explain:
        show_heading("Words")
        show_facts(DEFINITIONS.items())


def _figure_rows(figures: list[Figure], sums: Sums) -> Iterator[tuple[str, str]]:
    for figure in figures:
        yield figure.name, figure.shown
        if figure.key == "leads":
            apart = {
                stage: count for stage, count in sums.stages.items() if stage in _SEPARATE_STAGES
            }
            for stage, count in sorted(apart.items()):
                yield f"  {_SEPARATE_STAGES[stage]}", f"{count:,}"
        if figure.key == "in_review" and sums.stages["held_back"]:
            yield "  of them held back", f"{sums.stages['held_back']:,}"
        if figure.key == "rejected":
            for code, count in sums.reasons.most_common():
                yield f"  {code}", f"{count:,}"


_SEPARATE_STAGES: Final = {
    "spam": "spam, apart",
    "duplicate": "duplicates, apart",
    "disqualified": "of them not qualified",
    "suppressed": "of them known to the client",
    "over_cap": "of them over a cap",
    "unconfirmed": "of them unconfirmed",
    "consent_withdrawn": "of them with a withdrawn consent",
    "quarantined": "quarantined, apart",
    "discarded": "discarded, apart",
    "expired": "not confirmed in time, apart",
}


def _explained(figures: list[Figure]) -> Iterator[Mapping[str, str]]:
    for figure in figures:
        yield {
            "figure": figure.name,
            "is": figure.shown,
            "formula": figure.formula,
            "with its numbers": figure.calculation,
        }


def _show_groups(grouping: str, groups: Mapping[str, Sums], titles: Mapping[str, str]) -> None:
    if not groups:
        click.echo("No leads yet, and nothing billed.")
        return
    by_month = grouping == "month"
    order = (
        sorted(groups) if by_month else sorted(groups, key=lambda name: (-groups[name].leads, name))
    )
    own = _AGENCY_COLUMNS if grouping in {"month", "campaign"} else {}
    columns = _COLUMNS | own
    rows = []
    for name in order[-_MAX_GROUPS:] if by_month else order[:_MAX_GROUPS]:
        figures = [*client_figures(groups[name]), *(agency_figures(groups[name]) if own else ())]
        cells = {columns[figure.key]: _cell(figure) for figure in figures if figure.key in columns}
        shown = f"{titles[name]} ({name})" if name in titles else name
        rows.append({grouping: shown} | cells)
    show_rows((grouping, *columns.values()), rows, as_json=False)
    if len(order) > len(rows):
        click.echo(f"{len(order) - len(rows):,} more: --json has all.")


def _cell(figure: Figure) -> str:
    """The number, or `-`: the reason for a missing number is too long for a cell."""
    if figure.number is None:
        return "-"
    return f"{figure.number} %" if figure.unit is Unit.PERCENT else figure.shown


def _span(period: Period) -> str:
    first = f" from {period.first}" if period.first else ""
    return first + (f" to {period.last}" if period.last else "")


# The figures as JSON.


def _as_dict(
    all_figures: list[CurrencyFigures], titles: Mapping[str, str] | None, *, explain: bool
) -> dict[str, Any]:
    """The figures for `--json`. Money is in minor units; a missing number is null with its reason.

    `titles` maps paths to page titles if the groups are pages.
    """

    def group(name: str, sums: Sums) -> dict[str, Any]:
        named = {} if titles is None else {"title": titles.get(name)}
        return named | _sums(sums, explain=explain)

    data: dict[str, Any] = {
        "currencies": [
            {
                "currency": currency_figures.currency,
                "campaigns": list(currency_figures.campaigns),
                "whole": _sums(currency_figures.total, explain=explain),
                "groups": {
                    grouping: {name: group(name, sums) for name, sums in groups.items()}
                    for grouping, groups in currency_figures.tables.items()
                },
            }
            for currency_figures in all_figures
        ]
    }
    return data | ({"definitions": dict(DEFINITIONS)} if explain else {})


def _sums(sums: Sums, *, explain: bool) -> dict[str, Any]:
    figures = [*client_figures(sums), *agency_figures(sums)]
    return {
        "submissions": sums.submissions,
        "stages": dict(sorted(sums.stages.items())),
        "rejected_by_reason": dict(sorted(sums.reasons.items())),
        "figures": {figure.key: _figure(figure, explain=explain) for figure in figures},
    }


def _figure(figure: Figure, *, explain: bool) -> dict[str, Any]:
    number = (
        figure.number
        if figure.number is None or isinstance(figure.number, int)
        else float(figure.number)
    )
    data = {"number": number, "unit": figure.unit.value, "shown": figure.shown}
    return data | (
        {"formula": figure.formula, "calculation": figure.calculation} if explain else {}
    )
