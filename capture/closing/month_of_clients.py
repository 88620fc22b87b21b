"""A month of one client or of all, with the files of clients and campaigns as they are now."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from functools import cached_property

from capture.billing.statement import Agency, Parties, build_parties
from capture.campaign.catalogue import ReadFiles
from capture.closing.close import check_agency, close_month
from capture.closing.month_end import MonthEnd, State, month_ends
from capture.errors import NotFound, Problem, Refused
from capture.ledger.protocol import ReadTransaction, WriteTransaction


@dataclass(frozen=True)
class MonthOfClients:
    """The month, and what it needs of the agency and of the files."""

    agency: Agency
    read_files: ReadFiles
    month: str
    client: str | None = None
    """Only this client; None: all."""

    @cached_property
    def parties(self) -> dict[str, Parties]:
        """By client; a client whose file has a mistake is left out."""
        clients = self.read_files.sound.clients
        return {slug: build_parties(self.agency, client) for slug, client in clients.items()}

    def ends(
        self, reading: ReadTransaction, now: datetime, most_lines: int | None = None
    ) -> list[MonthEnd]:
        """The state of each client and currency, as of an aware time. `most_lines`: see
        `month_ends`."""
        ends = month_ends(
            reading, self.parties, self.month, now, self.client, most_lines=most_lines
        )
        return [
            replace(end, reason="the file of the client has a mistake", over_at=None)
            if end.state is State.NOT_READY and end.client in self.read_files.client_errors
            else end
            for end in ends
        ]

    def problems(self, ends: Sequence[MonthEnd]) -> list[Problem]:
        """The mistakes in the files of these clients and of their campaigns."""
        slugs = {slug for end in ends for slug in end.titles}
        errors = [
            *(
                error
                for slug, error in self.read_files.client_errors.items()
                if self.client in {None, slug}
            ),
            *(
                error
                for slug, error in self.read_files.campaign_errors.items()
                if self.client is None or slug in slugs
            ),
        ]
        return [problem for error in errors for problem in error.problems]

    def close_as_seen(
        self, records: WriteTransaction, client: str, seen: str, by: str, now: datetime
    ) -> list[str]:
        """Closes the client's month if its sums are those that a person saw.

        `seen` is the text of `sums_seen` at that time. Returns the numbers of the month's
        documents. Closing a closed month changes nothing. Raises `NotFound`, or `Refused` if the
        month is not ready or other sums are due by now.
        """
        check_agency(self.agency)
        ends = replace(self, client=client).ends(records, now)
        if not ends:
            raise NotFound(f"no lead of {client} yet")
        for end in ends:
            if end.state is State.NOT_READY:
                raise Refused(f"{client}, {end.currency}: {end.reason}")
        states = {end.state for end in ends}
        if State.READY in states:
            if sums_seen(ends) != seen:
                raise Refused(f"{client}: the sums have changed meanwhile; look at them again")
            parties = self.parties[client]
            closings = close_month(records, client, parties, self.month, now, by=by)
            return [closing.number for closing in closings if closing.number]
        if State.CLOSED in states:
            return [end.number for end in ends if end.number]
        raise Refused(f"{client}: {ends[0].reason}")


def sums_seen(ends: Sequence[MonthEnd]) -> str:
    """The sums of the months that are ready, as text to compare."""
    return " ".join(
        ":".join(map(str, (end.currency, *astuple(end.sums))))
        for end in ends
        if end.state is State.READY and end.sums is not None
    )
