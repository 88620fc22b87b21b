"""Keeps the last results of slow queries of the ledger, in this process."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Any, Final

from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import Result

CACHE: Final = "gatepost_desk_results"
"""The key of the desk's `ResultCache` in `Flask.extensions`."""
_MOST: Final = 32
"""Most results to keep."""


class ResultCache:
    """A result is used again while the ledger has no new event and the minute is the same.

    The minute matters because silence accepts leads without an event (rule 12 of docs/rules.md).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._results: OrderedDict[Hashable, Any] = OrderedDict()

    def get(
        self,
        reading: ReadTransaction,
        question: Hashable,
        now: datetime,
        query: Callable[[], Result],
    ) -> Result:
        """The result of the query. `question` names everything else on which it depends."""
        key = question, reading.events.head(), now.replace(second=0, microsecond=0)
        with self._lock:  # one thread computes, the others wait for its result
            if key not in self._results:
                self._results[key] = query()
                if len(self._results) > _MOST:
                    self._results.popitem(last=False)
            result: Result = self._results[key]
            return result
