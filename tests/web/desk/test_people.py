"""The pages of people, API tokens and the access log."""

import re
from datetime import timedelta
from typing import Any

import pytest

from capture.client_access.api_tokens import find_api_token
from capture.ledger.messages import MessageState
from capture.ledger.users import Access
from capture.users.accounts import find_user
from capture.web.desk import people as page
from tests.samples import NOW
from tests.web.desk.conftest import WORDS, Browser, DeskWorld, words


def user_id(desk: DeskWorld, name: str) -> str:
    return desk.world.ledger.read(lambda reading: find_user(reading, name)).id


def send(browser: Browser, path: str, **fields: str) -> str:
    """Sends a form of the page. Returns the words of the page that follows."""
    browser.get("/people")
    answer = browser.post(path, **fields)
    if answer.status_code == 200:  # it shows a secret
        assert "Set-Cookie" not in answer.headers
        return words(answer)
    assert answer.status_code == 303, words(answer)
    return browser.text(answer.location.removeprefix("/desk"))


def test_users_are_listed_with_their_sessions(desk: DeskWorld) -> None:
    desk.user("carol")
    text = desk.user("ada").text("/people")
    assert "carol client acme none set 1 session , last used 23 Nov 2026, 15:00" in text
    assert "vera viewer none set no New link Deactivate" in text


def test_a_user_without_an_address_gets_a_link_that_is_shown_once(desk: DeskWorld) -> None:
    ada = desk.user("ada")
    text = send(ada, "/people", name="Bob", role="client", client="acme")
    (link,) = re.findall(r"http://localhost/desk(/passphrase/\S+)", text)
    assert "/passphrase/" not in ada.text("/people")
    assert "Bob client acme none not set" in ada.text("/people")
    bob = desk.browser()
    bob.get(link)
    assert bob.post(link, passphrase=WORDS, repeated=WORDS).status_code == 303
    assert bob.log_in("Bob").status_code == 303


def test_a_forged_host_changes_no_link(desk: DeskWorld) -> None:
    ada = desk.user("ada")
    ada.get("/people")
    fields = {"csrf_token": ada.token, "name": "Bob", "role": "viewer"}
    cookie = ada.client.get_cookie("gatepost-desk", path="/desk")
    assert cookie is not None
    headers = {"Host": "evil.example", "Cookie": f"gatepost-desk={cookie.value}"}
    forger = desk.app.test_client(use_cookies=False)
    answer = forger.post("/desk/people", data=fields, headers=headers)
    assert "evil.example" not in answer.text
    assert "http://localhost/desk/passphrase/" in answer.text


def test_a_user_with_an_address_gets_a_letter(desk: DeskWorld) -> None:
    ada = desk.user("ada")
    text = send(ada, "/people", name="Bob", role="viewer", email="bob@agency.example")
    assert "A letter with a link for Bob goes to bob@agency.example." in text
    assert "/passphrase/" not in text
    text = send(ada, f"/people/{user_id(desk, 'Bob')}/link")
    assert "Give this link to Bob." in text
    desk.clock.shift(timedelta(seconds=1))
    text = send(ada, f"/people/{user_id(desk, 'Bob')}/link", by="letter")
    assert "A letter with a link for Bob goes to bob@agency.example." in text
    waiting = desk.world.ledger.read(lambda reading: reading.outbox.select(MessageState.WAITING))
    assert [message.kind for message in waiting] == ["passphrase_link"] * 2


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": "ADA", "role": "agency"}, "there is a user named 'ADA' already"),
        ({"name": "Bob", "role": "king"}, "choose a role"),
        ({"name": "Bob", "role": "client"}, "needs a client"),
        ({"name": "Bob", "role": "client", "client": "acmee"}, "acmee"),
        ({"name": "Bob", "role": "viewer", "email": "bob"}, "is not an e-mail address"),
    ],
)
def test_a_user_that_is_refused_is_explained_and_what_was_typed_is_kept(
    desk: DeskWorld, fields: dict[str, Any], problem: str
) -> None:
    ada = desk.user("ada")
    ada.get("/people")
    answer = ada.post("/people", **fields)
    assert answer.status_code == 422
    assert problem in words(answer)
    assert f'value="{fields["name"]}"' in answer.text


