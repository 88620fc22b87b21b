"""`/privacy/me` and `/consent/<token>`: the real app over a real ledger, without a server."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from capture.lead.identity import NEWEST, mailbox_of
from capture.ledger.messages import (
    LETTERS_A_DAY,
    VISITOR,
    Attempt,
    Channel,
    NewMessage,
)
from capture.ledger.protocol import WriteTransaction
from capture.privacy.erase import erase_leads
from capture.signed_links import consent_path, own_data_path
from capture.web.services import EXTENSION
from tests.samples import NOW
from tests.web.api.conftest import make_world
from tests.web.person import ANN, ASK, HOUR, WORDING, Person

# The request for the link.


def test_a_known_and_an_unknown_address_get_the_same_answer(person: Person) -> None:
    person.send_form()
    known, unknown = person.ask(ANN), person.ask("nobody@clinic.example")
    assert known.status_code == unknown.status_code == 200
    assert known.data == unknown.data
    assert known.headers.to_wsgi_list() == unknown.headers.to_wsgi_list()
    assert [letter.recipient for letter in person.letters()] == [VISITOR]


def test_the_page_also_opens_with_a_slash_at_the_end(person: Person) -> None:
    assert person.open(f"{ASK}/").text == person.open(ASK).text


def test_the_ledger_is_searched_only_after_the_answer(person: Person) -> None:
    """If the search came first, the response time would show whether an address is known."""
    person.send_form()
    later: list[object] = []
    app_services = person.world.app.extensions[EXTENSION]
    object.__setattr__(app_services, "run_later", later.append)
    assert person.ask(ANN).status_code == person.ask("nobody@x.example").status_code == 200
    assert (person.letters(), len(later)) == ([], 2)
    for work in later:
        work()  # type: ignore[operator]
    assert len(person.letters()) == 1


@pytest.mark.parametrize("typed", ["ann@clinic.example", "Ann+1@clinic.example", "Bob@x.example"])
def test_only_the_exact_address_gets_a_letter(person: Person, typed: str) -> None:
    person.send_form()
    person.ask(typed)
    assert person.letters() == []
    person.ask("Ann@CLINIC.example")
    assert len(person.letters()) == 1


def test_the_message_contains_no_address_and_ends_with_its_link(person: Person) -> None:
    lead_id = person.send_form()
    person.ask(ANN)
    (letter,) = person.letters()
    assert (letter.lead_id, letter.campaign, letter.client) == (lead_id, "", "")
    assert letter.expires_at == NOW + 24 * HOUR
    assert "clinic" not in repr(letter)


def test_a_mailbox_gets_few_links_a_day(person: Person) -> None:
    person.send_form()
    for minute in range(LETTERS_A_DAY + 2):
        person.clock.move_to(NOW + timedelta(minutes=minute))
        assert person.ask(ANN).status_code == 200
    assert len(person.letters()) == LETTERS_A_DAY
    person.clock.move_to(NOW + 25 * HOUR)
    person.ask(ANN)
    assert len(person.letters()) == LETTERS_A_DAY + 1


def test_letters_on_forms_do_not_count_towards_the_limit_of_links(person: Person) -> None:
    lead_id = person.send_form()
    mailbox = mailbox_of(ANN, NEWEST)

    def queue_letters(records: WriteTransaction) -> None:
        for number in range(LETTERS_A_DAY):
            letter = NewMessage(
                key=str(number),
                channel=Channel.MAIL,
                kind="guide",
                recipient=VISITOR,
                queued_at=NOW,
                due_at=NOW,
                lead_id=lead_id,
            )
            records.outbox.queue(letter, address=mailbox)

    person.world.ledger.transact(queue_letters)
    person.ask(ANN)
    assert len(person.letters()) == 1


@pytest.mark.parametrize("typed", ["", "ann", "ann@", "a b@clinic.example", "x" * 5000, "<b>\0"])
def test_invalid_addresses_get_the_same_error(person: Person, typed: str) -> None:
    answer = person.ask(typed)
    assert answer.status_code == 422
    assert "Enter your e-mail address as name@company.com." in answer.text
    assert "<b>" not in answer.text


def test_another_site_cannot_send_the_form(person: Person) -> None:
    person.send_form()
    assert person.ask(ANN, Sec_Fetch_Site="cross-site").status_code == 403
    assert person.letters() == []
    assert person.ask(ANN, Sec_Fetch_Site="same-origin").status_code == 200


def test_requests_count_towards_the_rate_limit_of_forms(tmp_path: Path) -> None:
    world = make_world(tmp_path, rate_limit="2 per hour")
    client = world.app.test_client()
    answers = [client.post(ASK, data={"email": ANN}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    world.ledger.close()


# The page behind the link.


def test_the_page_shows_the_answers_and_who_has_them(person: Person) -> None:
    person.send_form("/a-post/")
    text = person.text(person.path())
    for words in (
        "from 1 form.",
        "Ann /a-post/",
        "101+",
        "Monday, 23 November 2026, 10:00 (Eastern Standard Time)",
        "/a-post/",
        WORDING,
        "We passed it on to Acme Cloud, Inc. on Monday, 23 November 2026, 10:00",
    ):
        assert words in text, words


def test_the_page_shows_all_forms_of_exactly_this_address(person: Person) -> None:
    first, second = person.send_form("/a/"), person.send_form("/b/", slug="rival")
    other = person.world.take(email="ann@clinic.example", full_name="Somebody else")
    text = person.text(person.path())
    assert text.index("Ann /b/") < text.index("Ann /a/")
    assert "Somebody else" not in text
    assert f'value="{first}"' in text
    assert f'value="{second}"' in text
    assert other not in text


def test_each_form_links_to_its_receipt(person: Person) -> None:
    lead_id = person.send_form()
    path = consent_path(person.world.signer.consent(lead_id))
    assert f'href="{path}"' in person.text(person.path())
    assert WORDING in person.text(path)


def test_the_page_does_not_show_the_verdict(person: Person) -> None:
    person.world.take(email=ANN, company_size="1-50")
    text = person.text(person.path())
    assert "We have not passed it on to anybody." in text
    for words in ("at least", "disqualified", "qualif", "spam", "duplicate", "suppress"):
        assert words not in text.lower(), words
    data = person.open(f"{person.path()}/your-data.json").text
    for words in ("verdict", "disqualified", "review", "criteria"):
        assert words not in data, words


def test_letters_and_visits_are_shown(person: Person) -> None:
    lead_id = person.world.take(email=ANN)
    message = NewMessage(
        key="guide",
        channel=Channel.MAIL,
        kind="guide",
        recipient=VISITOR,
        queued_at=NOW,
        due_at=NOW,
        lead_id=lead_id,
    )

    def send(records: WriteTransaction) -> None:
        records.outbox.queue(message)
        (claimed,) = records.outbox.claim(NOW, NOW + HOUR, 1)
        records.outbox.record_sent(claimed, NOW, Attempt())

    person.world.ledger.transact(send)
    text = person.text(person.path())
    assert "The letter with your files, sent on Monday, 23 November 2026" in text
    assert "<dt>From</dt><dd>https://r.example</dd>" in text


def test_the_same_data_can_be_saved_as_a_file(person: Person) -> None:
    lead_id = person.send_form("/a-post/")
    answer = person.open(f"{person.path()}/your-data.json")
    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="your-data.json"'
    (form,) = json.loads(answer.text)["forms"]
    assert form["lead"] == lead_id
    assert form["answers"]["email"] == ANN
    assert (form["page"], form["ticked"], form["wording"]) == ("/a-post/", True, WORDING)
    assert (form["passed_on_to"], form["received_at"]) == (
        "Acme Cloud, Inc.",
        "2026-11-23T15:00:00.000000Z",
    )


def test_opening_the_page_changes_nothing(person: Person) -> None:
    person.send_form()
    head = person.world.ledger.read(lambda reading: reading.events.head())
    for path in (ASK, person.path(), f"{person.path()}/your-data.json"):
        person.open(path)
    assert person.world.ledger.read(lambda reading: reading.events.head()) == head


def test_what_a_person_typed_is_inert_on_the_page(person: Person) -> None:
    person.world.take(email=ANN, full_name="<script>alert(1)</script>")
    answer = person.open(person.path())
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text


# Withdrawing.


def test_one_consent_is_withdrawn_and_the_others_are_kept(person: Person) -> None:
    first, second = person.send_form("/a/"), person.send_form("/b/", slug="rival")
    answer = person.withdraw(first)
    assert (answer.status_code, answer.location) == (303, person.path())
    assert (person.withdrawn(first), person.withdrawn(second)) == (True, False)
    assert "<dt>Withdrawn</dt><dd>Monday, 23 November 2026, 10:00" in person.text(person.path())


def test_all_consents_are_withdrawn_at_the_same_time(person: Person) -> None:
    leads = [person.send_form("/a/"), person.send_form("/b/", slug="rival")]
    assert "Withdraw all 2 consents" in person.text(person.path())
    person.withdraw("all")
    person.withdraw("all")
    assert [person.world.kinds(lead).count("consent_withdrawn") for lead in leads] == [1, 1]
    assert "Withdraw my consent" not in person.text(person.path())


def test_the_client_reads_the_withdrawal_in_the_api(person: Person) -> None:
    lead_id = person.send_form()
    assert person.world.lead(lead_id)["consent_withdrawn"] is False
    person.withdraw(lead_id)
    lead = person.world.lead(lead_id)
    assert (lead["consent_withdrawn"], lead["silence_never_accepts"]) == (True, True)
    assert lead["consent"]["given"] is True  # what was ticked stays a fact
    assert lead["events"][-1]["type"] == "consent_withdrawn"
    assert lead["events"][-1]["source"] == "visitor"


def test_a_lead_of_another_address_cannot_be_withdrawn(person: Person) -> None:
    person.send_form()
    other = person.world.take(email="bob@clinic.example")
    assert person.withdraw(other).status_code == 303
    assert not person.withdrawn(other)


def test_another_site_cannot_withdraw(person: Person) -> None:
    lead_id = person.send_form()
    assert person.withdraw(lead_id, Sec_Fetch_Site="cross-site").status_code == 403
    assert not person.withdrawn(lead_id)


# Links.


def test_the_link_ends_after_a_day_and_the_page_offers_a_new_one(person: Person) -> None:
    person.send_form()
    path = person.path()
    person.clock.move_to(NOW + 24 * HOUR)
    assert person.open(path).status_code == 200
    person.clock.move_to(NOW + 24 * HOUR + timedelta(seconds=1))
    answer = person.open(path)
    assert answer.status_code == 410
    assert f'href="{ASK}"' in answer.text


def test_a_link_for_something_else_opens_nothing(person: Person) -> None:
    lead_id = person.send_form()
    tokens = (
        person.world.signer.consent(lead_id),
        person.world.signer.files("guide", lead_id),
        f"{person.path().rpartition('/')[2]}x",
        "nonsense",
    )
    for token in tokens:
        for path in (own_data_path(token), f"{own_data_path(token)}/your-data.json"):
            assert person.open(path).status_code == 404
    assert person.open(consent_path(person.path().rpartition("/")[2])).status_code == 404


def test_after_erasure_the_page_is_empty(person: Person) -> None:
    lead_id = person.send_form()
    path = person.path()
    person.world.ledger.transact(lambda records: erase_leads(records, [lead_id], NOW))
    assert "We no longer store any data under this address." in person.text(path)
    assert json.loads(person.open(f"{path}/your-data.json").text) == {"forms": []}


def test_no_page_is_stored_indexed_or_sent_as_referrer(person: Person) -> None:
    lead_id = person.send_form()
    consent = consent_path(person.world.signer.consent(lead_id))
    paths = (ASK, person.path(), f"{person.path()}/your-data.json", consent, f"{ASK}/nonsense")
    for path in paths:
        headers = person.open(path).headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Robots-Tag"] == "noindex"
        assert "Set-Cookie" not in headers
    for path in paths:
        assert "touch.js" not in person.open(path).text
