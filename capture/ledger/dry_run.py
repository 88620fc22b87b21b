"""What a piece of work would come to: done in a transaction that is then given up."""

from collections.abc import Callable

from capture.ledger.facts import Result
from capture.ledger.protocol import Ledger, Records


def dry_run_of(ledger: Ledger, work: Callable[[Records], Result]) -> Result:
    """Runs the work and writes nothing. Raises what the work raises."""
    results: list[Result] = []

    def tried(records: Records) -> None:
        results.append(work(records))
        raise _RolledBack

    try:
        ledger.transact(tried)
    except _RolledBack:
        return results[-1]
    raise AssertionError("a rehearsal was written")


class _RolledBack(Exception):
    """Undoes a transaction."""
