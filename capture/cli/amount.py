"""An amount of money as an argument: exact, in major units."""

from decimal import Decimal, InvalidOperation

import click


class Amount(click.ParamType[Decimal]):
    """Refuses whatever is no finite number, as wrong use."""

    name = "AMOUNT"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        try:
            amount = Decimal(value)
        except InvalidOperation:
            self.fail("write an amount such as 1200.00", param, ctx)
        if not amount.is_finite():
            self.fail("write an amount such as 1200.00", param, ctx)
        return amount
