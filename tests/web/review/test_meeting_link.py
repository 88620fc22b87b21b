"""The answer to "was the meeting held?" through the link in a client's letter."""

from datetime import timedelta

import pytest

from capture.lead.events import Actor, EventKind
from tests.samples import NOW
from tests.web.review.conftest import Letterbox

HOUR = timedelta(hours=1)
MEETING = NOW + 2 * HOUR


@pytest.fixture
def lead_id(box: Letterbox) -> str:
    """A lead whose meeting began an hour ago and is paid for when it was held."""
    return agreed(box, "held")


def agreed(box: Letterbox, slug: str) -> str:
    lead_id = box.world.take(slug)
    box.report(lead_id, EventKind.SCHEDULED, meeting_at=MEETING)
    box.wait(3 * HOUR)
    return lead_id


def test_the_page_asks_and_says_what_each_answer_costs(box: Letterbox, lead_id: str) -> None:
    text = box.text(box.meeting_link(lead_id))
    for words in (
        "Ann Lee",
        "Was the meeting held?",
        "The meeting was agreed for Monday, 23 November 2026, 12:00 (Eastern Standard Time).",
        "If nobody answers until Wednesday, 25 November 2026, 12:00 (Eastern Standard Time), it "
        "counts as held.",
        "The agreed price is $250.00 per appointment held (CPAp), net of tax. It also accepts the "
        "lead. No rejection can follow.",
        "It costs nothing. A new meeting may be agreed.",
        "The appointment is not charged.",
    ):
        assert words in text


def test_opening_the_page_changes_nothing(box: Letterbox, lead_id: str) -> None:
    head = box.head()
    for method in ("GET", "HEAD"):
        assert box.open(box.meeting_link(lead_id), method).status_code == 200
    assert box.head() == head


@pytest.mark.parametrize(
    ("action", "kind", "heading"),
    [
        ("held", EventKind.HELD, "The meeting was held"),
        ("no_show", EventKind.NO_SHOW, "The person did not come"),
        ("object", EventKind.OBJECTED, "You objected to the meeting"),
    ],
)
def test_an_answer_is_the_clients_own_and_final(
    box: Letterbox, lead_id: str, action: str, kind: EventKind, heading: str
) -> None:
    link = box.meeting_link(lead_id)
    assert box.send(link, action, reason="too_small").status_code == 303
    event = box.last_event(lead_id)
    assert (event.kind, event.actor) == (kind, Actor.CLIENT)
    head = box.head()
    assert box.send(link, action, reason="too_small").status_code == 303  # a double click
    assert box.head() == head
    text = box.text(link)
    assert heading in text
    assert "Ann Lee" not in text
    assert "<button" not in text


def test_a_held_meeting_has_the_meetings_own_time_and_accepts_the_lead(
    box: Letterbox, lead_id: str
) -> None:
    box.send(box.meeting_link(lead_id), "held")
    assert box.last_event(lead_id).occurred_at == MEETING
    assert box.world.kinds(lead_id)[-2:] == ["accepted", "held"]


def test_an_objection_needs_a_reason_of_the_agreement(box: Letterbox, lead_id: str) -> None:
    answer = box.send(box.meeting_link(lead_id), "object", reason="dull", note="never came")
    assert answer.status_code == 422
    assert "Choose one of the reasons." in answer.text
    assert "never came</textarea>" in answer.text
    assert box.world.kinds(lead_id)[-1] == "scheduled"


def test_before_the_meeting_there_is_nothing_to_answer(box: Letterbox) -> None:
    lead_id = box.world.take("held")
    box.report(lead_id, EventKind.SCHEDULED, meeting_at=MEETING)
    link = box.meeting_link(lead_id)
    assert "You can answer from then on." in box.text(link)
    assert box.send(link, "held").status_code == 409
    assert box.world.kinds(lead_id)[-1] == "scheduled"


def test_after_silence_the_meeting_counts_as_held(box: Letterbox, lead_id: str) -> None:
    link = box.meeting_link(lead_id)
    box.wait(47 * HOUR)
    text = box.text(link)
    assert "Silence counts the meeting as held" in text
    assert "This is final." in text
    answer = box.send(link, "no_show")
    assert answer.status_code == 409
    assert "Your answer was not recorded" in answer.text
    assert box.world.kinds(lead_id)[-1] == "scheduled"


def test_the_client_may_contradict_the_agencys_report(box: Letterbox, lead_id: str) -> None:
    box.report(lead_id, EventKind.HELD)
    link = box.meeting_link(lead_id)
    text = box.text(link)
    assert "The agency reported that the meeting was held" in text
    assert "That becomes final on Wednesday, 25 November 2026, 13:00" in text
    assert "Yes, it was held" not in text
    assert box.send(link, "no_show").status_code == 303
    assert box.last_event(lead_id).kind is EventKind.NO_SHOW


def test_a_no_show_is_charged_where_the_appointment_pays(box: Letterbox) -> None:
    lead_id = agreed(box, "booked")
    text = box.text(box.meeting_link(lead_id))
    assert "The appointment is charged all the same." in text
    assert "It costs nothing more than the appointment itself." in text
    assert "Object to the meeting" in text


def test_where_the_acceptance_pays_a_held_meeting_names_its_cost(box: Letterbox) -> None:
    lead_id = agreed(box, "guide")
    text = box.text(box.meeting_link(lead_id))
    assert "It also accepts the lead, which costs $50.00, net of tax. No rejection" in text
    assert "Object to the meeting" not in text
    assert box.send(box.meeting_link(lead_id), "object", reason="too_small").status_code == 409


def test_a_meeting_link_does_not_review_the_lead(box: Letterbox, lead_id: str) -> None:
    assert box.send(box.meeting_link(lead_id), "reject", reason="too_small").status_code == 422
    assert box.send(box.lead_link(lead_id), "held").status_code == 422
    assert box.open(box.meeting_link(lead_id, client="other")).status_code == 410
    assert box.world.kinds(lead_id)[-1] == "scheduled"


def test_a_rejected_lead_has_no_meeting_to_report(box: Letterbox, lead_id: str) -> None:
    box.send(box.lead_link(lead_id), "reject", reason="too_small")
    text = box.text(box.meeting_link(lead_id))
    assert "The lead was rejected, so there is nothing to report." in text
    assert box.send(box.meeting_link(lead_id), "held").status_code == 409
