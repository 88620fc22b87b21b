"""The desk's lists read their rows through an index, in order, however large the ledger is."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from capture.ledger import open_ledger
from capture.ledger.messages import Channel, MessageQuery, MessageState
from capture.ledger.protocol import ReadTransaction
from capture.ledger.types import SpamQuery
from tests.samples import NOW

STATES = (MessageState.WAITING, MessageState.SENDING)
SPAM = SpamQuery(since=NOW, limit=50)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (lambda reading: reading.leads.spam(SPAM), "leads_spam"),
        (
            lambda reading: reading.leads.spam(
                SpamQuery(since=NOW, limit=50, campaign="guide", after=(NOW, "a"))
            ),
            "leads_spam",
        ),
        (
            lambda reading: reading.leads.spam(replace(SPAM, signals=("honeypot",))),
            "events_by_lead",
        ),
        (
            lambda reading: reading.outbox.page(MessageQuery(states=STATES, limit=50, below=9)),
            "outbox_by_state (state=? AND channel=? AND id<?)",
        ),
        (
            lambda reading: reading.outbox.page(
                MessageQuery(states=STATES, limit=50, channel=Channel.MAIL, client="acme")
            ),
            "outbox_by_client (client=? AND state=? AND channel=?)",
        ),
        (lambda reading: reading.outbox.count_unfinished(), "outbox_by_state"),
        (lambda reading: reading.events.holds(), "leads_held"),
        (
            lambda reading: reading.events.of_administration(limit=9, before=9),
            "events_of_account (campaign=? AND sequence<?)",
        ),
    ],
    ids=[
        *(
            "spam",
            "spam of a campaign",
            "alike spam",
            "messages",
            "messages of a client",
            "counts",
            "holds",
        ),
        "administration",
    ],
)
def test_a_list_reads_an_index_without_a_sort_in_memory(
    tmp_path: Path, query: Callable[[ReadTransaction], object], index: str
) -> None:
    statements: list[str] = []

    def plans(reading: ReadTransaction) -> list[str]:
        connection = reading.connection  # type: ignore[attr-defined]
        connection.set_trace_callback(statements.append)
        query(reading)
        connection.set_trace_callback(None)
        return [
            str(connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall())
            for statement in statements
        ]

    with closing(open_ledger(f"sqlite:///{tmp_path}/ledger.db", b"a key for tests only")) as ledger:
        for plan in ledger.read(plans):
            assert index in plan
            assert "TEMP B-TREE" not in plan
            assert "SCAN leads'" not in plan
