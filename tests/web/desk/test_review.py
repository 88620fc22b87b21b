"""The queue of leads in review: its order, decisions, undo, and what each role sees."""

import re
from datetime import timedelta

import pytest

from capture.intake.quarantine import hold_back
from capture.lead.events import Actor, Event
from capture.ledger.protocol import WriteTransaction
from capture.ledger.users import Role
from capture.review.acts import Act, dispute, find_lead
from capture.users.accounts import add_user
from tests.samples import NOW
from tests.web.desk.conftest import Browser, DeskWorld, hash_of_words, words

REVIEW = "/review"


def last_event(desk: DeskWorld, lead_id: str) -> Event:
    events = desk.world.ledger.read(lambda reading: list(reading.events.select(lead_id=lead_id)))
    return events[-1].event


def send(browser: Browser, lead_id: str, action: str, **fields: object) -> str:
    """Sends a form of the queue and returns the words of the page that follows."""
    browser.get(REVIEW)
    answer = browser.post(f"{REVIEW}/{lead_id}", action=action, seen=0, **fields)
    return browser.text(REVIEW) if answer.status_code == 303 else words(answer)


def order(browser: Browser, path: str = REVIEW) -> list[str]:
    return re.findall(r'id="lead-(\w+)"', browser.get(path).text)


def test_a_client_starts_with_its_queue_in_the_order_of_deadlines(desk: DeskWorld) -> None:
    late = desk.world.take(at=NOW + timedelta(hours=1))
    unnotified = desk.world.take("notified", at=NOW - timedelta(days=3))
    soon = desk.world.take(at=NOW - timedelta(hours=1))
    desk.world.take("rival")
    desk.world.take(test=True)
    desk.world.take(company_size="1-50")
    carol = desk.user("carol")
    assert carol.get("/").location == "/desk/review"
    assert order(carol) == [soon, late, unnotified]
    text = carol.text(REVIEW)
    assert "3 leads wait for you" in text
    assert "1 day 23 hours left" in text
    assert (
        "If nobody answers until Wednesday, 25 November 2026, 14:00 (Coordinated Universal Time)"
        in text
    )
    assert "silence accepts it" in text
    assert "Its review window has not started" in text
    assert "Accepting ends the review and costs $50.00, net of tax." in text
    assert last_event(desk, unnotified).kind == "qualified"  # opening the page is no notice
    assert order(desk.user("oscar")) != order(carol)


def test_accepting_leads_to_the_next_lead_and_can_be_undone_for_ten_seconds(
    desk: DeskWorld,
) -> None:
    first, second = desk.world.take(), desk.world.take()
    carol = desk.user("carol")
    assert f'name="next" value="{second}"' in carol.get(REVIEW).text
    answer = carol.post(f"{REVIEW}/{first}", action="accept", seen=0, next=second)
    assert answer.location == f"/desk/review#lead-{second}"
    event = last_event(desk, first)
    assert (event.kind, event.actor) == ("accepted", Actor.CLIENT)
    text = carol.text(REVIEW)
    assert "One lead waits for you" in text
    assert "Ann Lee: You accepted it. You can undo it until 15:00:10" in text
    assert carol.post(f"{REVIEW}/{first}/undo").location == f"/desk/review#lead-{first}"
    assert "Undone. The lead waits for an answer again." in carol.text(REVIEW)
    assert last_event(desk, first).kind == "withdrawn"
    assert carol.post(f"{REVIEW}/{first}/undo").status_code == 303  # a second click
    assert last_event(desk, first).kind == "withdrawn"


def test_after_ten_seconds_nothing_is_undone(desk: DeskWorld) -> None:
    lead_id, carol = desk.world.take(), desk.user("carol")
    assert "You can undo it" in send(carol, lead_id, "accept")
    desk.clock.shift(timedelta(seconds=11))
    assert "You can undo it" not in carol.text(REVIEW)
    answer = carol.post(f"{REVIEW}/{lead_id}/undo")
    assert answer.status_code == 409
    assert "a review can be undone for ten seconds" in words(answer)
    assert last_event(desk, lead_id).kind == "accepted"


def test_only_the_person_who_decided_undoes_it(desk: DeskWorld) -> None:
    lead_id, cora = desk.world.take(), colleague(desk)
    send(desk.user("carol"), lead_id, "accept")
    assert "You can undo it" not in cora.text(REVIEW)
    assert cora.post(f"{REVIEW}/{lead_id}/undo").status_code == 409
    assert last_event(desk, lead_id).kind == "accepted"


