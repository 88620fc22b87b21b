"""Users log in and out, and choose a passphrase behind a one-time link."""

import math
from datetime import timedelta
from os import urandom

import pytest

from capture.ledger.users import Role
from capture.signed_links import UserGrant, passphrase_path
from capture.users.accounts import LINK_LIFE, add_user, deactivate_user, find_user, new_link
from capture.web.config import MAX_BODY
from capture.web.desk.times import iso_time, short_time, zone_name
from tests.samples import NOW
from tests.web.desk.conftest import WORDS, DeskWorld, words

LONG = f"?{urandom(4000).hex()}"


def link(desk: DeskWorld, name: str, life: timedelta = LINK_LIFE) -> str:
    """The path below the desk's prefix of a new link of a user."""
    user = desk.world.ledger.transact(
        lambda records: new_link(records, find_user(records, name), NOW, by="Ada")
    )
    token = desk.world.signer.user(UserGrant(user.id, user.link_number, NOW + life))
    return passphrase_path(token).removeprefix("/desk")


def test_a_login_leads_to_the_page_that_was_wanted(desk: DeskWorld) -> None:
    browser = desk.browser()
    assert browser.log_in("vera").location == "/desk/"
    browser = desk.browser()
    assert browser.get("/?from=letter").location == "/desk/login"
    answer = browser.log_in("ADA")
    assert (answer.status_code, answer.location) == (303, "/desk/?from=letter")
    assert "ada" in browser.text("/")


@pytest.mark.parametrize("page", [LONG, "leads/%0d%0aLocation:%20x"], ids=["long", "lines"])
def test_an_impossible_address_is_not_kept_in_the_cookie(desk: DeskWorld, page: str) -> None:
    """It is too long for a cookie, or has a line break, which no header may have."""
    browser = desk.browser()
    browser.get(f"/{page}")
    assert browser.log_in("ada").location == "/desk/"


@pytest.mark.parametrize(("name", "passphrase"), [("ada", "wrong words here"), ("bob", WORDS)])
def test_a_wrong_login_says_the_same_for_both_mistakes(
    desk: DeskWorld, name: str, passphrase: str
) -> None:
    browser = desk.browser()
    answer = browser.log_in(name, passphrase)
    assert answer.status_code == 422
    assert "Name or passphrase is wrong." in words(answer)
    assert f'value="{name}"' in answer.text
    assert passphrase not in answer.text
    assert browser.get("/").status_code == 303


def test_a_login_gives_the_browser_a_new_cookie(desk: DeskWorld) -> None:
    browser = desk.browser()
    browser.get("/login")
    before = browser.client.get_cookie("gatepost-desk", path="/desk")
    browser.log_in("ada")
    after = browser.client.get_cookie("gatepost-desk", path="/desk")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert (after.http_only, after.same_site) == (True, "Lax")


def test_a_login_without_the_token_of_the_form_is_refused(desk: DeskWorld) -> None:
    browser = desk.browser()
    answer = browser.post("/login", name="ada", passphrase=WORDS)
    assert answer.status_code == 400
    assert "another site sent it" in words(answer)
    assert browser.get("/").status_code == 303


def test_a_form_is_no_longer_than_what_the_server_reads_in_limited_time(desk: DeskWorld) -> None:
    browser = desk.browser()
    browser.get("/login")
    answer = browser.post("/login", name="ada", passphrase="x" * MAX_BODY)
    assert answer.status_code == 413


def test_logging_out_ends_the_session_also_for_a_copied_cookie(desk: DeskWorld) -> None:
    browser, thief = desk.user("ada"), desk.browser()
    cookie = browser.client.get_cookie("gatepost-desk", path="/desk")
    assert cookie is not None
    thief.client.set_cookie("gatepost-desk", cookie.value, path="/desk")
    assert thief.get("/").status_code == 200
    browser.get("/")
    assert browser.post("/logout").status_code == 303
    assert browser.get("/").status_code == 303
    assert thief.get("/").status_code == 303


