"""The same table fifty times at the same time, from two processes: each row is one lead.

It fails without `if earlier is not None: return Receipt(...)` in intake/receive.py.
"""

import threading
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from capture.intake.import_leads import Origin, import_leads, read_lead_rows
from capture.ledger import open_ledger
from tests.processes import PROCESSES
from tests.samples import NOW, campaign

pytestmark = pytest.mark.slow

KEY = b"a key for tests only"
COUNT, THREADS = 2, 25
TABLE = "full_name,email,company_size\n" + "\n".join(
    f"Person {number},p{number}@c{number}.example,{'101+' if number % 2 else '1-50'}"
    for number in range(10)
)


def import_at_once(url: str, barrier: threading.Barrier, start: int) -> list[int]:
    """The number of rows that were new to each thread of a process.

    Their clocks are half an hour apart, so the ten-minute rule does not apply.
    """

    def import_table(number: int) -> int:
        ledger = open_ledger(url, KEY)
        rows = read_lead_rows(TABLE.encode(), "x", campaign())
        origin, now = Origin("event", "consent", "Ada"), NOW + timedelta(minutes=30 * number)
        barrier.wait()
        created = ledger.transact(
            lambda records: import_leads(records, campaign(), origin, rows, now)
        )
        ledger.close()
        return sum(not lead.is_known for lead in created)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(import_table, range(start, start + THREADS)))


def test_each_row_is_one_lead(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    ledger = open_ledger(url, KEY)
    with PROCESSES.Manager() as manager, PROCESSES.Pool(COUNT) as pool:
        barrier = manager.Barrier(COUNT * THREADS)
        arguments = [(url, barrier, number * THREADS) for number in range(COUNT)]
        news: Iterable[list[int]] = pool.starmap(import_at_once, arguments)
    assert sorted(count for some in news for count in some) == [0] * 49 + [10]
    stages = ledger.read(lambda reading: Counter(lead.review for lead in reading.leads.select()))
    assert stages == {"qualified": 5, "disqualified": 5}
    assert ledger.verify().problems == ()
    ledger.close()
