"""Closes a month of several clients, one after another, each in a transaction of its own.

So an interruption leaves complete months. Another run finds them closed and closes the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from capture.closing.month_end import FAILURES
from capture.closing.month_of_clients import MonthOfClients
from capture.errors import GatepostError
from capture.jobs.model import Job, JobResult
from capture.jobs.run import JobContext, Progress
from capture.ledger.protocol import Ledger


def close_details(month: str, seen: Mapping[str, str]) -> Mapping[str, Any]:
    """The details of the request: the sums that a person saw, by client (see `close_as_seen`)."""
    return {"month": month, "seen": dict(seen)}


def close_months(context: JobContext, job: Job, progress: Progress) -> JobResult:
    """Closes what can be closed.

    The result's details have the numbers of the documents by client, `closed`, and why others are
    not closed, `not_closed`.
    """
    details = job.request.details
    seen: Mapping[str, str] = details["seen"]
    progress.begin("Closing the months", len(seen))
    of_clients = MonthOfClients(context.agency, context.read_files(), details["month"])
    closer = MonthCloser(context.ledger, of_clients, job.request.user_name)
    closed, not_closed = dict[str, list[str]](), dict[str, str]()
    for client, sums in progress.count(seen.items()):
        found = closer.close(client, sums, context.clock())
        if isinstance(found, str):
            not_closed[client] = found
        else:
            closed[client] = found
    return JobResult(ended_at=context.clock(), details={"closed": closed, "not_closed": not_closed})


@dataclass(frozen=True, slots=True)
class MonthCloser:
    """Closes the month of one client after the other, under the name of a person."""

    ledger: Ledger
    of_clients: MonthOfClients
    by: str

    def close(self, client: str, seen: str, now: datetime) -> list[str] | str:
        """The numbers of the documents of the closed month, or why it is not closed.

        See `MonthOfClients.close_as_seen`.
        """
        try:
            return self.ledger.transact(
                lambda records: self.of_clients.close_as_seen(records, client, seen, self.by, now)
            )
        except FAILURES as error:
            is_known = isinstance(error, GatepostError)
            return f"{error}." if is_known else f"{client}: an unexpected error."
