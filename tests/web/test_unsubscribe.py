"""`/u/<token>`: opening the link changes nothing; a POST unsubscribes, also one without a page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from capture.lead.events import EventKind
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.letters.render import Letterhead
from capture.letters.samples import SAMPLES
from capture.signed_links import LinkSigner, UnsubscribeGrant, unsubscribe_path
from capture.users.history import administration_history
from capture.web.app import create_app
from capture.web.config import WebConfig
from capture.web.public.unsubscribe import LETTERS
from tests.capture.letters.test_letters import AGENCY
from tests.service import ROOT, TEST_KEY, make_project, web_config

SIGNER = LinkSigner(TEST_KEY, WebConfig.link_life)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(f"sqlite:///{tmp_path}/ledger.db", TEST_KEY)
    yield opened
    opened.close()


@pytest.fixture
def web(tmp_path: Path, ledger: Ledger) -> FlaskClient:
    folder = make_project(tmp_path / "project")
    config = web_config(folder)
    return create_app(config, ledger).test_client()


@pytest.fixture
def grant(ledger: Ledger) -> UnsubscribeGrant:
    address = ledger.read(lambda reading: reading.outbox.address_id("ann@clinic.example"))
    return UnsubscribeGrant("guide", address)


def is_unsubscribed(ledger: Ledger, grant: UnsubscribeGrant) -> bool:
    return ledger.read(
        lambda reading: reading.outbox.is_unsubscribed(grant.address_id, grant.letter)
    )


def acts(ledger: Ledger) -> list[tuple[EventKind, str, str]]:
    """The acts on letters, the newest first: kind, person, kind of letter."""
    found = ledger.read(lambda reading: reading.events.of_administration(limit=9))
    return [(each.event.kind, each.event.data["by"], each.event.data["letter"]) for each in found]


def test_opening_the_link_says_what_the_button_does_and_changes_nothing(
    web: FlaskClient, ledger: Ledger, grant: UnsubscribeGrant
) -> None:
    path = unsubscribe_path(SIGNER.unsubscribe(grant))
    page = web.get(path)
    assert page.status_code == 200
    assert "we no longer send letters that follow a form to your address" in page.text
    assert "touch.js" not in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    web.head(path)
    assert not is_unsubscribed(ledger, grant)


def test_one_click_of_a_mail_program_unsubscribes_without_a_redirect(
    web: FlaskClient, ledger: Ledger, grant: UnsubscribeGrant
) -> None:
    """RFC 8058: the body is List-Unsubscribe=One-Click, and there is no cookie."""
    path = unsubscribe_path(SIGNER.unsubscribe(grant))
    for _ in range(2):
        page = web.post(path, data={"List-Unsubscribe": "One-Click"})
        assert page.status_code == 200
        assert "You are unsubscribed" in page.text
        assert is_unsubscribed(ledger, grant)
    assert acts(ledger) == [(EventKind.UNSUBSCRIBED, grant.address_id, "guide")]


def test_unsubscribing_can_be_undone(
    web: FlaskClient, ledger: Ledger, grant: UnsubscribeGrant
) -> None:
    path = unsubscribe_path(SIGNER.unsubscribe(grant))
    web.post(path, data={"action": "unsubscribe"})
    assert "Send them again" in web.get(path).text
    page = web.post(path, data={"action": "subscribe"})
    assert "Unsubscribe?" in page.text
    assert not is_unsubscribed(ledger, grant)
    kinds = [EventKind.SUBSCRIBED_AGAIN, EventKind.UNSUBSCRIBED]
    assert acts(ledger) == [(kind, grant.address_id, "guide") for kind in kinds]
    history = ledger.read(lambda reading: administration_history(reading, limit=9))
    who = "the owner of an e-mail address, by the link of a letter"
    assert [(entry.who, entry.text) for entry in history] == [
        (who, "Subscribed again to letters of the kind guide."),
        (who, "Unsubscribed from letters of the kind guide."),
    ]


@pytest.mark.parametrize("path", ["/u/x", "/u/WyJndWlkZSIsIjAwIl0.forged", "/u/..."])
def test_a_forged_link_changes_nothing(web: FlaskClient, path: str) -> None:
    for answer in (web.get(path), web.post(path)):
        assert answer.status_code == 404
        assert "This link is not complete." in answer.text


def test_a_token_of_another_purpose_is_refused(web: FlaskClient) -> None:
    token = SIGNER.list_link("acme", "ann@clinic.example")
    assert web.post(unsubscribe_path(token)).status_code == 404


def test_the_token_has_no_address(grant: UnsubscribeGrant) -> None:
    assert SIGNER.read_unsubscribe(SIGNER.unsubscribe(grant)) == grant
    assert "ann" not in grant.address_id


def test_every_letter_that_can_be_unsubscribed_has_words_on_the_page() -> None:
    letterhead = Letterhead(AGENCY, ROOT / "theme/templates")
    names = {name for name in SAMPLES if SAMPLES[name].letter(letterhead).unsubscribe_url}
    assert names == {*LETTERS, "confirmation"}  # one wish for both letters that follow a form