def test_a_rejection_keeps_its_reason_and_note(desk: DeskWorld) -> None:
    lead_id, carol = desk.world.take(), desk.user("carol")
    fields = {"reason": "too_small", "sure": "too_small", "note": "Seven people."}
    assert "You rejected it" in send(carol, lead_id, "reject", **fields)
    assert last_event(desk, lead_id).data["reason"] == "too_small"
    notes = desk.world.ledger.read(lambda reading: list(reading.people.notes(lead_id)))
    assert [(note.author, note.text) for note in notes] == [("carol", "Seven people.")]


def test_a_reason_that_contradicts_the_answer_is_asked_about_once(desk: DeskWorld) -> None:
    lead_id, carol = desk.world.take(), desk.user("carol")
    carol.get(REVIEW)
    answer = carol.post(
        f"{REVIEW}/{lead_id}", action="reject", seen=0, reason="too_small", note="Seven."
    )
    assert answer.status_code == 422
    assert "The form says “101+” for “Company size”. Reject all the same?" in words(answer)
    assert 'name="sure" value="too_small"' in answer.text
    assert ">Seven.</textarea>" in answer.text
    assert 'value="too_small" required checked' in answer.text
    assert last_event(desk, lead_id).kind == "qualified"
    assert "You rejected it" in send(
        carol, lead_id, "reject", reason="too_small", sure="too_small", note="Seven."
    )


@pytest.mark.parametrize(
    ("action", "fields", "problem"),
    [
        ("reject", {}, "Choose one of the reasons."),
        ("reject", {"reason": "no_such"}, "is not a reason of guide; choose one of: too_small"),
        ("reject", {"reason": "too_small", "note": "x" * 2001}, "longer than 2000 characters"),
        ("sell", {}, "Nothing was recorded. Use one of the buttons."),
    ],
)
def test_a_form_that_cannot_be_recorded_says_why(
    desk: DeskWorld, action: str, fields: dict[str, object], problem: str
) -> None:
    lead_id, carol = desk.world.take(), desk.user("carol")
    assert problem in send(carol, lead_id, action, **fields)
    assert last_event(desk, lead_id).kind == "qualified"


