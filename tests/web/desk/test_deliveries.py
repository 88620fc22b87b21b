"""The page of deliveries: letters and webhooks by state, send again, resume a webhook."""

import re
from datetime import timedelta
from typing import Any

import pytest

from capture.delivery.endpoints import NewEndpoint, SecretBox, add_endpoint
from capture.ledger.endpoints import Endpoint
from capture.ledger.messages import VISITOR, Attempt, Channel, MessageState
from capture.ledger.protocol import WriteTransaction
from capture.web.desk import deliveries as page
from tests.capture.ledger.contract_outbox import new_message
from tests.samples import NOW
from tests.web.desk.conftest import Browser, DeskWorld, words

MINUTE = timedelta(minutes=1)


def fail(desk: DeskWorld, name: str, answer: str = "no such mailbox", **changes: Any) -> int:
    """A failed message. Returns its id."""

    def work(records: WriteTransaction) -> int:
        records.outbox.queue(new_message(name, key=f"{name}:{changes}", **changes))
        (message,) = records.outbox.claim(NOW, NOW + MINUTE, 1)
        records.outbox.record_failed(message, NOW, Attempt("refused", 550, answer))
        return message.id

    return desk.world.ledger.transact(work)


def queue(desk: DeskWorld, name: str, **changes: Any) -> None:
    """A message that waits until the next minute."""
    message = new_message(name, due_at=NOW + MINUTE, **changes)
    desk.world.ledger.transact(lambda records: records.outbox.queue(message))


def endpoint(desk: DeskWorld, *, paused: bool) -> Endpoint:
    """A webhook of the client acme."""

    def work(records: WriteTransaction) -> Endpoint:
        new = NewEndpoint("acme", "https://crm.acme.example/in")
        added = add_endpoint(records, SecretBox(b"a key of webhooks"), new, NOW, by="Ada").endpoint
        if paused:
            records.endpoints.pause(added.id, NOW, "it answered 500")
        return added

    return desk.world.ledger.transact(work)


def state(desk: DeskWorld, message_id: int) -> MessageState:
    message = desk.world.ledger.read(lambda reading: reading.outbox.get(message_id))
    assert message is not None
    return message.state


def send(browser: Browser, path: str, **fields: str) -> str:
    """Sends a form of the page. Returns the words of the page that follows."""
    browser.get("/deliveries")
    answer = browser.post(path, **fields)
    assert answer.status_code == 303, words(answer)
    return browser.text(answer.location.removeprefix("/desk"))


def test_an_empty_list_says_so(desk: DeskWorld) -> None:
    ada = desk.user("ada")
    for query, text in {
        "": "No delivery failed.",
        "?state=waiting": "Nothing waits to be sent.",
        "?state=sent": "Nothing was sent yet.",
        "?state=dropped&client=acme": "Nothing was dropped with this filter. Show all",
    }.items():
        assert text in ada.text(f"/deliveries{query}")


def test_a_failed_letter_is_shown_with_the_receivers_answer(desk: DeskWorld) -> None:
    fail(desk, "a")
    queue(desk, "b")
    answer = desk.user("ada").get("/deliveries")
    text = words(answer)
    for part in ("Failed 1", "Waiting 1", "Lead to review", "leads@acme.example"):
        assert part in text
    assert "550: refused: no such mailbox" in text
    assert 'href="/desk/leads/a"' in answer.text
    waiting = desk.user("ada").text("/deliveries?state=waiting")
    assert "Next attempt" in waiting
    assert "23 Nov 2026, 15:01" in waiting
    assert "no such mailbox" not in waiting


def test_a_letter_to_a_visitor_never_shows_the_address(desk: DeskWorld) -> None:
    lead_id = desk.world.take(email="secret@person.example")
    fail(desk, lead_id, answer="", kind="guide", recipient=VISITOR)
    answer = desk.user("ada").get("/deliveries")
    assert "the person" in words(answer)
    assert "secret@person.example" not in answer.text
    assert f'href="/desk/leads/{lead_id}"' in answer.text


