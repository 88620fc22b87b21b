"""A group of commands one of which is meant where none is named."""

from typing import Any

import click


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
