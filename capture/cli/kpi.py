"""`gatepost kpi`: the figures of campaigns, each with its formula."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import click

from capture.cli.kpi_tables import NOT_NAMED, show_figures
from capture.cli.period import from_option, read_period, to_option
from capture.cli.show import as_json_option, show_json
from capture.cli.workplace import Workplace, pass_workplace
from capture.figures import Asked, By, CurrencyFigures, campaigns_in, gather
from capture.ledger import Reading
from capture.metrics import DEFINITIONS, Figure, Sums, agency_figures, client_figures


@click.command()
@click.option("--campaign", help="Only this one.")
@click.option("--client", help="Only this client's campaigns.")
@from_option
@to_option
@click.option(
    "--by",
    type=click.Choice([by.value for by in By]),
    help="Part the figures; by post there are two tables, for the first and the last visit.",
)
@as_json_option
@click.option("--explain", is_flag=True, help="Each formula with its numbers, and what words mean.")
@pass_workplace
def kpi(
    workplace: Workplace,
    campaign: str | None,
    client: str | None,
    first: date | None,
    last: date | None,
    by: str | None,
    as_json: bool,
    explain: bool,
) -> None:
    """Show the figures: leads, rates, costs, return. Each is a number, or says why there is none.

    For the agency: own costs and margin are among them, which no client sees.
    """
    period = read_period(first, last)
    catalogue = workplace.catalogue()
    costs = workplace.costs(catalogue)
    titles = workplace.titles() if by == By.POST else {}

    def look(reading: Reading) -> list[CurrencyFigures]:
        meant = campaigns_in(reading, catalogue, campaign, client)
        return gather(
            reading, Asked(meant, datetime.now(UTC), period, None if by is None else By(by), costs)
        )

    with workplace.ledger() as ledger:
        found = ledger.read(look)
    if as_json:
        show_json(_as_dict(found, titles if by == By.POST else None, explain=explain))
    elif found:
        if by == By.POST and not titles:
            click.echo(NOT_NAMED, err=True)
        for one in found:
            show_figures(one, period, titles, explain=explain)
    else:
        click.echo("No campaign has a file or a lead here.")


def _as_dict(
    found: list[CurrencyFigures], titles: Mapping[str, str] | None, *, explain: bool
) -> dict[str, Any]:
    """Money in minor units. A figure without a number has null and the words for it.

    `titles` names the pages by path where those are the groups.
    """

    def group(name: str, sums: Sums) -> dict[str, Any]:
        named = {} if titles is None else {"title": titles.get(name)}
        return named | _sums(sums, explain=explain)

    said: dict[str, Any] = {
        "currencies": [
            {
                "currency": one.currency,
                "campaigns": list(one.campaigns),
                "whole": _sums(one.whole, explain=explain),
                "groups": {
                    grouping: {name: group(name, sums) for name, sums in groups.items()}
                    for grouping, groups in one.groupings.items()
                },
            }
            for one in found
        ]
    }
    return said | ({"definitions": dict(DEFINITIONS)} if explain else {})


def _sums(sums: Sums, *, explain: bool) -> dict[str, Any]:
    figures = [*client_figures(sums), *agency_figures(sums)]
    return {
        "submissions": sums.submissions,
        "stages": dict(sorted(sums.stages.items())),
        "rejected_by_reason": dict(sorted(sums.reasons.items())),
        "figures": {one.key: _figure(one, explain=explain) for one in figures},
    }


def _figure(one: Figure, *, explain: bool) -> dict[str, Any]:
    number = one.number if one.number is None or isinstance(one.number, int) else float(one.number)
    said = {"number": number, "unit": one.unit.value, "shown": one.shown}
    return said | ({"formula": one.formula, "worked": one.worked} if explain else {})
