"""Shared arguments and options: names, notes, bill lines, months, periods, amounts, files."""

import calendar
import getpass
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
from capture.review.acts import check_name


class DefaultGroup(click.Group):
    """A group with a default command: `statement NUMBER` is short for `statement show NUMBER`.

    With `no_args_is_help=False` the group without arguments runs the default command. An argument
    that equals a command's name needs the long form.
    """

    def __init__(self, *args: Any, default: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and self.no_args_is_help:
            return super().parse_args(ctx, args)
        first_words = {*self.commands, *self.get_help_option_names(ctx)}
        return super().parse_args(
            ctx, args if args[:1] and args[0] in first_words else [self.default, *args]
        )


# Who acts, and a remark on it.


def own_name() -> str:
    """The name of the account on this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        return "operator"


def _named(_: click.Context, __: click.Parameter, value: str) -> str:
    """The name. Raises `Refused` for a blank one, which must not stand for Gatepost itself."""
    check_name(value)
    return value


own_name_option = click.option(
    "--as",
    "by",
    default=own_name,
    callback=_named,
    show_default="your account on this machine",
    metavar="NAME",
    help="Your name, for the record.",
)
"""For acts that scripts do as well, and for looks at personal data."""

by_option = click.option(
    "--as", "by", required=True, metavar="NAME", help="Your name, for the record."
)
note_option = click.option(
    "--note", default="", help="A remark, stored outside the event chain so that it can be erased."
)


# The options that select a line of a closed statement.


Command = TypeVar("Command", bound=Callable[..., Any])


def line_options(command: Command) -> Command:
    """Adds NUMBER --lead ID [--period DATE] --as NAME: `number`, `lead_id`, `period`, `by`."""
    for option in (
        by_option,
        click.option(
            "--period", default="", metavar="DATE", help="Needed if the lead has several lines."
        ),
        click.option(
            "--lead", "lead_id", required=True, metavar="ID", help="The lead on that line."
        ),
        click.argument("number"),
    ):
        command = option(command)
    return command


class Month(click.ParamType[str]):
    """A month such as 2026-11. Anything else is a usage error."""

    name = "YYYY-MM"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value):
            self.fail("write a month as 2026-11", param, ctx)
        return value


# Another version of a campaign file: an old one or a draft.


OTHER_FILE: Final = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
"""Type of a file option; `-` is standard input."""


def read_other(path: Path) -> tuple[bytes, str]:
    """The file's bytes, and its name for messages. Raises `Refused`."""
    if str(path) == "-":
        return sys.stdin.buffer.read(), "standard input"
    try:
        return path.read_bytes(), str(path)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}; name another file") from None


# Periods.


class PeriodEnd(click.ParamType[date]):
    """A day, or a month that stands for its first or last day. Else a usage error."""

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
    "--from", "first", type=PeriodEnd(last=False), help="First day, or a month such as 2026-11."
)
to_option = click.option(
    "--to", "last", type=PeriodEnd(last=True), help="Last day (included), or a month."
)


def read_period(first: date | None, last: date | None) -> Period:
    """The period, both days included. Raises `BadParameter` if it ends before it begins."""
    if first is not None and last is not None and last < first:
        raise click.BadParameter(f"{last} is before --from {first}", param_hint="--to")
    return Period(first, last)


side_option = click.option(
    "--from",
    "side",
    type=click.Choice(["agency", "client"]),
    default="agency",
    show_default=True,
    help="Who reported it. It is recorded as the agency's entry, and the client may object.",
)


_PLAIN: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
"""Stricter than `Decimal`, which also reads 1e400, NaN, 1_000 and digits of other scripts."""


class Amount(click.ParamType[Decimal]):
    """An exact amount in major units, such as 1200.00. Anything else is a usage error."""

    name = "AMOUNT"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        if not _PLAIN.fullmatch(value):
            self.fail("write an amount such as 1200.00", param, ctx)
        return Decimal(value)