def test_a_login_in_the_same_browser_ends_the_session_before(desk: DeskWorld) -> None:
    browser, thief = desk.user("ada"), desk.browser()
    cookie = browser.client.get_cookie("gatepost-desk", path="/desk")
    assert cookie is not None
    browser.log_in("carol")
    thief.client.set_cookie("gatepost-desk", cookie.value, path="/desk")
    assert thief.get("/").status_code == 303
    assert browser.get("/review").status_code == 200


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil.example", "/https://evil.example"])
def test_the_page_after_the_login_is_one_of_the_desk(desk: DeskWorld, path: str) -> None:
    browser = desk.browser()
    browser.get(path)
    location = browser.log_in("ada").location
    assert location.startswith("/desk/")


def test_the_address_of_the_login_names_no_page_to_go_to(desk: DeskWorld) -> None:
    browser = desk.browser()
    browser.get("/login?next=https://evil.example/")
    form = {"csrf_token": browser.token, "name": "ada", "passphrase": WORDS}
    answer = browser.client.post("/desk/login?next=https://evil.example/", data=form)
    assert (answer.status_code, answer.location) == (303, "/desk/")


def test_a_forged_host_is_in_no_link(desk: DeskWorld) -> None:
    browser = desk.user("ada")
    browser.get("/people")
    form = {"csrf_token": browser.token, "name": "Eve", "role": "viewer"}
    answer = browser.client.post("/desk/people", data=form, headers={"Host": "evil.example"})
    text = browser.get("/people").text + answer.text
    assert "evil.example" not in text


def test_a_session_ends_after_twelve_hours_without_use(desk: DeskWorld) -> None:
    browser = desk.user("ada")
    for hours in (11, 22):
        desk.clock.move_to(NOW + timedelta(hours=hours))
        assert browser.get("/").status_code == 200
    desk.clock.move_to(NOW + timedelta(hours=34))
    assert browser.get("/").status_code == 303


def test_a_deactivated_user_is_out_at_the_next_page(desk: DeskWorld) -> None:
    browser = desk.user("carol")
    desk.world.ledger.transact(
        lambda records: deactivate_user(records, find_user(records, "carol"), NOW, by="Ada")
    )
    assert browser.get("/").status_code == 303
    assert browser.log_in("carol").status_code == 422


def test_a_form_that_is_sent_after_the_session_ended_is_not_lost_in_silence(
    desk: DeskWorld,
) -> None:
    lead_id, browser = desk.world.take(), desk.user("carol")
    browser.get("/review?client=acme")
    desk.clock.shift(timedelta(hours=13))
    answer = browser.client.post(
        f"/desk/review/{lead_id}",
        data={"csrf_token": browser.token, "action": "accept"},
        headers={"Referer": "http://localhost/desk/review?client=acme"},
    )
    assert (answer.status_code, answer.location) == (303, "/desk/login")
    assert "nothing was recorded. Log in and try again." in browser.text("/login")
    assert browser.log_in("carol").location == "/desk/review?client=acme"
    assert "One lead waits for you" in browser.text("/review")


@pytest.mark.parametrize(
    "referrer",
    [
        "",
        "http://evil.example/desk/review",
        "http://localhost/elsewhere",
        "http://localhost/desk/review/1",  # the answer to a form
        "http://localhost/desk//evil.example",
        "http://[",
    ],
)
def test_only_a_page_of_the_desk_is_the_one_from_which_a_form_was_sent(
    desk: DeskWorld, referrer: str
) -> None:
    browser = desk.user("carol")
    browser.get("/review")
    desk.clock.shift(timedelta(hours=13))
    form, headers = {"csrf_token": browser.token}, {"Referer": referrer}
    browser.client.post("/desk/review/1", data=form, headers=headers)
    assert browser.log_in("carol").location == "/desk/"


