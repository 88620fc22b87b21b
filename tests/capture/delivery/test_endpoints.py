"""Webhook endpoints: secrets, rotation, pauses, removal."""

import re
from datetime import timedelta

import pytest

from capture.delivery.endpoints import (
    MAX_ENDPOINTS,
    ROTATION,
    NewEndpoint,
    NewSecret,
    SecretBox,
    add_endpoint,
    find_endpoint,
    remove_endpoint,
    resume_endpoint,
    rotate_secret,
    signing_secrets,
)
from capture.errors import NotFound, Refused, Unavailable
from capture.ledger.endpoints import Endpoint
from capture.ledger.messages import Attempt, MessageState
from capture.ledger.protocol import Ledger
from tests.capture.ledger.contract_outbox import claim, new_message, one
from tests.samples import NOW

BOX = SecretBox(b"a key for tests only")
HOUR = timedelta(hours=1)
URL = "https://crm.acme.example/hook"


def add(ledger: Ledger, url: str = URL) -> NewSecret:
    new = NewEndpoint("acme", url)
    return ledger.transact(lambda records: add_endpoint(records, BOX, new, NOW, by="Ada"))


def stored(ledger: Ledger, endpoint_id: str) -> Endpoint:
    return ledger.read(lambda reading: find_endpoint(reading, endpoint_id))


def test_a_new_endpoint_has_a_secret_of_its_own_which_is_stored_encrypted(ledger: Ledger) -> None:
    made, other = add(ledger), add(ledger, URL + "/2")
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", made.secret)
    assert made.secret != other.secret
    endpoint = stored(ledger, made.endpoint.id)
    assert endpoint == made.endpoint
    assert made.secret.encode() not in endpoint.secret
    assert signing_secrets(BOX, endpoint, NOW) == [made.secret]


def test_a_secret_under_another_key_cannot_be_read(ledger: Ledger) -> None:
    endpoint = add(ledger).endpoint
    with pytest.raises(Unavailable, match="encrypted under another key"):
        signing_secrets(SecretBox(b"another key for tests"), endpoint, NOW)
    with pytest.raises(Unavailable, match="there is no key"):
        SecretBox(b"")


def test_both_secrets_sign_for_a_day_after_a_rotation(ledger: Ledger) -> None:
    made = add(ledger)
    rotated = ledger.transact(
        lambda records: rotate_secret(records, BOX, made.endpoint.id, NOW + HOUR, by="Ada")
    )
    endpoint = stored(ledger, made.endpoint.id)
    ends = NOW + HOUR + ROTATION
    assert endpoint.previous_until == ends
    last_moment = ends - timedelta(microseconds=1)
    assert signing_secrets(BOX, endpoint, last_moment) == [rotated.secret, made.secret]
    assert signing_secrets(BOX, endpoint, ends) == [rotated.secret]


def test_a_rotation_helps_after_the_key_was_lost(ledger: Ledger) -> None:
    endpoint_id = add(ledger).endpoint.id
    box = SecretBox(b"a new key for tests")
    rotated = ledger.transact(
        lambda records: rotate_secret(records, box, endpoint_id, NOW, by="Ada")
    )
    assert signing_secrets(box, stored(ledger, endpoint_id), NOW) == [rotated.secret]


def test_a_client_has_each_url_once_and_a_limited_number(ledger: Ledger) -> None:
    add(ledger)
    with pytest.raises(Refused, match="acme has this webhook already"):
        add(ledger)
    for number in range(1, MAX_ENDPOINTS):
        add(ledger, f"{URL}/{number}")
    with pytest.raises(Refused, match=f"acme has {MAX_ENDPOINTS} webhooks already"):
        add(ledger, f"{URL}/more")
    with pytest.raises(Refused, match="needs HTTPS"):
        add(ledger, "http://crm.acme.example/")


def test_a_resumed_endpoint_gets_what_failed(ledger: Ledger) -> None:
    endpoint_id = add(ledger).endpoint.id
    message = new_message("a", recipient=endpoint_id)
    ledger.transact(lambda records: records.outbox.queue(message))
    (claimed,) = claim(ledger, NOW)
    ledger.transact(lambda records: records.outbox.record_failed(claimed, NOW, Attempt("410")))
    ledger.transact(lambda records: records.endpoints.pause(endpoint_id, NOW, "410"))
    number = ledger.transact(
        lambda records: resume_endpoint(records, endpoint_id, NOW + HOUR, by="Ada")
    )
    assert number == 1
    assert (one(ledger).state, one(ledger).due_at) == (MessageState.WAITING, NOW + HOUR)
    assert stored(ledger, endpoint_id).paused_at is None
    with pytest.raises(Refused, match="is not paused"):
        ledger.transact(lambda records: resume_endpoint(records, endpoint_id, NOW, by="Ada"))


def test_a_removed_endpoint_gets_nothing_more(ledger: Ledger) -> None:
    endpoint_id = add(ledger).endpoint.id
    message = new_message("a", recipient=endpoint_id)
    ledger.transact(lambda records: records.outbox.queue(message))
    number = ledger.transact(lambda records: remove_endpoint(records, endpoint_id, NOW, by="Ada"))
    assert number == 1
    assert (one(ledger).state, one(ledger).result) == ("dropped", "the webhook was removed")
    with pytest.raises(NotFound, match=f"no webhook '{endpoint_id}'"):
        stored(ledger, endpoint_id)


@pytest.mark.parametrize("work", [resume_endpoint, remove_endpoint])
def test_an_unknown_endpoint_is_reported(ledger: Ledger, work) -> None:
    with pytest.raises(NotFound, match="no webhook 'none'"):
        ledger.transact(lambda records: work(records, "none", NOW, by="Ada"))