def test_filters_select_by_channel_and_client(desk: DeskWorld) -> None:
    hook = endpoint(desk, paused=False)
    fail(desk, "letter")
    fail(desk, "hook", channel=Channel.WEBHOOK, kind="lead.qualified", recipient=hook.id)
    fail(desk, "agency", client="", kind="month_ready")
    ada = desk.user("ada")

    def shown(query: str) -> set[str]:
        return set(re.findall(r'href="/desk/leads/(\w+)"', ada.get(f"/deliveries?{query}").text))

    assert shown("") == {"letter", "hook", "agency"}
    assert shown("channel=mail") == {"letter", "agency"}
    assert shown("channel=webhook") == {"hook"}
    assert shown("client=acme") == {"letter", "hook"}
    assert shown("client=-") == {"agency"}
    assert shown("client=other&state=unknown&channel=unknown&below=x") == set()
    assert "webhook https://crm.acme.example/in" in ada.text("/deliveries?channel=webhook")


def test_the_preview_of_a_month_links_to_a_failed_webhook(desk: DeskWorld) -> None:
    desk.world.take()
    hook = endpoint(desk, paused=False)
    message_id = fail(
        desk, "hook", channel=Channel.WEBHOOK, kind="lead.qualified", recipient=hook.id
    )
    answer = desk.user("ada").get("/months/2026-11/clients/acme")
    assert "Webhook lead.qualified failed: " in words(answer)
    assert f'state=failed&amp;client=acme#message-{message_id}"' in answer.text