def test_a_deactivated_user_is_logged_out_immediately(desk: DeskWorld) -> None:
    carol, ada = desk.user("carol"), desk.user("ada")
    path = f"/people/{user_id(desk, 'carol')}/deactivate"
    assert "carol is deactivated. 1 session ended." in send(ada, path)
    assert carol.get("/").location == "/desk/login"
    assert "carol is deactivated." in send(ada, path)
    assert ada.post(f"/people/{user_id(desk, 'carol')}/link").status_code == 409


def test_the_last_user_of_the_agency_cannot_be_deactivated(desk: DeskWorld) -> None:
    ada = desk.user("ada")
    ada.get("/people")
    answer = ada.post(f"/people/{user_id(desk, 'ada')}/deactivate")
    assert answer.status_code == 409
    assert "without ada no user of the agency can log in" in words(answer)


def test_a_user_is_logged_out_everywhere(desk: DeskWorld) -> None:
    carol, ada = desk.user("carol"), desk.user("ada")
    text = send(ada, f"/people/{user_id(desk, 'carol')}/sessions/end")
    assert "1 session of carol ended." in text
    assert carol.get("/").location == "/desk/login"


def test_the_access_log_names_who_saw_what(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = desk.user("ada")
    assert "Nobody has looked at personal data yet." in ada.text("/access-log")
    carol = user_id(desk, "carol")
    entries = [
        Access(user_id=carol, at=NOW, page="leads", count=50),
        Access(user_id=carol, at=NOW, page="lead", lead_id="abc"),
    ]
    for entry in entries:
        desk.world.ledger.transact(lambda records, entry=entry: records.users.log_access(entry))
    text = ada.text("/access-log")
    assert "carol lead lead abc 23 Nov 2026, 15:00 carol leads 50 leads" in text
    monkeypatch.setattr(page, "PAGE_SIZE", 1)
    first = ada.get("/access-log").text
    assert "50 leads" not in first
    (older,) = re.findall(r'href="/desk(/access-log\?before=\d+)"', first)
    assert "50 leads" in ada.text(older)


def test_a_token_is_shown_once_and_revoked(desk: DeskWorld) -> None:
    ada = desk.user("ada")
    text = send(ada, "/tokens", client="acme", name="warehouse")
    (token,) = re.findall(r"gp_\w{43}", text)
    assert token not in ada.get("/tokens").text
    stored = desk.world.ledger.read(lambda reading: find_api_token(reading, token))
    assert stored is not None
    assert (stored.client, stored.name) == ("acme", "warehouse")
    text = send(ada, f"/tokens/{stored.id}/revoke")
    assert "The token warehouse of acme is revoked." in text
    assert desk.world.ledger.read(lambda reading: find_api_token(reading, token)) is None
    assert ada.post(f"/tokens/{stored.id}/revoke").status_code == 409


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"client": "acme", "name": "crm"}, "acme has a token named 'crm' already"),
        ({"client": "nobody", "name": "crm"}, "nobody"),
        ({"client": "acme", "name": ""}, "name of a token"),
    ],
)
def test_a_token_that_is_refused_is_explained(
    desk: DeskWorld, fields: dict[str, Any], problem: str
) -> None:
    ada = desk.user("ada")
    ada.get("/tokens")
    answer = ada.post("/tokens", **fields)
    assert answer.status_code == 422
    assert problem in words(answer)


@pytest.mark.parametrize("name", ["carol", "vera"])
def test_only_the_agency_sees_people_tokens_and_the_access_log(desk: DeskWorld, name: str) -> None:
    for path in ("/people", "/tokens", "/access-log"):
        assert desk.user(name).get(path).status_code == 403
