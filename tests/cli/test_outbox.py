"""`gatepost outbox`: list, retry and drop messages."""

import json
from datetime import timedelta

import pytest

from capture.ledger.messages import VISITOR, Attempt
from capture.ledger.protocol import WriteTransaction
from tests.capture.ledger.contract_outbox import new_message
from tests.cli.conftest import Project
from tests.samples import NOW

LATER = NOW + timedelta(minutes=15)


@pytest.fixture
def messages(project: Project) -> Project:
    """A project whose messages 1, 2 and 3 wait, failed and were sent."""

    def queue(records: WriteTransaction) -> None:
        records.outbox.queue(new_message("b"))
        records.outbox.queue(new_message("c", kind="guide", recipient=VISITOR))
        for message in records.outbox.claim(NOW, LATER, 2):
            attempt = Attempt(f"result {message.id}", 550, "no such user")
            record = records.outbox.record_failed if message.id == 1 else records.outbox.record_sent
            record(message, NOW, attempt)
        records.outbox.queue(new_message("a"))

    project.ledger.transact(queue)
    return project


def rows(project: Project, *options: str) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = json.loads(
        project.run("outbox", "list", "--json", *options).out
    )
    return listed


def test_the_list_has_what_waits_and_what_failed(messages: Project) -> None:
    listed = messages.run("outbox", "list")
    assert listed.code == 0
    lines = [line.split() for line in listed.out.splitlines()]
    assert lines[0] == ["id", "kind", "to", "state", "attempts", "due", "finished", "result"]
    assert [line[:5] for line in lines[1:]] == [
        ["1", "lead_to_review", "leads@acme.example", "failed", "1"],
        ["3", "lead_to_review", "leads@acme.example", "waiting", "0"],
    ]
    assert lines[1][-2:] == ["result", "1"]


def test_the_list_can_be_limited(messages: Project) -> None:
    assert [row["id"] for row in rows(messages, "--state", "all")] == [1, 2, 3]
    assert [row["id"] for row in rows(messages, "--state", "all", "--newest", "1")] == [3]
    assert [row["id"] for row in rows(messages, "--state", "sent", "--state", "waiting")] == [2, 3]
    (row,) = rows(messages, "--state", "all", "--lead", "c")
    assert (row["to"], row["status"], row["answer"]) == ("visitor", 550, "no such user")
    assert messages.run("outbox", "list", "--state", "dropped").out == "No such messages.\n"


def test_a_failed_message_is_made_due_again_and_another_is_dropped(messages: Project) -> None:
    assert messages.run("outbox", "retry", "1").out == "Due now: 1.\n"
    assert messages.run("outbox", "drop", "1", "3").out == "Dropped: 1, 3.\n"
    assert [row["state"] for row in rows(messages, "--state", "all")] == [
        "dropped",
        "sent",
        "dropped",
    ]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("retry", "1", "3"), "message 3 is waiting; only a failed or dropped one is sent again\n"),
        (("drop", "3", "2"), "message 2 is sent and cannot be dropped\n"),
        (("drop", "9"), "no message 9; `gatepost outbox list --state all` shows the ids\n"),
    ],
)
def test_a_refusal_changes_none_of_the_messages(
    messages: Project, command: tuple[str, ...], expected: str
) -> None:
    ran = messages.run("outbox", *command)
    assert (ran.code, ran.err) == (1, expected)
    states = [row["state"] for row in rows(messages, "--state", "all")]
    assert states == ["failed", "sent", "waiting"]


def test_a_number_that_no_database_can_store_is_refused(messages: Project) -> None:
    for command in (("retry", f"{2**63}"), ("drop", "0"), ("list", "--newest", f"{2**63}")):
        ran = messages.run("outbox", *command)
        assert (ran.code, "is not in the range" in ran.err) == (2, True)
