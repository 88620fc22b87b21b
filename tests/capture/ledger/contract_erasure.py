"""The contract of every ledger for erasure: data that is erased or kept, and leads that are old.

The test module of a backend subclasses `ErasureContract` and gives it a `ledger`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from capture.lead.events import EventKind, show_time
from capture.ledger.erasure import ErasedPlaces
from capture.ledger.messages import Attempt, MessageState
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import DuplicateQuery, Note, PersonalData
from tests.capture.ledger.contract_outbox import MINUTE, new_message
from tests.samples import NOW, campaign, later_event, received_event

DAY = timedelta(days=1)


def save_person(records: WriteTransaction, lead_id: str, email: str = "ann@b.example") -> None:
    """All data that the ledger may contain about one lead's person."""
    records.campaigns.save_version(campaign(), NOW)
    records.append(received_event(lead_id), later_event(lead_id, EventKind.QUALIFIED))
    records.people.save_personal_data("guide", lead_id, PersonalData({"email": email}))
    records.people.save_keys(lead_id, "acme", {"email": email})
    records.people.save_note(Note(lead_id, "accepted", "Carol", "a fine one", NOW))
    records.downloads.count(lead_id, "guide.pdf", NOW)
    for kind in ("lead_to_review", "webhook"):
        records.outbox.queue(new_message(lead_id, key=f"{kind}:{lead_id}", kind=kind))


