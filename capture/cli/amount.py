"""An amount of money as an argument: exact, in major units."""

import re
from decimal import Decimal
from typing import Final

import click

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
