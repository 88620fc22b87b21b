"""Sessions at the desk: users end their own, the agency those of everybody. And the history."""

import re

import pytest

from capture.users.accounts import find_user
from capture.users.devices import device_in_words
from capture.users.history import administration_history
from tests.web.desk.conftest import WORDS, Browser, DeskWorld

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0"
)


def log_in(desk: DeskWorld, name: str, user_agent: str, network: str) -> Browser:
    """A further browser of a user, with its own device and network."""
    browser = desk.browser()
    browser.client.environ_base |= {"HTTP_USER_AGENT": user_agent, "REMOTE_ADDR": network}
    assert browser.log_in(name, WORDS).status_code == 303
    return browser


def ids(browser: Browser, path: str = "/sessions") -> list[str]:
    """The ids of the sessions on a page, the newest first."""
    return re.findall(r'id="session-(\w+)"', browser.get(path).text)


def history(desk: DeskWorld) -> list[str]:
    """The newest first, as `who: what`."""
    found = desk.world.ledger.read(lambda r: administration_history(r, limit=9))
    return [f"{entry.who}: {entry.text}" for entry in found]


def test_the_device_is_named_in_words() -> None:
    assert [device_in_words(text) for text in (FIREFOX, SAFARI, EDGE, "curl/8.5")] == [
        "Firefox on Windows",
        "Safari on iPhone",
        "Edge on macOS",
        "",
    ]


def test_users_see_their_own_sessions_with_device_network_and_times(desk: DeskWorld) -> None:
    log_in(desk, "carol", FIREFOX, "198.51.100.7")
    log_in(desk, "oscar", FIREFOX, "198.51.100.8")
    phone = log_in(desk, "carol", SAFARI, "2001:db8::1")
    text = phone.text("/sessions")
    when = "23 Nov 2026, 15:00 23 Nov 2026, 15:00"
    assert f"Firefox on Windows 198.51.100.7 {when} End" in text
    assert re.search(rf"Safari on iPhone this one 2001:db8::/\d+ {when} End", text)
    assert "198.51.100.8" not in text


def test_a_user_ends_one_session_and_all_others(desk: DeskWorld) -> None:
    browsers = [log_in(desk, "carol", FIREFOX, f"198.51.100.{n}") for n in range(3)]
    mine = browsers[0]
    (own,) = re.findall(r'id="session-(\w+)">[^<]*<span', mine.get("/sessions").text)
    first = next(each for each in ids(mine) if each != own)
    for _ in range(2):  # a second click changes nothing
        assert mine.post(f"/sessions/{first}/end").status_code == 303
    assert len(ids(mine)) == 2
    assert mine.post("/sessions/end-others").status_code == 303
    assert ids(mine) == [own]
    is_in = [browser.get("/review").status_code == 200 for browser in browsers]
    assert is_in == [True, False, False]
    assert history(desk)[:2] == ["carol: Ended 1 session of carol."] * 2


def test_a_user_ends_no_session_of_somebody_else(desk: DeskWorld) -> None:
    (of_oscar,) = ids(desk.user("oscar"))
    carol = desk.user("carol")
    carol.get("/sessions")
    carol.post(f"/sessions/{of_oscar}/end")
    assert ids(desk.user("oscar")) == [of_oscar]


def test_the_agency_ends_sessions_of_others_under_its_own_name(desk: DeskWorld) -> None:
    log_in(desk, "carol", FIREFOX, "198.51.100.7")
    log_in(desk, "carol", SAFARI, "198.51.100.8")
    user_id = desk.world.ledger.read(lambda reading: find_user(reading, "carol")).id
    path = f"/people/{user_id}/sessions"
    ada = desk.user("ada")
    first, second = ids(ada, path)
    assert ada.post(f"{path}/{first}/end").status_code == 303
    assert ids(ada, path) == [second]
    ada.post(f"{path}/end")
    assert "carol is not logged in anywhere." in ada.text(path)
    assert history(desk)[:2] == ["ada: Ended 1 session of carol."] * 2


def test_a_login_and_a_logout_are_in_the_history(desk: DeskWorld) -> None:
    carol = desk.user("carol")
    carol.get("/sessions")
    carol.post("/logout")
    assert history(desk)[:2] == ["carol: Ended 1 session of carol.", "carol: Logged in."]
    carol.log_in("carol")
    carol.log_in("oscar")  # without logging out: the session of carol ends
    assert history(desk)[:3] == [
        "carol: Ended 1 session of carol.",
        "oscar: Logged in.",
        "carol: Logged in.",
    ]


def test_every_act_on_users_tokens_and_webhooks_is_in_the_history(desk: DeskWorld) -> None:
    ada = desk.user("ada")
    ada.get("/people")
    ada.post("/people", name="Dora", role="client", client="acme", email="")
    dora = desk.world.ledger.read(lambda reading: find_user(reading, "Dora"))
    link = re.findall(r"/desk(/passphrase/[^ <]+)", ada.post(f"/people/{dora.id}/link").text)[0]
    own = desk.browser()
    own.get(link)
    own.post(link, passphrase=WORDS, repeated=WORDS)
    ada.post(f"/people/{dora.id}/deactivate")
    ada.post("/tokens", client="acme", name="billing")
    tokens = desk.world.ledger.read(lambda reading: reading.api.tokens("acme"))
    (token,) = (token for token in tokens if token.name == "billing")
    ada.post(f"/tokens/{token.id}/revoke")
    assert history(desk)[:7] == [
        "ada: Revoked the API token billing of acme.",
        "ada: Created the API token billing of acme.",
        "ada: Deactivated Dora; 0 sessions ended.",
        "Dora: Set the first passphrase of Dora.",
        "ada: Made a new one-time link for Dora.",
        "ada: Made a new one-time link for Dora.",
        "ada: Added the user Dora with the role client of acme.",
    ]
    text = ada.text("/history")
    assert "Revoked the API token billing of acme. ada 23 Nov 2026, 15:00" in text
    assert "Added the user carol with the role client of acme. Gatepost" in text


def test_the_history_has_pages(desk: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("capture.web.desk.people.PAGE_SIZE", 2)
    ada = desk.user("ada")
    older = re.search(r'href="/desk(/history\?before=\d+)" rel="next"', ada.get("/history").text)
    assert older is not None
    assert "Newest" in ada.text(older[1])