class ErasureContract:
    """Each test gets `ledger`: a new one."""

    def test_all_data_of_a_lead_is_erased_and_no_other_data(self, ledger: Ledger) -> None:
        for lead_id in "ab":
            ledger.transact(lambda records, lead_id=lead_id: save_person(records, lead_id))
        answer = Attempt("it answered 500", 500, "ann@b.example is unknown")
        (message, *_) = ledger.transact(lambda records: records.outbox.claim(NOW, NOW + MINUTE, 1))
        ledger.transact(lambda records: records.outbox.record_failed(message, NOW, answer))

        places = ledger.transact(lambda records: records.erasure.erase(["a"], NOW))
        expected = ErasedPlaces(
            answers=1, notes=1, queued_messages=1, message_answers=1, downloads=1
        )
        assert places == expected

        def stored(lead_id: str) -> tuple[object, ...]:
            return ledger.read(
                lambda reading: (
                    reading.people.personal_data(lead_id) is not None,
                    len(reading.people.notes(lead_id)),
                    len(reading.downloads.of_lead(lead_id)),
                    [message.state for message in reading.outbox.select(lead_id=lead_id)],
                )
            )

        failed, waiting, dropped = MessageState.FAILED, MessageState.WAITING, MessageState.DROPPED
        assert stored("a") == (False, 0, 0, [failed, dropped])
        assert stored("b") == (True, 1, 1, [waiting, waiting])
        after = ledger.read(lambda reading: reading.outbox.get(message.id))
        assert after is not None
        assert (after.answer, after.result) == ("", "it answered 500")
        assert ledger.read(lambda reading: reading.erasure.places(["a"])) == ErasedPlaces()
        same = DuplicateQuery(frozenset({"qualified"}))
        matches = ledger.read(
            lambda reading: reading.leads.matching("acme", {"email": "ann@b.example"}, same)
        )
        assert {lead.lead_id for lead in matches} == {"a", "b"}  # the keyed hashes stay
        assert ledger.read(lambda reading: reading.people.leads_of_address("ann@b.example")) == [
            "b"
        ]

    def test_the_answer_to_a_digest_is_erased_with_each_of_its_leads(self, ledger: Ledger) -> None:
        digest = new_message("", key="digest", kind="leads_digest", data={"leads": ["a", "b"]})

        def work(records: WriteTransaction) -> None:
            save_person(records, "a")
            records.outbox.queue(digest)

        ledger.transact(work)
        for message in ledger.transact(
            lambda records: records.outbox.claim(NOW, NOW + MINUTE, limit=9)
        ):
            attempt = Attempt("sent", 250, f"ok {message.key}")
            ledger.transact(
                lambda records, message=message, attempt=attempt: records.outbox.record_sent(
                    message, NOW, attempt
                )
            )
        ledger.transact(lambda records: records.erasure.erase(["a"], NOW))
        messages = ledger.read(lambda reading: reading.outbox.select())
        assert {message.answer for message in messages} == {""}

    def test_a_newer_answer_replaces_the_older_one(self, ledger: Ledger) -> None:
        ledger.transact(lambda records: save_person(records, "a"))
        for text in ("first", "", "third"):
            (message,) = ledger.transact(
                lambda records: records.outbox.claim(NOW, NOW + MINUTE, limit=1)
            )
            attempt = Attempt("later", 451, text)
            ledger.transact(
                lambda records, message=message, attempt=attempt: records.outbox.record_retry(
                    message, NOW - DAY, attempt
                )
            )
            after = ledger.read(lambda reading, number=message.id: reading.outbox.get(number))
            assert after is not None
            assert after.answer == text

    def test_corrected_data_of_an_erased_lead_is_not_stored_again(self, ledger: Ledger) -> None:
        ledger.transact(lambda records: save_person(records, "a"))
        ledger.transact(lambda records: records.erasure.erase(["a"], NOW))
        data = PersonalData({"email": "ann@b.example"})
        ledger.transact(lambda records: records.people.replace_personal_data("a", data))
        assert ledger.read(lambda reading: reading.people.personal_data("a")) is None

    def test_a_lead_is_found_by_an_address_that_could_not_be_verified(self, ledger: Ledger) -> None:
        typed = {"a": "ann@b.example", "b": "no address", "c": "another text"}

        def work(records: WriteTransaction) -> None:
            for lead_id, text in typed.items():
                records.append(received_event(lead_id))
                data = PersonalData({}, unverified={"email": text})
                records.people.save_personal_data("guide", lead_id, data)

        ledger.transact(work)
        for lead_id, text in typed.items():
            leads = ledger.read(lambda reading, text=text: reading.people.leads_of_address(text))
            assert leads == [lead_id]

    def test_a_request_is_found_by_its_exact_address(self, ledger: Ledger) -> None:
        def work(records: WriteTransaction) -> None:
            records.erasure.save_request("b", "ann@b.example", NOW)
            records.erasure.save_request("a", "ann@B.example", NOW)
            records.erasure.save_request("a", "ann@b.example", NOW + DAY)  # asked again

        ledger.transact(work)

        def leads(address: str) -> list[str]:
            return list(ledger.read(lambda reading: reading.erasure.requested_by(address)))

        assert leads("ann@b.example") == ["a", "b"]
        assert leads("Ann@b.example") == leads("") == []

    def test_the_age_of_a_lead_counts_from_its_last_event_if_nothing_is_open(
        self, ledger: Ledger
    ) -> None:
        until = show_time(NOW + 7 * DAY)
        stages = {
            "a": [later_event("a", EventKind.SPAM)],
            "b": [later_event("b", EventKind.QUALIFIED)],  # waits for its notice
            "c": [
                later_event("c", EventKind.QUALIFIED, deadline=until),
                later_event("c", EventKind.REJECTED),
            ],
            "d": [later_event("d", EventKind.QUALIFIED, deadline=until)],  # in review
            "e": [later_event("e", EventKind.UNCONFIRMED, until=until)],
            "f": [
                later_event("f", EventKind.DISQUALIFIED),
                later_event("f", EventKind.BOUNCED, at=NOW + 2 * DAY),
            ],
        }

        def work(records: WriteTransaction) -> None:
            records.campaigns.save_version(campaign(), NOW)
            for lead_id, events in stages.items():
                records.append(received_event(lead_id), *events)
                records.people.save_personal_data("guide", lead_id, PersonalData({}))

        ledger.transact(work)

        def undelivered(moment: datetime) -> Sequence[str]:
            return ledger.read(lambda reading: reading.erasure.undelivered_since(moment))

        def delivered(moment: datetime) -> Sequence[str]:
            return ledger.read(lambda reading: reading.erasure.delivered_since(moment))

        assert (undelivered(NOW + DAY), undelivered(NOW - DAY)) == (["a", "e"], [])
        assert undelivered(NOW + 2 * DAY) == ["a", "e", "f"]
        assert (delivered(NOW + DAY), delivered(NOW - DAY)) == (["c"], [])
