"""A form that was opened before the user logged in again: nothing is done, and nothing is lost."""

import re
from html import unescape
from io import BytesIO

import pytest
from werkzeug.test import TestResponse

from capture.ledger.protocol import WriteTransaction
from capture.ledger.users import Role
from capture.users.accounts import add_user
from tests.samples import NOW
from tests.web.desk.conftest import PREFIX, Browser, DeskWorld, hash_of_words, words

NOTE = "Called <b>twice</b>, \u05d3\u05d5\u05d3 answers on Monday"


def hidden(page: str) -> dict[str, str]:
    """The hidden inputs of the form that a page offers to send again, or of a note's form."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


def form_of_note(browser: Browser, lead_id: str) -> dict[str, str]:
    """The hidden inputs of the form for a note, as the page has them now."""
    page = browser.get(f"/leads/{lead_id}").text
    return hidden(page.partition(f'/leads/{lead_id}/note"')[2].partition("</form>")[0])


def send(browser: Browser, lead_id: str, form: dict[str, str]) -> TestResponse:
    return browser.client.post(f"{PREFIX}/leads/{lead_id}/note", data={**form, "note": NOTE})


def notes(desk: DeskWorld, lead_id: str) -> list[str]:
    found = desk.world.ledger.read(lambda reading: reading.people.notes(lead_id))
    return [note.text for note in found]


def test_what_was_typed_is_shown_again_and_recorded_once_it_is_sent_again(
    desk: DeskWorld,
) -> None:
    lead_id, browser = desk.world.take(), desk.user("ada")
    form = form_of_note(browser, lead_id)
    browser.post("/logout")
    browser.log_in("ada")  # in another tab
    answer = send(browser, lead_id, form)
    assert answer.status_code == 400
    assert "so nothing was done. Read it, and send it again" in words(answer)
    assert f"Note {NOTE}" in words(answer)
    assert "<b>twice" not in answer.text
    assert notes(desk, lead_id) == []
    offered = answer.text.partition('<dl class="facts">')[2].partition("</main>")[0]
    action = re.search(r'action="/desk([^"]+)"', offered)
    assert action is not None
    assert hidden(offered)["note"] == NOTE
    assert browser.post(action[1], **hidden(offered)).status_code == 303
    assert notes(desk, lead_id) == [NOTE]


def test_nobody_but_the_author_sees_what_was_typed(desk: DeskWorld) -> None:
    lead_id, browser = desk.world.take(), desk.user("ada")
    form = form_of_note(browser, lead_id)
    browser.post("/logout")
    refused = [send(browser, lead_id, form)]  # nobody is logged in

    def add(records: WriteTransaction) -> None:
        colleague = add_user(records, "bob", Role.AGENCY, NOW, by="ada")
        records.users.set_passphrase(colleague.id, hash_of_words())

    desk.world.ledger.transact(add)
    assert browser.log_in("bob").status_code == 303
    refused.append(send(browser, lead_id, form))
    for answer in refused:
        assert answer.status_code == 400
        assert "twice" not in answer.text
    assert notes(desk, lead_id) == []


@pytest.mark.parametrize("author", [None, "", "1", "IjEi.AAAA"])
def test_a_form_that_another_site_made_is_not_offered(desk: DeskWorld, author: str | None) -> None:
    lead_id, browser = desk.world.take(), desk.user("ada")
    browser.get()
    form = {"csrf_token": "x"} if author is None else {"csrf_token": "x", "author": author}
    answer = send(browser, lead_id, form)
    assert (answer.status_code, "twice" in answer.text) == (400, False)


def test_a_form_with_a_file_is_not_offered(desk: DeskWorld) -> None:
    browser = desk.user("ada")
    form = hidden(browser.get("/payments").text.partition("/payments/import")[2])
    browser.post("/logout")
    browser.log_in("ada")
    file = BytesIO(b"x"), "bank.csv"
    answer = browser.client.post(f"{PREFIX}/payments/import", data={**form, "file": file})
    assert (answer.status_code, "Send it again" in answer.text) == (400, False)


def test_a_form_that_the_role_may_not_send_is_not_offered(desk: DeskWorld) -> None:
    lead_id, browser = desk.world.take(), desk.user("carol")
    form = hidden(browser.get("/review").text)
    browser.post("/logout")
    browser.log_in("carol")
    answer = send(browser, lead_id, form)  # notes are of the agency
    assert (answer.status_code, "twice" in answer.text) == (400, False)
