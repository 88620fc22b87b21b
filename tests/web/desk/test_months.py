"""Months at the desk: the preview, what to decide first, and the close."""

import re
from datetime import UTC, datetime

import pytest

from capture.closing.documents import documents_of
from capture.lead.events import EventKind
from tests.web.desk.conftest import WORDS, Browser, DeskWorld

DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)


@pytest.fixture
def december(desk: DeskWorld) -> DeskWorld:
    """In November acme had two leads of 50.00, the other client one. Nobody has closed it."""
    desk.world.take()
    desk.world.take()
    desk.world.take("rival")
    desk.clock.move_to(DECEMBER)
    return desk


def numbers(desk: DeskWorld) -> list[str]:
    documents = desk.world.ledger.read(documents_of)
    return [document.number for document in documents]


def seen(browser: Browser, *clients: str) -> dict[str, object]:
    """The hidden fields with the sums, of the page that confirms a close."""
    found = re.findall(
        r'name="(seen-[a-z]+)" value="([^"]+)"', browser.get("/months/2026-11/close").text
    )
    return {name: value for name, value in found if name.removeprefix("seen-") in clients}


def test_the_list_shows_state_and_sums_of_the_month_before(december: DeskWorld) -> None:
    text = december.user("ada").text("/months")
    assert "November 2026" in text
    assert "acme Ready 2 $100.00 $100.00" in text
    assert "other Ready 1 $50.00 $50.00" in text
    assert "Close all 2 that are ready" in text
    assert numbers(december) == []


