"""The page of leads in quarantine: why each is there, release and discard, and spam."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from capture.intake.quarantine import hold_back
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.lead.consent import Consent
from capture.ledger.protocol import WriteTransaction
from capture.web.desk import quarantine as page
from tests.samples import ANSWERS, NOW, consent_to
from tests.web.desk.conftest import Browser, DeskWorld, words

Signals = Sequence[Mapping[str, Any]]
BURST: Signals = [{"name": "burst", "weight": 100, "leads": 12, "minutes": 60}]
NETWORK: Signals = [{"name": "network", "weight": 120, "leads": 30, "minutes": 60}]


def held(
    desk: DeskWorld,
    signals: Signals = BURST,
    *,
    at: datetime = NOW,
    slug: str = "notified",
    **answers: Any,
) -> str:
    """A lead in quarantine."""
    lead_id = desk.world.take(slug, at=at, **answers)

    def hold(records: WriteTransaction) -> None:
        lead = records.leads.get(lead_id)
        assert lead is not None
        hold_back(records, lead, signals, at)

    desk.world.ledger.transact(hold)
    return lead_id


def spam(
    desk: DeskWorld,
    email: str = "spam@clinic.example",
    *,
    consent: bool = True,
    signals: tuple[str, ...] = ("too_fast", "honeypot"),
    at: datetime = NOW,
) -> str:
    """A lead that is spam."""
    terms = desk.world.terms["guide"]
    given = consent_to(terms.version) if consent else Consent(given=False, version=terms.version)
    sent = Submission({**ANSWERS, "email": email}, given, spam_signals=signals)
    return desk.world.ledger.transact(
        lambda records: receive_submission(records, terms, sent, at)
    ).lead_id


def stage(desk: DeskWorld, lead_id: str) -> str:
    lead = desk.world.ledger.read(lambda reading: reading.leads.get(lead_id))
    assert lead is not None
    return lead.review


def decide(browser: Browser, **fields: Any) -> str:
    """Sends the form of a decision. Returns the words of the page that follows."""
    answer = browser.post("/quarantine", **fields)
    assert answer.status_code == 303, words(answer)
    return browser.text(answer.location.removeprefix("/desk"))


def link_to(path: str, text: str) -> str:
    """The only link of a page to an address that begins with this path."""
    (found,) = re.findall(f'href="/desk({re.escape(path)}[^"]*)"', text)
    return str(found)


def alike_spam(browser: Browser) -> TestResponse:
    """The page behind the first link to spam with two signals that looks alike."""
    text = browser.get("/quarantine/spam").text
    found = re.search(r'href="/desk(/quarantine/spam\?[^"]*signals=too_fast[^"]*)"', text)
    assert found is not None
    return browser.get(unescape(found[1]))


def test_an_empty_page_says_when_a_lead_comes_here(desk: DeskWorld) -> None:
    assert "No lead is in quarantine. A lead comes here if" in desk.user("ada").text("/quarantine")
    assert "No spam was received in the last 30 days." in desk.user("ada").text("/quarantine/spam")


def test_a_lead_is_shown_with_its_signals_its_answers_and_what_looks_alike(
    desk: DeskWorld,
) -> None:
    second = held(desk, full_name="Second Person")
    first = held(desk, NETWORK, at=NOW - timedelta(hours=2), full_name="First Person")
    held(desk)
    answer = desk.user("ada").get("/quarantine")
    assert answer.text.index(first) < answer.text.index(second)
    text = words(answer)
    for part in (
        "3 leads wait until you release or discard them.",
        "First Person client does not see it",
        "Waits for 2 hours",
        "30 companies or mailboxes sent the form from one network within an hour. 120",
        "Sum; the limit is 100 120",
        "Company size 101+",
        "1 other lead looks alike",
    ):
        assert part in text
    assert f'href="/desk/leads/{first}"' in answer.text
    alike = desk.user("ada").text("/quarantine?campaign=notified&signals=burst")
    assert "2 leads of notified with the same signals" in alike
    assert "First Person" not in alike


def test_a_lead_is_released_with_a_note_and_the_result_is_shown(desk: DeskWorld) -> None:
    lead_id = held(desk)
    ada = desk.user("ada")
    ada.get("/quarantine")
    text = decide(ada, act="release", lead_id=lead_id, note="called her")
    assert "1 released (1 qualified)." in text
    assert f"Lead {lead_id} : Qualified. " in text
    notes = desk.world.ledger.read(lambda reading: reading.people.notes(lead_id))
    assert [(note.kind, note.author, note.text) for note in notes] == [
        ("released", "ada", "called her")
    ]
    text = decide(ada, act="release", lead_id=lead_id)
    assert "0 released, 1 not released." in text
    assert f"Lead {lead_id} : Qualified. " in text


def test_a_released_lead_may_turn_out_to_be_a_duplicate(desk: DeskWorld) -> None:
    lead_id = held(desk, email="ann@same.example")
    desk.world.take("notified", email="ann@same.example", full_name="Ann B. Lee")
    ada = desk.user("ada")
    ada.get("/quarantine")
    text = decide(ada, act="release", lead_id=lead_id)
    assert "1 released (1 duplicate)." in text
    assert f"Lead {lead_id} : Duplicate. The client has this person." in text


def test_all_that_look_alike_are_decided_together(desk: DeskWorld) -> None:
    alike, other = [held(desk) for _ in range(3)], held(desk, NETWORK)
    ada = desk.user("ada")
    opened = ada.get("/quarantine?campaign=notified&signals=burst").text
    (seen_at,) = re.findall('name="seen_at" value="([^"]+)"', opened)
    late = held(desk, at=NOW + timedelta(seconds=1))
    fields = {"campaign": "notified", "signals": "burst", "seen_at": seen_at}
    assert "3 discarded." in decide(ada, act="discard", **fields)
    assert {stage(desk, lead_id) for lead_id in alike} == {"discarded"}
    assert {stage(desk, lead_id) for lead_id in (other, late)} == {"quarantined"}
    assert "No such lead waits for this any more." in decide(ada, act="discard", **fields)


def test_one_click_decides_so_many_and_says_what_is_left(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "MOST_AT_ONCE", 2)
    for _ in range(3):
        held(desk)
    ada = desk.user("ada")
    assert "One click decides 2 of them" in ada.text("/quarantine?campaign=notified&signals=burst")
    fields = {"campaign": "notified", "signals": "burst", "seen_at": "2026-12-01T00:00:00Z"}
    text = decide(ada, act="release", **fields)
    assert "2 released (2 qualified)." in text
    assert "1 more lead of this kind: decide again" in text


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"lead_id": "a"}, "choose whether to release or to discard"),
        ({"act": "release"}, "only leads of one campaign with the same signals"),
        ({"act": "release", "campaign": "notified"}, "only leads of one campaign"),
    ],
)
def test_a_form_that_names_no_leads_is_refused(
    desk: DeskWorld, fields: Mapping[str, str], problem: str
) -> None:
    ada = desk.user("ada")
    held(desk)
    ada.get("/quarantine")
    answer = ada.post("/quarantine", **fields)
    assert answer.status_code == 409
    assert problem in words(answer)


def test_the_list_has_pages(desk: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE_SIZE", 2)
    ids = [held(desk, at=NOW - timedelta(minutes=9 - number)) for number in range(3)]
    ada = desk.user("ada")
    first = ada.get("/quarantine").text
    assert [lead_id for lead_id in ids if lead_id in first] == ids[:2]
    second = ada.get(link_to("/quarantine?after", first)).text
    assert [lead_id for lead_id in ids if lead_id in second] == ids[2:]
    assert "First page" in second
    assert "Next page" not in second


def test_a_look_at_the_list_is_logged(desk: DeskWorld) -> None:
    lead_id = held(desk)
    desk.user("ada").get("/quarantine")
    ((_, access),) = desk.world.ledger.read(lambda reading: reading.users.accesses(limit=9))
    assert (access.page, access.lead_id, access.count) == ("quarantine", lead_id, 1)


def test_spam_is_listed_with_its_reasons_and_rescued(desk: DeskWorld) -> None:
    lead_id = spam(desk)
    ada = desk.user("ada")
    text = ada.text("/quarantine/spam")
    assert "The form was sent faster than a person can fill it in." in text
    assert "Ann Lee" in ada.text(f"/quarantine/spam/{lead_id}")
    answer = ada.post(f"/quarantine/spam/{lead_id}", note="she wrote to us")
    assert answer.status_code == 303
    text = ada.text("/quarantine/spam")
    assert "was judged again. Qualified. Silence never accepts it" in text
    assert stage(desk, lead_id) == "qualified"
    assert ada.post(f"/quarantine/spam/{lead_id}").status_code == 303
    assert "was judged again. Qualified." in ada.text("/quarantine/spam")
    assert ada.get(f"/quarantine/spam/{lead_id}").status_code == 409


def test_a_rescue_without_consent_needs_a_basis_and_keeps_what_was_typed(desk: DeskWorld) -> None:
    lead_id = spam(desk, consent=False)
    ada = desk.user("ada")
    assert "Lawful basis" in ada.text(f"/quarantine/spam/{lead_id}")
    answer = ada.post(f"/quarantine/spam/{lead_id}", note="on the phone")
    assert answer.status_code == 422
    assert "state the lawful basis" in words(answer)
    assert 'value="on the phone"' in answer.text
    answer = ada.post(f"/quarantine/spam/{lead_id}", basis="contract, Art. 6(1)(b) GDPR")
    assert answer.status_code == 303
    assert stage(desk, lead_id) == "qualified"


def test_a_discarded_lead_is_listed_with_spam_and_rescued(desk: DeskWorld) -> None:
    lead_id = held(desk)
    ada = desk.user("ada")
    ada.get("/quarantine")
    decide(ada, act="discard", lead_id=lead_id)
    text = ada.text("/quarantine/spam")
    assert "discarded 12 leads came from one traffic source within an hour." in text
    ada.get(f"/quarantine/spam/{lead_id}")
    ada.post(f"/quarantine/spam/{lead_id}")
    assert stage(desk, lead_id) == "qualified"


def test_spam_that_looks_alike_is_rescued_together(desk: DeskWorld) -> None:
    given, other = spam(desk), spam(desk, "other@clinic.example", consent=False)
    robot = spam(desk, "robot@clinic.example", signals=("honeypot", "many_links"))
    ada = desk.user("ada")
    page_of_alike = alike_spam(ada)
    assert "2 leads of guide with the same signals" in words(page_of_alike)
    assert f"/leads/{robot}" not in page_of_alike.text
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', page_of_alike.text))
    desk.clock.shift(timedelta(minutes=1))
    late = spam(desk, "late@clinic.example", at=NOW + timedelta(minutes=1))
    answer = ada.post("/quarantine/spam", **form, note="all wrote to us")
    assert (answer.status_code, stage(desk, other)) == (303, "spam")
    text = ada.text("/quarantine/spam")
    assert "1 rescued (1 qualified), 1 not rescued." in text
    assert re.search(f"lead {other}: [^.]+; state the lawful basis", text)
    assert ada.post("/quarantine/spam", **form, basis="contract, Art. 6(1)(b)").status_code == 303
    assert "1 rescued (1 qualified)." in ada.text("/quarantine/spam")
    stages = [stage(desk, lead_id) for lead_id in (given, other, robot, late)]
    assert stages == ["qualified", "qualified", "spam", "spam"]
    ada.post("/quarantine/spam", **form)  # a second click
    assert "No such lead waits for this any more." in ada.text("/quarantine/spam")


def test_only_so_many_are_rescued_with_one_click(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "MOST_AT_ONCE", 1)
    ids = [spam(desk, f"{name}@clinic.example") for name in "ab"]
    ada = desk.user("ada")
    alike = alike_spam(ada)
    assert "More than 1 leads of guide" in words(alike)
    assert "One click rescues 1 of them, the newest first." in words(alike)
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', alike.text))
    ada.post("/quarantine/spam", **form)
    assert "1 more lead of this kind: decide again" in ada.text("/quarantine/spam")
    assert sorted(stage(desk, lead_id) for lead_id in ids) == ["qualified", "spam"]


@pytest.mark.parametrize("missing", ["campaign", "signals", "seen_at"])
def test_spam_is_rescued_together_only_if_it_looks_alike(desk: DeskWorld, missing: str) -> None:
    lead_id, ada = spam(desk), desk.user("ada")
    ada.get("/quarantine/spam")
    form = {"campaign": "guide", "signals": "too_fast,honeypot", "seen_at": "2026-12-01T00:00:00Z"}
    answer = ada.post("/quarantine/spam", **(form | {missing: ""}))
    assert answer.status_code == (303 if missing == "seen_at" else 409)
    assert stage(desk, lead_id) == "spam"


def test_spam_has_pages_and_a_filter_and_ends_after_thirty_days(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PAGE_SIZE", 1)
    ids = {spam(desk, "a@a.example"), spam(desk, "b@b.example")}
    ada = desk.user("ada")
    newest = ada.get("/quarantine/spam").text
    older = ada.get(link_to("/quarantine/spam?after", newest)).text
    shown = [[lead_id for lead_id in ids if lead_id in text] for text in (newest, older)]
    assert [len(part) for part in shown] == [1, 1]
    assert {*shown[0], *shown[1]} == ids
    assert "No spam was received in the last 30 days for this campaign." in ada.text(
        "/quarantine/spam?campaign=rival"
    )
    desk.clock.shift(timedelta(days=31))
    ada = desk.browser()
    ada.log_in("ada")
    assert "No spam was received" in ada.text("/quarantine/spam")


@pytest.mark.parametrize("name", ["carol", "oscar", "vera"])
def test_only_the_agency_sees_quarantine_and_spam(desk: DeskWorld, name: str) -> None:
    lead_id, unreal = held(desk), spam(desk)
    browser = desk.user(name)
    for path in ("/quarantine", "/quarantine/spam", f"/quarantine/spam/{unreal}"):
        assert browser.get(path).status_code == 403
    browser.get("/")
    assert browser.post("/quarantine", act="release", lead_id=lead_id).status_code == 403
    assert browser.post(f"/quarantine/spam/{unreal}").status_code == 403
    assert (stage(desk, lead_id), stage(desk, unreal)) == ("quarantined", "spam")
