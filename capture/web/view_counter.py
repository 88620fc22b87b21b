"""Collects views of pages in memory, and writes them to the ledger in batches."""

import logging
from collections import Counter
from datetime import date
from typing import Final

from capture.errors import Unavailable
from capture.ledger.page_views import PageViews, ViewKind
from capture.ledger.protocol import Ledger

FLUSH_SECONDS: Final = 5.0
"""The server writes the counts so often."""

log = logging.getLogger(__name__)


class ViewCounter:
    """The views of one process that are not in the ledger yet.

    There is one count for each known page, kind and day, so they need little memory. Counts are
    lost if the process is killed; a view is not worth a disk sync of its own.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._counts: Counter[tuple[date, str, ViewKind]] = Counter()

    def count(self, day: date, path: str, kind: ViewKind) -> None:
        """Counts one view."""
        self._counts[day, path, kind] += 1

    def flush(self) -> None:
        """Writes the counts in one transaction. If that fails, they are kept for the next time."""
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        views = [PageViews(*key, count) for key, count in sorted(counts.items())]
        try:
            self._ledger.transact(lambda records: records.page_views.add(views))
        except Unavailable as error:
            self._counts.update(counts)
            log.error("views of pages are not written yet: %s", error)
