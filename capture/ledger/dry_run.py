"""Runs work in a transaction that is rolled back, to show its result without writing."""

from collections.abc import Callable

from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import Result


def dry_run_of(ledger: Ledger, work: Callable[[WriteTransaction], Result]) -> Result:
    """The result of the work; nothing is written. Raises what the work raises."""
    results: list[Result] = []

    def run_and_roll_back(records: WriteTransaction) -> None:
        results.append(work(records))
        raise _RolledBack

    try:
        ledger.transact(run_and_roll_back)
    except _RolledBack:
        return results[-1]
    raise AssertionError("the ledger committed a dry run")


class _RolledBack(Exception):
    """Makes the ledger roll the transaction back."""
