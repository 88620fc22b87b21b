"""A month of one client or of all, with the files of clients and campaigns as they are now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from capture.billing.statement import Agency, Parties, build_parties
from capture.campaign.catalogue import ReadFiles
from capture.closing.month_end import MonthEnd, State, month_ends
from capture.errors import Problem
from capture.ledger.protocol import ReadTransaction


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

    def ends(self, reading: ReadTransaction, now: datetime) -> list[MonthEnd]:
        """The state of each client and currency, as of an aware time."""
        ends = month_ends(reading, self.parties, self.month, now, self.client)
        return [
            replace(end, reason="the file of the client has a mistake")
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