def test_the_list_has_pages(desk: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE_SIZE", 2)
    for name in "abc":
        queue(desk, name)
    ada = desk.user("ada")
    first = ada.get("/deliveries?state=waiting").text
    assert re.findall(r'/desk/leads/(\w+)"', first) == ["c", "b"]
    (older,) = re.findall(r'href="/desk(/deliveries\?[^"]*below[^"]*)"', first)
    second = ada.get(older.replace("&amp;", "&")).text
    assert re.findall(r'/desk/leads/(\w+)"', second) == ["a"]
    assert "Newest" in second


def test_one_message_is_sent_again_and_the_filter_is_kept(desk: DeskWorld) -> None:
    message_id = fail(desk, "a")
    ada = desk.user("ada")
    text = send(ada, f"/deliveries/{message_id}/again", channel="mail")
    assert "“Lead to review” to leads@acme.example is due now." in text
    assert "No delivery failed with this filter." in text
    assert state(desk, message_id) is MessageState.WAITING
    assert "The message is due already." in send(ada, f"/deliveries/{message_id}/again")


def test_a_message_that_was_sent_is_not_sent_again(desk: DeskWorld) -> None:
    queue(desk, "a")

    def work(records: WriteTransaction) -> int:
        (message,) = records.outbox.claim(NOW + MINUTE, NOW + 2 * MINUTE, 1)
        records.outbox.record_sent(message, NOW + MINUTE, Attempt("", 250, "Ok"))
        return message.id

    message_id = desk.world.ledger.transact(work)
    ada = desk.user("ada")
    assert "250: Ok" in ada.text("/deliveries?state=sent")
    answer = ada.post(f"/deliveries/{message_id}/again")
    assert answer.status_code == 409
    assert "only a failed or dropped one is sent again" in words(answer)
    assert ada.post("/deliveries/99/again").status_code == 404


def test_a_message_that_waits_or_failed_is_dropped_once_and_can_be_sent_again(
    desk: DeskWorld,
) -> None:
    failed = fail(desk, "a")
    queue(desk, "b")
    (waiting,) = desk.world.ledger.read(lambda reading: reading.outbox.select(MessageState.WAITING))
    ada = desk.user("ada")
    page = ada.get("/deliveries?state=waiting").text
    assert f'action="/desk/deliveries/{waiting.id}/drop"' in page
    assert f"/{waiting.id}/again" not in page
    text = send(ada, f"/deliveries/{waiting.id}/drop", state="waiting")
    assert "is dropped." in text
    assert "Nothing waits to be sent." in text
    assert "is dropped." in send(ada, f"/deliveries/{failed}/drop")
    assert [state(desk, each) for each in (failed, waiting.id)] == [MessageState.DROPPED] * 2
    assert "dropped by hand: no such mailbox" in ada.text("/deliveries?state=dropped")
    assert "was dropped before." in send(ada, f"/deliveries/{failed}/drop")  # a second click
    assert "is due now." in send(ada, f"/deliveries/{failed}/again", state="dropped")
    assert state(desk, failed) is MessageState.WAITING
    assert (
        f"Sent message {failed} again. ada 23 Nov 2026, 15:00 Dropped message {failed}. ada"
    ) in ada.text("/history")


def test_what_was_sent_or_does_not_exist_is_not_dropped(desk: DeskWorld) -> None:
    queue(desk, "a")
    (message,) = desk.world.ledger.transact(
        lambda records: records.outbox.claim(NOW + MINUTE, NOW + 2 * MINUTE, 1)
    )
    ada = desk.user("ada")
    ada.get("/deliveries")
    desk.world.ledger.transact(
        lambda records: records.outbox.record_sent(message, NOW, Attempt("accepted"))
    )
    answer = ada.post(f"/deliveries/{message.id}/drop")
    assert (answer.status_code, "is sent and cannot be dropped" in words(answer)) == (409, True)
    assert ada.post("/deliveries/999/drop").status_code == 404
    assert ada.post("/deliveries/99999999999999999999/drop").status_code == 404


def test_all_failed_messages_of_a_receiver_are_sent_again(desk: DeskWorld) -> None:
    ids = [fail(desk, name) for name in "abc"]
    other = fail(desk, "d", recipient="bills@acme.example")
    ada = desk.user("ada")
    text = ada.text("/deliveries")
    assert "leads@acme.example 3 Send all again" in text
    assert "bills@acme.example 1 Send all again" not in text
    text = send(ada, f"/deliveries/{ids[0]}/all-again")
    assert "3 messages to leads@acme.example are due now." in text
    assert {state(desk, each) for each in ids} == {MessageState.WAITING}
    assert state(desk, other) is MessageState.FAILED
    act = f"Sent 3 failed messages to the receiver of message {ids[0]} again. ada"
    assert act in ada.text("/history")


def test_letters_to_persons_are_not_sent_again_together(desk: DeskWorld) -> None:
    ids = [fail(desk, name, recipient=VISITOR, kind="guide") for name in "ab"]
    ada = desk.user("ada")
    assert "Send all again" not in ada.text("/deliveries")
    answer = ada.post(f"/deliveries/{ids[0]}/all-again")
    assert answer.status_code == 409
    assert "one by one" in words(answer)
    assert state(desk, ids[1]) is MessageState.FAILED


def test_a_paused_webhook_is_resumed_and_gets_what_failed(desk: DeskWorld) -> None:
    hook = endpoint(desk, paused=True)
    webhook = {"channel": Channel.WEBHOOK, "kind": "lead.qualified", "recipient": hook.id}
    ids = [fail(desk, name, **webhook) for name in "ab"]
    ada = desk.user("ada")
    text = ada.text("/deliveries")
    assert "A webhook of acme is paused https://crm.acme.example/in" in text
    assert "it answered 500. Nothing is sent to it." in text
    assert "The webhook is paused." in text
    assert "Send again" not in text
    for path in (f"/deliveries/{ids[0]}/again", f"/deliveries/{ids[0]}/all-again"):
        assert ada.post(path).status_code == 409
    resume = f"/deliveries/webhooks/{hook.id}/resume"
    text = send(ada, resume)
    assert "is no longer paused. 2 messages are due now." in text
    assert {state(desk, each) for each in ids} == {MessageState.WAITING}
    assert "is not paused." in send(ada, resume)
    assert ada.text("/history").count(f"Resumed the webhook {hook.url} of acme. ada") == 1
    assert ada.post("/deliveries/webhooks/unknown/resume").status_code == 404


def test_messages_to_a_removed_webhook_are_not_sent_again(desk: DeskWorld) -> None:
    fail(desk, "a", channel=Channel.WEBHOOK, kind="lead.qualified", recipient="gone")
    text = desk.user("ada").text("/deliveries")
    assert "a webhook that was removed" in text
    assert "Send again" not in text


def test_a_look_at_answers_that_may_quote_a_lead_is_logged(desk: DeskWorld) -> None:
    fail(desk, "quiet", answer="")
    desk.user("ada").get("/deliveries")
    assert desk.world.ledger.read(lambda reading: reading.users.accesses(limit=9)) == []
    fail(desk, "quoting")
    desk.user("ada").get("/deliveries")
    ((_, access),) = desk.world.ledger.read(lambda reading: reading.users.accesses(limit=9))
    assert (access.page, access.lead_id) == ("deliveries", "quoting")


@pytest.mark.parametrize("name", ["carol", "oscar", "vera"])
def test_only_the_agency_sees_deliveries(desk: DeskWorld, name: str) -> None:
    message_id = fail(desk, "a")
    browser = desk.user(name)
    assert browser.get("/deliveries").status_code == 403
    browser.get("/")
    assert browser.post(f"/deliveries/{message_id}/again").status_code == 403
    assert state(desk, message_id) is MessageState.FAILED
