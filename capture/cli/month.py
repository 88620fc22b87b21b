"""A month as an argument: 2026-11, cut in the campaign's time zone."""

import re

import click


class Month(click.ParamType[str]):
    """Refuses whatever is no month, as wrong use."""

    name = "YYYY-MM"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value):
            self.fail("write a month as 2026-11", param, ctx)
        return value
