"""Which line of a closed statement a command is about, and who gives the command."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

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
