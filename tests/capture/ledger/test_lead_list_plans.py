"""Every list of leads is read through an index, in its order, without a sort."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from capture.ledger import open_ledger
from capture.ledger.protocol import ReadTransaction
from capture.ledger.sqlite import SqliteLedger
from capture.ledger.types import LeadListQuery, LeadSort
from tests.capture.ledger.contract_lead_list import save_leads
from tests.samples import NOW, campaign

FILTERS: dict[str, Any] = {
    "client": "acme",
    "campaign": "guide",
    "review": "accepted",
    "appointment": "held",
    "sale": "won",
    "source": "form",
    "article": "/posts/a",
    "signal": "burst",
    "search": "cli",  # a longer text also finds ids, which are few and sorted
    "received_since": NOW,
}
QUERIES = [
    LeadListQuery(NOW, 50, sort=sort, after=after, **{name: FILTERS[name] for name in names})
    for size in range(3)
    for names in combinations(FILTERS, size)
    for sort in LeadSort
    for after in (None, (NOW, "a"))
]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    with closing(open_ledger(f"sqlite:///{tmp_path}/ledger.db", b"a key")) as ledger:
        ledger.transact(lambda records: records.campaigns.save_version(campaign(), NOW))
        ledger.transact(save_leads)
        yield ledger  # type: ignore[misc]


def plans(reading: ReadTransaction, query: LeadListQuery) -> Iterator[tuple[str, list[str]]]:
    """The statements of a query, each with the steps of its plan."""
    connection = reading.connection  # type: ignore[attr-defined]
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    reading.lead_list.page(query)
    connection.set_trace_callback(None)
    for sql in statements:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
        yield sql, [row[3] for row in rows]


def test_no_list_is_sorted_or_read_without_an_index(ledger: SqliteLedger) -> None:
    for query in QUERIES:
        for sql, steps in ledger.read(lambda reading, query=query: list(plans(reading, query))):
            assert not [step for step in steps if "TEMP B-TREE" in step], (sql, steps)
            reads = [
                step
                for step in steps
                if step.startswith(("SCAN", "SEARCH")) and step != "SCAN some"
            ]
            assert all("INDEX" in step or "PRIMARY KEY" in step for step in reads), (sql, steps)


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({}, "SCAN leads USING INDEX leads_by_time"),
        ({"client": "acme"}, "SEARCH leads USING INDEX leads_shown (client=?)"),
        ({"campaign": "guide"}, "SEARCH leads USING INDEX leads_by_campaign (campaign=?)"),
        ({"source": "fair"}, "SEARCH leads USING INDEX leads_by_source (source=?)"),
        ({"signal": "burst"}, "SEARCH lead_signals USING PRIMARY KEY (signal=?)"),
        ({"search": "ann lee"}, "SEARCH search_words USING PRIMARY KEY (word=?)"),
        (
            {"sort": LeadSort.DEADLINE},
            "SEARCH leads USING INDEX leads_by_deadline (silence_accepts_at>?)",
        ),
        (
            {"campaign": "guide", "after": (NOW, "a")},
            "SEARCH leads USING INDEX leads_by_campaign"
            " (campaign=? AND (received_at,lead_id)<(?,?))",
        ),
        (
            {"campaign": "guide", "source": "fair"},
            "SEARCH leads USING INDEX leads_by_source (source=?)",
        ),
    ],
)
def test_a_list_is_read_through_the_index_of_its_rarest_filter(
    ledger: SqliteLedger, changes: dict[str, Any], step: str
) -> None:
    query = replace(LeadListQuery(NOW, 50), **changes)
    *_, (_, steps) = ledger.read(lambda reading: list(plans(reading, query)))
    assert steps[0] == step