def test_a_log_out_after_the_session_ended_needs_no_word(desk: DeskWorld) -> None:
    browser = desk.user("carol")
    browser.get("/review")
    desk.clock.shift(timedelta(hours=13))
    assert browser.post("/logout").location == "/desk/login"
    assert "nothing was recorded" not in browser.text("/login")


def test_a_one_time_link_sets_the_passphrase_once(desk: DeskWorld) -> None:
    desk.world.ledger.transact(lambda records: add_user(records, "Eve", Role.VIEWER, NOW, by="Ada"))
    path, browser = link(desk, "Eve"), desk.browser()
    assert "You will log in as Eve" in browser.text(path)
    assert browser.post(path, passphrase=WORDS, repeated="else").status_code == 422
    answer = browser.post(path, passphrase="short", repeated="short")
    assert "fewer than 12 characters" in words(answer)
    assert browser.post(path, passphrase=WORDS, repeated=WORDS).location == "/desk/login"
    assert "Your passphrase is stored." in browser.text("/login")
    assert browser.get(path).status_code == 410
    assert browser.post(path, passphrase=WORDS, repeated=WORDS).status_code == 410
    assert browser.log_in("eve").status_code == 303


def test_a_new_passphrase_ends_the_sessions_of_the_user(desk: DeskWorld) -> None:
    browser, other = desk.user("ada"), desk.browser()
    path = link(desk, "ada")
    other.get(path)
    other.post(path, passphrase="other words again", repeated="other words again")
    assert browser.get("/").status_code == 303


@pytest.mark.parametrize(("change", "status"), [("x", 404), ("", 410)])
def test_a_changed_or_expired_link_shows_a_page_that_says_so(
    desk: DeskWorld, change: str, status: int
) -> None:
    path = link(desk, "ada") + change
    desk.clock.move_to(NOW + LINK_LIFE)
    assert desk.browser().get(path).status_code == status


def test_a_forgotten_passphrase_is_reset_by_letter_and_the_answer_tells_nothing(
    desk: DeskWorld,
) -> None:
    ledger = desk.world.ledger
    ledger.transact(
        lambda records: add_user(
            records, "Eve", Role.AGENCY, NOW, email="eve@agency.example", by="Ada"
        )
    )
    pages = []
    for name in ("eve", "ada", "nobody"):
        browser = desk.browser()
        browser.get("/forgot")
        assert browser.post("/forgot", name=name).location == "/desk/login"
        pages.append(browser.text("/login"))
    assert len(set(pages)) == 1
    messages = ledger.read(lambda reading: list(reading.outbox.select()))
    assert [(message.kind, message.recipient) for message in messages] == [
        ("passphrase_link", "eve@agency.example")
    ]


def test_attempts_are_limited_by_name_from_any_address(desk: DeskWorld) -> None:
    browser = desk.browser()
    statuses = [browser.log_in("ada", "wrong words here").status_code for _ in range(10)]
    assert statuses == [422] * 10
    answer = browser.log_in("Ada", WORDS)
    assert answer.status_code == 429
    seconds = int(answer.headers["Retry-After"])
    assert 0 < seconds <= 600
    assert f"Wait {math.ceil(seconds / 60)} minute" in answer.text
    assert browser.log_in("vera").status_code == 303


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("Europe/Berlin", "Central European Time (Europe/Berlin)"),
        ("", "Coordinated Universal Time (UTC)"),
        ("../../etc/passwd", "Coordinated Universal Time (UTC)"),
    ],
)
def test_times_are_in_the_zone_that_the_browser_named_at_the_login(
    desk: DeskWorld, zone: str, name: str
) -> None:
    browser = desk.browser()
    browser.get("/login")
    browser.post("/login", name="ada", passphrase=WORDS, zone=zone)
    with browser.client:
        browser.get("/")
        assert zone_name() == name
        assert short_time(NOW) == (
            "23 Nov 2026, 16:00" if "Berlin" in zone else "23 Nov 2026, 15:00"
        )
        assert iso_time(NOW).startswith("2026-11-23T16" if "Berlin" in zone else "2026-11-23T15")
