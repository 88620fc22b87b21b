"""What a customer is worth: average purchase value x purchases a year x years, all from data.

No constant stands in for what is not known yet. Purchases a year are those that were seen in the
years that were seen. Years are those that a customer stays: all customers' years together for each
one that left, which is the usual estimate of a lifetime from histories that still run (occurrence
over exposure). While nobody has left, only the years so far are known, and the value says so.
"""

from fractions import Fraction
from typing import Final

from capture.counted import counted
from capture.metrics.figure import Figure, Kind, Unit, share
from capture.metrics.sums import Sums
from capture.money import show_money

ENOUGH_DAYS: Final = 90
"""Under so many days a customer, on average, purchases a year are a guess: it is too early."""
DAYS_A_YEAR: Final = Fraction(1461, 4)

_KIND: Final = Kind(
    "lifetime_value",
    "customer lifetime value",
    Unit.MONEY,
    "average purchase value x purchases a year x years that a customer stays",
)


def lifetime_value(sums: Sums) -> Figure:
    """In minor units, or why it cannot be told."""
    if not sums.customers:
        return _KIND.missing("no customers yet")
    days = Fraction(sums.customer_days, sums.customers)
    if days < ENOUGH_DAYS:
        return _KIND.missing(
            f"too early to say: customers were seen for {counted(int(days), 'day')} on "
            f"average, and {ENOUGH_DAYS} are wanted"
        )
    if not sums.purchases:
        return _KIND.missing("no purchase with an amount yet")
    years = Fraction(sums.customer_days) / DAYS_A_YEAR
    a_year = Fraction(sums.purchases) / years
    stays = years / (sums.churned or sums.customers)
    value = share(sums.purchased, Fraction(sums.purchases) / (a_year * stays), sums.currency)
    average = show_money(share(sums.purchased, sums.purchases, sums.currency), sums.currency)
    worked = f"{average} x {float(a_year):,.2f} x {float(stays):,.2f}"
    if sums.churned:
        return _KIND.of(value, worked, sums.currency)
    return _KIND.of(value, worked, sums.currency, " so far: no customer has left yet")
