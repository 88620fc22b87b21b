"""The contract of every ledger for the outbox: messages are queued once, claimed and finished.

The test module of a backend subclasses `OutboxContract` and gives it a `ledger`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from capture.ledger.messages import (
    VISITOR,
    Attempt,
    Channel,
    Message,
    MessageQuery,
    MessageState,
    NewMessage,
)
from capture.ledger.protocol import Ledger, WriteTransaction
from tests.samples import NOW

MINUTE = timedelta(minutes=1)


def new_message(lead_id: str, **changes: Any) -> NewMessage:
    """A letter about a lead that is due immediately."""
    message = NewMessage(
        key=f"lead_to_review:{lead_id}",
        channel=Channel.MAIL,
        kind="lead_to_review",
        recipient="leads@acme.example",
        queued_at=NOW,
        due_at=NOW,
        client="acme",
        campaign="guide",
        lead_id=lead_id,
        data={"sequence": 7},
    )
    return replace(message, **changes)


def claim(ledger: Ledger, now: datetime, limit: int = 10) -> Sequence[Message]:
    """The messages that are claimed now for one minute."""
    return ledger.transact(lambda records: records.outbox.claim(now, now + MINUTE, limit))


def one(ledger: Ledger, lead_id: str = "a") -> Message:
    """The only message about a lead."""
    (message,) = ledger.read(lambda reading: reading.outbox.select(lead_id=lead_id))
    return message


class OutboxContract:
    """Each test gets `ledger`: a new one."""

    def test_a_message_reads_back_as_it_was_queued(self, ledger: Ledger) -> None:
        queued = new_message("a", expires_at=NOW + MINUTE)
        assert ledger.transact(lambda records: records.outbox.queue(queued))
        message = one(ledger)
        assert message == Message(
            **{name: getattr(queued, name) for name in NewMessage.__dataclass_fields__},
            id=message.id,
            state=MessageState.WAITING,
            attempts=0,
        )
        assert ledger.read(lambda reading: reading.outbox.get(message.id)) == message
        assert ledger.read(lambda reading: reading.outbox.get(99)) is None

    def test_a_key_is_queued_once(self, ledger: Ledger) -> None:
        def queue_twice(lead_id: str) -> list[bool]:
            message = new_message(lead_id)
            later = replace(message, due_at=NOW + MINUTE)
            return ledger.transact(
                lambda records: [records.outbox.queue(message), records.outbox.queue(later)]
            )

        assert queue_twice("a") == [True, False]
        assert one(ledger).due_at == NOW

    def test_messages_that_are_due_are_claimed_once_the_earliest_first(
        self, ledger: Ledger
    ) -> None:
        for lead_id, minutes in (("c", 2), ("b", 1), ("a", 0)):
            message = new_message(lead_id, due_at=NOW + minutes * MINUTE)
            ledger.transact(lambda records, message=message: records.outbox.queue(message))
        assert ledger.read(lambda reading: reading.outbox.next_due()) == NOW
        claimed = [message.lead_id for message in claim(ledger, NOW + MINUTE)]
        assert claimed == ["a", "b"]
        assert claim(ledger, NOW + MINUTE) == []
        assert ledger.read(lambda reading: reading.outbox.next_due()) == NOW + 2 * MINUTE

    def test_messages_to_some_recipients_are_claimed_after_all_others(self, ledger: Ledger) -> None:
        for number, recipient in enumerate(("slow", "a", "slower", "b")):
            message = new_message(str(number), recipient=recipient, due_at=NOW + number * MINUTE)
            ledger.transact(lambda records, message=message: records.outbox.queue(message))
        later = NOW + 10 * MINUTE
        last = ("slow", "slower", "unknown")
        claims = [
            ledger.transact(lambda records: records.outbox.claim(later, later + MINUTE, 1, last))
            for _ in range(4)
        ]
        assert [message.recipient for (message,) in claims] == ["a", "b", "slow", "slower"]

    def test_a_claim_takes_no_more_than_its_limit(self, ledger: Ledger) -> None:
        for lead_id in "abc":
            message = new_message(lead_id)
            ledger.transact(lambda records, message=message: records.outbox.queue(message))
        sizes = [len(claim(ledger, NOW, limit=2)) for _ in range(3)]
        assert sizes == [2, 1, 0]

    def test_a_claim_ends_and_its_late_result_is_not_recorded(self, ledger: Ledger) -> None:
        ledger.transact(lambda records: records.outbox.queue(new_message("a")))
        (first,) = claim(ledger, NOW)
        (second,) = claim(ledger, NOW + MINUTE)
        assert (first.attempts, second.attempts) == (1, 2)
        for message, is_recorded in ((first, False), (second, True), (second, False)):
            assert (
                ledger.transact(
                    lambda records, message=message: records.outbox.record_sent(
                        message, NOW, Attempt(status=250)
                    )
                )
                == is_recorded
            )
        assert (one(ledger).state, one(ledger).status) == (MessageState.SENT, 250)
        assert ledger.read(lambda reading: reading.outbox.next_due()) is None

    def test_a_failed_attempt_waits_for_the_next(self, ledger: Ledger) -> None:
        ledger.transact(lambda records: records.outbox.queue(new_message("a")))
        (message,) = claim(ledger, NOW)
        attempt = Attempt("the server is busy", 451, "try later")
        later = NOW + 5 * MINUTE
        assert ledger.transact(lambda records: records.outbox.record_retry(message, later, attempt))
        assert claim(ledger, NOW + 4 * MINUTE) == []
        (again,) = claim(ledger, later)
        assert (again.attempts, again.result, again.status, again.answer) == (
            2,
            "the server is busy",
            451,
            "try later",
        )

    def test_a_message_that_expired_is_dropped_and_not_claimed(self, ledger: Ledger) -> None:
        message = new_message("a", expires_at=NOW + MINUTE)
        ledger.transact(lambda records: records.outbox.queue(message))
        assert claim(ledger, NOW + MINUTE) == []
        dropped = one(ledger)
        assert (dropped.state, dropped.finished_at) == (MessageState.DROPPED, NOW + MINUTE)

    def test_a_failed_or_dropped_message_can_be_sent_again(self, ledger: Ledger) -> None:
        ledger.transact(lambda records: records.outbox.queue(new_message("a")))
        (message,) = claim(ledger, NOW)
        outbox_id = message.id
        assert not ledger.transact(lambda records: records.outbox.retry(outbox_id, NOW))
        ledger.transact(lambda records: records.outbox.record_failed(message, NOW, Attempt("no")))
        assert claim(ledger, NOW + MINUTE) == []
        assert ledger.transact(lambda records: records.outbox.retry(outbox_id, NOW))
        (again,) = claim(ledger, NOW)
        assert again.attempts == 1
        assert ledger.transact(lambda records: records.outbox.drop(outbox_id, NOW, "by hand"))
        assert not ledger.transact(lambda records: records.outbox.drop(outbox_id, NOW, "again"))
        assert (one(ledger).state, one(ledger).result) == (MessageState.DROPPED, "by hand")

    def test_a_failed_message_is_dropped_only_on_request(self, ledger: Ledger) -> None:
        ledger.transact(lambda records: records.outbox.queue(new_message("a")))
        (message,) = claim(ledger, NOW)
        ledger.transact(lambda records: records.outbox.record_failed(message, NOW, Attempt("no")))
        outbox_id = message.id
        assert not ledger.transact(lambda records: records.outbox.drop(outbox_id, NOW, "no"))
        assert ledger.transact(
            lambda records: records.outbox.drop(outbox_id, NOW, "by hand", even_failed=True)
        )
        assert (one(ledger).state, one(ledger).result) == (MessageState.DROPPED, "by hand")

    def test_messages_are_selected_by_state_lead_kind_and_recipient(self, ledger: Ledger) -> None:
        for lead_id in "abc":
            message = new_message(lead_id, kind="guide" if lead_id == "b" else "other")
            ledger.transact(lambda records, message=message: records.outbox.queue(message))
        claim(ledger, NOW, limit=1)

        def leads(*states: MessageState, **conditions: Any) -> str:
            messages = ledger.read(lambda reading: reading.outbox.select(*states, **conditions))
            return "".join(message.lead_id for message in messages)

        assert leads() == "abc"
        assert leads(MessageState.WAITING) == "bc"
        assert leads(MessageState.WAITING, MessageState.SENDING, newest=2) == "bc"
        assert leads(kind="guide") == "b"
        assert leads(recipient="leads@acme.example", lead_id="c") == "c"
        assert leads(recipient="someone else") == ""
        assert leads(client="acme") == "abc"
        assert leads(client="other") == ""

    def test_messages_are_read_by_their_keys(self, ledger: Ledger) -> None:
        for lead_id in "ab":
            message = new_message(lead_id)
            ledger.transact(lambda records, message=message: records.outbox.queue(message))
        keys = ["lead_to_review:b", *(f"lead_to_review:{number}" for number in range(1200))]
        messages = ledger.read(lambda reading: reading.outbox.by_key(keys))
        assert {key: message.lead_id for key, message in messages.items()} == {
            "lead_to_review:b": "b"
        }
        assert ledger.read(lambda reading: reading.outbox.by_key([])) == {}

    def test_messages_that_failed_are_read_since_a_moment(self, ledger: Ledger) -> None:
        def fail(lead_id: str, at: datetime) -> None:
            ledger.transact(lambda records: records.outbox.queue(new_message(lead_id)))
            (message,) = claim(ledger, NOW)
            ledger.transact(lambda records: records.outbox.record_failed(message, at, Attempt("x")))

        for minutes, lead_id in enumerate("abc"):
            fail(lead_id, NOW + minutes * MINUTE)
        ledger.transact(lambda records: records.outbox.queue(new_message("d")))

        def failed_since(moment: datetime, limit: int = 10) -> str:
            messages = ledger.read(lambda reading: reading.outbox.failed_since(moment, limit))
            return "".join(message.lead_id for message in messages)

        assert failed_since(NOW) == "abc"
        assert failed_since(NOW, limit=2) == "ab"
        assert failed_since(NOW + MINUTE) == "bc"
        assert failed_since(NOW + 3 * MINUTE) == ""
        assert ledger.read(lambda reading: reading.outbox.count_failed()) == 3

    def test_letters_to_an_address_are_counted_without_storing_it(self, ledger: Ledger) -> None:
        def queue(lead_id: str, at: datetime) -> None:
            message = new_message(lead_id, queued_at=at)
            ledger.transact(
                lambda records: records.outbox.queue(message, address="ann@clinic.example")
            )

        queue("a", NOW)
        queue("b", NOW + MINUTE)
        ledger.transact(lambda records: records.outbox.drop(one(ledger, "b").id, NOW, "no"))
        queue("c", NOW + MINUTE)

        def count(address: str, since: datetime) -> int:
            return ledger.read(lambda reading: reading.outbox.count_letters_to(address, since))

        assert count("ann@clinic.example", NOW) == 2
        assert count("ann@clinic.example", NOW + MINUTE) == 1
        assert count("bob@clinic.example", NOW) == 0

    def test_the_number_of_the_last_planned_event_is_kept(self, ledger: Ledger) -> None:
        assert ledger.read(lambda reading: reading.outbox.last_planned_event()) == 0
        for number in (3, 8):
            ledger.transact(
                lambda records, number=number: records.outbox.save_last_planned_event(number)
            )
        assert ledger.read(lambda reading: reading.outbox.last_planned_event()) == 8

    def test_an_unsubscribed_address_gets_no_letters_of_that_kind(self, ledger: Ledger) -> None:
        ann, bob = ledger.read(
            lambda reading: [reading.outbox.address_id(each) for each in ("a@a.example", "b@b.ex")]
        )
        assert ann != bob
        assert "a@" not in ann
        for _ in range(2):
            ledger.transact(lambda records: records.outbox.unsubscribe(ann, "guide", NOW))

        def unsubscribed(address_id: str, letter: str) -> bool:
            return ledger.read(lambda reading: reading.outbox.is_unsubscribed(address_id, letter))

        assert unsubscribed(ann, "guide")
        assert not unsubscribed(ann, "report")
        assert not unsubscribed(bob, "guide")
        ledger.transact(lambda records: records.outbox.subscribe_again(ann, "guide"))
        assert not unsubscribed(ann, "guide")

    def test_a_list_has_pages_of_states_newest_first(self, ledger: Ledger) -> None:
        def work(records: WriteTransaction) -> None:
            for number in range(4):
                records.outbox.queue(new_message(f"a{number}"))
            hook = {"channel": Channel.WEBHOOK, "recipient": "5f0c", "client": "other"}
            records.outbox.queue(new_message("b", **hook))
            records.outbox.claim(NOW, NOW + MINUTE, 1)  # a0 is being sent

        ledger.transact(work)

        def leads(*states: MessageState, limit: int = 9, **query: Any) -> list[str]:
            page = MessageQuery(states=states, limit=limit, **query)
            return [m.lead_id for m in ledger.read(lambda reading: reading.outbox.page(page))]

        open_states = (MessageState.WAITING, MessageState.SENDING)
        assert leads(*open_states) == ["b", "a3", "a2", "a1", "a0"]
        assert leads(*open_states, limit=2) == ["b", "a3"]
        last = ledger.read(lambda reading: reading.outbox.select(lead_id="a3"))[0].id
        assert leads(*open_states, below=last, limit=2) == ["a2", "a1"]
        assert leads(MessageState.SENDING) == ["a0"]
        assert leads(*open_states, channel=Channel.WEBHOOK) == ["b"]
        assert leads(*open_states, client="acme", limit=1) == ["a3"]
        assert leads(*open_states, client="other", channel=Channel.MAIL) == []
        assert leads(MessageState.SENT) == []
        counts = ledger.read(lambda reading: reading.outbox.count_unfinished())
        assert counts == {MessageState.WAITING: 4, MessageState.SENDING: 1}

    def test_receivers_of_failed_messages_are_counted_without_visitors(
        self, ledger: Ledger
    ) -> None:
        def work(records: WriteTransaction) -> None:
            hook = {"channel": Channel.WEBHOOK, "recipient": "5f0c"}
            for name, changes in {
                "a": {},
                "b": hook,
                "c": hook,
                "d": {"recipient": VISITOR},
            }.items():
                records.outbox.queue(new_message(name, **changes))
            for message in records.outbox.claim(NOW, NOW + MINUTE, 9):
                records.outbox.record_failed(message, NOW, Attempt("refused", 500))

        ledger.transact(work)
        (hook, mail) = ledger.read(lambda reading: reading.outbox.failed_receivers())
        assert (hook.channel, hook.recipient, hook.count) == (Channel.WEBHOOK, "5f0c", 2)
        assert (mail.channel, mail.recipient, mail.count) == (
            *(Channel.MAIL, "leads@acme.example", 1),
        )
        newest = ledger.read(lambda reading: reading.outbox.get(hook.newest))
        assert newest is not None
        assert newest.lead_id == "c"
