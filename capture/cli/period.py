"""A day or month as an end of a period, and the options that name both ends."""

import calendar
from datetime import date

import click

from capture.figures import Period


class End(click.ParamType[date]):
    """2026-11-01, or a month, which means its first or last day. Refuses all else as wrong use."""

    name = "DATE"

    def __init__(self, *, last: bool) -> None:
        self._last = last

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            if len(value) == len("2026-11"):
                first = date.fromisoformat(f"{value}-01")
                days = calendar.monthrange(first.year, first.month)[1]
                return first.replace(day=days) if self._last else first
            return date.fromisoformat(value)
        except ValueError:
            self.fail("write a date (2026-11-01) or a month (2026-11)", param, ctx)


from_option = click.option(
    "--from", "first", type=End(last=False), help="First day, or a month: 2026-11."
)
to_option = click.option(
    "--to", "last", type=End(last=True), help="Last day, that day included, or a month."
)


def read_period(first: date | None, last: date | None) -> Period:
    """Both days included. Refuses one that ends before it begins."""
    if first is not None and last is not None and last < first:
        raise click.BadParameter(f"{last} lies before --from {first}", param_hint="--to")
    return Period(first, last)