def test_the_list_leaves_the_sums_of_large_months_to_the_preview(
    december: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture.web.desk.months.MOST_LINES", 1)
    ada = december.user("ada")
    text = ada.text("/months")
    assert "acme Ready 2 Sums in the preview Close acme What to decide" in text
    assert "other Ready 1 $50.00 $50.00" in text
    assert "Close all 2 that are ready" in text
    ada.post("/months/2026-11/close", client="acme", **seen(ada, "acme"))
    assert "Closed 2 $100.00 $100.00 acme-0001" in ada.text("/months?month=2026-11")
    assert "acme Not ready 2026-12 is not over" in ada.text("/months?month=2026-12")


def test_a_month_that_is_not_over_says_so(december: DeskWorld) -> None:
    ada = december.user("ada")
    text = ada.text("/months?month=2026-12")
    assert "acme Not ready 2026-12 is not over until 1 Jan 2027, 05:00." in text
    assert text.count("Times are in Coordinated Universal Time (UTC).") == 1
    assert "Close all" not in text
    ada.post("/login", name="ada", passphrase=WORDS, zone="America/New_York")
    for path in ("/months?month=2026-12", "/months/2026-12/clients/acme"):
        text = ada.text(path)
        assert "Not ready 2026-12 is not over until 1 Jan 2027, 00:00." in text
        assert text.count("Times are in Eastern Time (America/New_York).") == 1
    assert "Times are in" not in ada.text("/months?month=2026-11")


def test_an_impossible_month_is_no_page(december: DeskWorld) -> None:
    ada = december.user("ada")
    assert "November 2026" in ada.text("/months?month=2026-13")
    assert ada.get("/months/2026-13/close").status_code == 404
    assert ada.get("/months/2026-11/clients/nobody").status_code == 404


def test_the_preview_shows_each_line_with_its_lead(december: DeskWorld) -> None:
    page = december.user("ada").get("/months/2026-11/clients/acme")
    assert page.text.count('href="/desk/leads/') == 2
    text = december.user("ada").text("/months/2026-11/clients/acme")
    assert "Preview: invoice" in text
    assert "To pay $100.00" in text
    assert numbers(december) == []


def test_the_preview_says_what_to_decide_first(desk: DeskWorld) -> None:
    lead_id = desk.world.take("notified")
    desk.clock.move_to(DECEMBER)
    text = desk.user("ada").text("/months/2026-11/clients/acme")
    assert f"Decide first About Which What Campaign Review {lead_id}" in text
    assert "the client was not notified" in text
    assert "1 to decide" in desk.user("ada").text("/months")


def test_a_close_shows_the_sums_first(december: DeskWorld) -> None:
    ada = december.user("ada")
    text = ada.text("/months/2026-11/close?client=acme")
    assert "acme 2 $100.00 $100.00" in text
    assert "other" not in text
    answer = ada.post("/months/2026-11/close", client="acme", **seen(ada, "acme"))
    assert (answer.status_code, answer.location) == (303, "/desk/months?month=2026-11")
    assert numbers(december) == ["acme-0001"]
    assert "November 2026 is closed: acme (acme-0001)." in ada.text("/months?month=2026-11")
    assert "Closed 2 $100.00 $100.00 acme-0001" in ada.text("/months?month=2026-11")


def test_the_close_is_recorded_under_its_person(december: DeskWorld) -> None:
    ada, ledger = december.user("ada"), december.world.ledger
    ada.post("/months/2026-11/close", client="acme", **seen(ada, "acme"))
    closing = ledger.read(lambda reading: list(reading.events.of_account()))[-1].event
    pseudonym = ledger.read(lambda reading: reading.people.pseudonym("acme", "ada"))
    assert (closing.kind, closing.data["by"]) == (EventKind.CLOSED, pseudonym)


def test_two_clicks_close_once(december: DeskWorld) -> None:
    ada = december.user("ada")
    fields = seen(ada, "acme")
    for _ in range(2):
        answer = ada.post("/months/2026-11/close", client="acme", **fields)
        assert answer.status_code == 303
    assert numbers(december) == ["acme-0001"]


def test_all_that_are_ready_close_together_as_one_piece_of_work(december: DeskWorld) -> None:
    ada = december.user("ada")
    fields = seen(ada, "acme", "other")
    answers = [
        ada.post("/months/2026-11/close", client=["acme", "other"], **fields) for _ in range(2)
    ]
    first, second = (answer.location.removeprefix("/desk") for answer in answers)
    assert first == second
    assert numbers(december) == []
    december.run_jobs()
    assert sorted(numbers(december)) == ["acme-0001", "other-0001"]
    text = ada.text(first)
    assert "Close of November 2026 for 2 clients" in text
    assert "Closed: 2 Client Documents acme acme-0001 other other-0001" in text


def test_other_sums_than_those_seen_are_not_closed(december: DeskWorld) -> None:
    ada = december.user("ada")
    fields = seen(ada, "acme") | {"seen-acme": "USD:1:5000:0:0:5000"}
    answer = ada.post("/months/2026-11/close", client="acme", **fields)
    assert answer.status_code == 409
    assert "acme: the sums have changed meanwhile; look at them again." in answer.text
    assert "$100.00" in answer.text
    assert numbers(december) == []


def test_one_client_that_fails_does_not_stop_the_others(december: DeskWorld) -> None:
    ada = december.user("ada")
    fields = seen(ada, "acme", "other") | {"seen-acme": "USD:1:5000:0:0:5000"}
    answer = ada.post("/months/2026-11/close", client=["acme", "other"], **fields)
    december.run_jobs()
    text = ada.text(answer.location.removeprefix("/desk"))
    assert "Not closed: 1 Client Why acme acme: the sums have changed meanwhile" in text
    assert "Closed: 1" in text
    assert numbers(december) == ["other-0001"]


def test_a_mistake_in_a_clients_file_is_shown(december: DeskWorld) -> None:
    (december.folder / "clients" / "other.toml").write_text("name = 1")
    text = december.user("ada").text("/months?month=2026-11")
    assert "other Not ready The file of the client has a mistake." in text
    assert "clients/other.toml" in text
    assert "acme Ready" in text


@pytest.mark.parametrize("name", ["carol", "vera"])
def test_only_the_agency_sees_months(december: DeskWorld, name: str) -> None:
    assert december.user(name).get("/months").status_code == 403
