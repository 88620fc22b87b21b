"""A group of commands one of which is meant where none is named."""

import calendar
import re
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from capture.errors import Refused
from capture.kpi.grouping import Period


class DefaultGroup(click.Group):
    """`statement NUMBER` is short for `statement show NUMBER`.

    With `no_args_is_help=False` the default command is also what the bare group means. A value
    that is spelt like one of the commands needs the long form.
    """

    def __init__(self, *args: Any, default: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and self.no_args_is_help:
            return super().parse_args(ctx, args)
        named = {*self.commands, *self.get_help_option_names(ctx)}
        return super().parse_args(
            ctx, args if args[:1] and args[0] in named else [self.default, *args]
        )


# Which line of a closed statement a command is about, and who gives the command.


Command = TypeVar("Command", bound=Callable[..., Any])


def line_options(command: Command) -> Command:
    """NUMBER --lead ID [--period DATE] --as NAME, as `number`, `lead_id`, `period` and `by`."""
    for option in (
        click.option("--as", "by", required=True, metavar="NAME", help="Who does it."),
        click.option(
            "--period", default="", metavar="DATE", help="Where the lead has several lines."
        ),
        click.option("--lead", "lead_id", required=True, metavar="ID", help="Whose line it is."),
        click.argument("number"),
    ):
        command = option(command)
    return command


# A month as an argument: 2026-11, cut in the campaign's time zone.


class Month(click.ParamType[str]):
    """Refuses whatever is no month, as wrong use."""

    name = "YYYY-MM"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value):
            self.fail("write a month as 2026-11", param, ctx)
        return value


# Another version of a campaign file as an argument: an old one, a draft, or standard input.


OTHER_FILE: Final = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
"""The option's type; `-` is standard input."""


def read_other(path: Path) -> tuple[bytes, str]:
    """The file's bytes, and what errors should call it. Raises `Refused`."""
    if str(path) == "-":
        return sys.stdin.buffer.read(), "standard input"
    try:
        return path.read_bytes(), str(path)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}; name another file") from None


# A day or month as an end of a period, and the options that name both ends.


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


# Whose word the agency enters.


side_option = click.option(
    "--from",
    "side",
    type=click.Choice(["agency", "client"]),
    default="agency",
    show_default=True,
    help="Whose word you enter. It is your entry either way, and the client may object to it.",
)


# An amount of money as an argument: exact, in major units.


_PLAIN: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
"""`Decimal` itself also reads 1e400, NaN, 1_000 and the digits of other scripts."""


class Amount(click.ParamType[Decimal]):
    """Plain digits with a point before the decimals; refuses all else, as wrong use."""

    name = "AMOUNT"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        if not _PLAIN.fullmatch(value):
            self.fail("write an amount such as 1200.00", param, ctx)
        return Decimal(value)