def test_a_lead_that_the_agency_checks_is_shown_and_offers_nothing(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    signals = [{"name": "burst", "weight": 100, "leads": 12}]
    desk.world.ledger.transact(
        lambda records: hold_back(records, find_lead(records, lead_id), signals, NOW)
    )
    text = desk.user("carol").text(REVIEW)
    assert "The agency is checking one lead of yours" in text
    assert "Being checked by the agency" in text
    assert "Ann Lee" in text
    assert "burst" not in text
    assert "Accept" not in text
    ((_, access),) = desk.world.ledger.read(lambda reading: reading.users.accesses(limit=5))
    assert (access.page, access.lead_id) == ("review", lead_id)


def test_a_client_finds_the_rejections_that_the_agency_disputes(desk: DeskWorld) -> None:
    lead_id, other_id = desk.world.take(), desk.world.take("rival", full_name="Rival Roe")
    for name, rejected in (("carol", lead_id), ("oscar", other_id)):
        send(desk.user(name), rejected, "reject", reason="too_small", sure="too_small")
    desk.clock.shift(timedelta(minutes=1))
    assert "that the agency disputes" not in desk.user("carol").text(REVIEW)
    act = Act(lead_id, "Ada", Actor.AGENCY)
    desk.world.ledger.transact(lambda records: dispute(records, act, NOW + timedelta(minutes=1)))
    page = desk.user("carol").get(REVIEW)
    assert "Rejections that the agency disputes They stay rejected" in words(page)
    assert f'<a href="/desk/leads/{lead_id}"><bdi>Ann Lee</bdi></a>' in page.text
    assert other_id not in page.text
    assert "that the agency disputes" not in desk.user("oscar").text(REVIEW)
    assert "that the agency disputes" not in desk.user("ada").text(f"{REVIEW}?client=acme")
    assert desk.user("carol").post(f"/leads/{lead_id}/review", action="settle").status_code == 303
    assert "that the agency disputes" not in desk.user("carol").text(REVIEW)


def test_a_client_finds_the_rejections_that_the_agency_entered_for_it(desk: DeskWorld) -> None:
    lead_id = desk.world.take()
    heading = "Rejections that the agency entered for you"
    entered = {"reason": "too_small", "sure": "too_small", "stated": "yes"}
    send(desk.user("ada"), lead_id, "reject", **entered)
    page = desk.user("carol").get(REVIEW)
    assert f"{heading} They cost nothing." in words(page)
    link = f'<a href="/desk/leads/{lead_id}"><bdi>Ann Lee</bdi></a>'
    assert f"{link}, until Wednesday, 25 November 2026, 15:00 (" in page.text
    for name, path in (("oscar", REVIEW), ("ada", f"{REVIEW}?client=acme")):
        assert heading not in desk.user(name).text(path)
    assert desk.user("carol").post(f"/leads/{lead_id}/review", action="accept").status_code == 303
    assert heading not in desk.user("carol").text(REVIEW)


def test_a_rejection_that_is_final_is_not_shown_as_open(desk: DeskWorld) -> None:
    entered = {"reason": "too_small", "sure": "too_small", "stated": "yes"}
    send(desk.user("ada"), desk.world.take(), "reject", **entered)
    desk.clock.shift(timedelta(days=3))
    desk.user("carol").log_in("carol")
    assert "the agency entered for you" not in desk.user("carol").text(REVIEW)


def test_a_client_neither_sees_nor_decides_leads_of_others(desk: DeskWorld) -> None:
    lead_id, oscar = desk.world.take(), desk.user("oscar")
    assert "No lead waits for you" in oscar.text(REVIEW)
    for path in (f"{REVIEW}/{lead_id}", f"{REVIEW}/{lead_id}/undo"):
        answer = oscar.post(path, action="accept", seen=0)
        assert answer.status_code == 404
        assert "There is no such lead to decide." in words(answer)
        assert "Ann Lee" not in answer.text
    assert oscar.post(f"{REVIEW}/unknown", action="accept").status_code == 404
    assert lead_id not in oscar.get(f"{REVIEW}?client=acme").text
    assert last_event(desk, lead_id).kind == "qualified"


def test_the_agency_sees_all_clients_and_enters_what_a_client_said(desk: DeskWorld) -> None:
    ours, rival = desk.world.take(), desk.world.take("rival")
    ada = desk.user("ada")
    assert set(order(ada)) == {ours, rival}
    assert order(ada, f"{REVIEW}?client=other") == [rival]
    assert "If the client does not answer before" in ada.text(REVIEW)
    assert "Tick that the client told you so." in send(ada, ours, "accept")
    assert last_event(desk, ours).kind == "qualified"
    text = send(ada, ours, "accept", stated="yes")
    event = last_event(desk, ours)
    assert (event.kind, event.actor) == ("accepted", Actor.AGENCY)
    assert event.data["on_behalf_of"] == "client"
    assert "You entered the client's acceptance." in text
    assert "You can undo it until" in text
    assert ada.post(f"{REVIEW}/{ours}/undo").status_code == 303
    assert last_event(desk, ours).kind == "withdrawn"


def test_the_agency_accepts_nothing_that_silence_could_not(desk: DeskWorld) -> None:
    lead_id, ada = desk.world.take("notified"), desk.user("ada")
    page = ada.get(REVIEW)
    assert "because the client was not notified yet" in words(page)
    assert 'value="accept"' not in page.text
    assert 'value="reject"' in page.text
    text = send(ada, lead_id, "accept", stated="yes")
    assert "the client was not notified of it yet" in text
    assert last_event(desk, lead_id).kind == "qualified"


def test_a_long_queue_has_pages(desk: DeskWorld) -> None:
    ids = [desk.world.take(at=NOW + timedelta(minutes=number)) for number in range(21)]
    carol = desk.user("carol")
    page = carol.get(REVIEW)
    assert order(carol) == ids[:20]
    later = re.search(r'href="/desk(/review\?after=[^"]+)"', page.text)
    assert later is not None
    assert order(carol, later[1]) == ids[20:]
    assert order(carol, f"{REVIEW}?after=nonsense") == ids[:20]


def test_looking_at_the_queue_is_logged_and_a_viewer_may_not(desk: DeskWorld) -> None:
    desk.world.take()
    desk.world.take()
    desk.user("carol").get(REVIEW)
    entries = desk.world.ledger.read(lambda reading: list(reading.users.accesses(limit=9)))
    assert [(entry.page, entry.count) for _, entry in entries] == [("review", 2)]
    assert desk.user("vera").get(REVIEW).status_code == 403


def colleague(desk: DeskWorld) -> Browser:
    """A second user of the client acme, logged in."""

    def add(records: WriteTransaction) -> None:
        added = add_user(records, "cora", Role.CLIENT, NOW, client="acme", by="Ada")
        records.users.set_passphrase(added.id, hash_of_words())

    desk.world.ledger.transact(add)
    return desk.user("cora")
