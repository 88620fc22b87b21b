"""Two users correct the same lead: nobody undoes a correction that they did not see."""

import re
from html import unescape

from tests.web.desk.conftest import DeskWorld, words
from tests.web.desk.test_lead_acts import desk_email, send


def opened_form(desk: DeskWorld, lead_id: str) -> dict[str, str]:
    """All inputs of the form that corrects a lead, as the page shows them now."""
    page = desk.user("ada").get(f"/leads/{lead_id}").text
    form = page.partition(f'/leads/{lead_id}/correction"')[2].partition("</form>")[0]
    inputs = re.findall(r'<input [^>]*name="((?:shown-)?answer-\w+)" value="([^"]*)"', form)
    choices = re.findall(
        r'(?s)<select [^>]*name="(answer-\w+)">(?:(?!</select>).)*value="([^"]*)" selected', form
    )
    return {name: unescape(value) for name, value in [*inputs, *choices]}


def name_of(desk: DeskWorld, lead_id: str) -> str:
    data = desk.world.ledger.read(lambda reading: reading.people.personal_data(lead_id))
    assert data is not None
    return str(data.answers["full_name"])


def test_a_correction_keeps_what_a_colleague_corrected_after_the_page_was_opened(
    desk: DeskWorld,
) -> None:
    lead_id = desk.world.take()
    form = opened_form(desk, lead_id)
    assert form["answer-full_name"] == form["shown-answer-full_name"] == "Ann Lee"
    renamed = form | {"answer-full_name": "Ann Lea"}
    assert send(desk, "ada", lead_id, "correction", **renamed).status_code == 303
    other = form | {"answer-email": "ann.lee@clinic.example"}
    assert send(desk, "ada", lead_id, "correction", **other).status_code == 303
    assert name_of(desk, lead_id) == "Ann Lea"
    assert desk_email(desk, lead_id) == "ann.lee@clinic.example"


def test_two_corrections_of_one_answer_are_shown_before_the_second_one_counts(
    desk: DeskWorld,
) -> None:
    lead_id = desk.world.take()
    form = opened_form(desk, lead_id)
    send(desk, "ada", lead_id, "correction", **(form | {"answer-full_name": "Ann Lea"}))
    mine = form | {"answer-full_name": "Anne"}
    refused = send(desk, "ada", lead_id, "correction", **mine)
    assert refused.status_code == 409
    assert "somebody corrected Name after you opened the page" in words(refused)
    assert 'name="answer-full_name" value="Anne"' in refused.text  # what was typed
    assert name_of(desk, lead_id) == "Ann Lea"
    again = mine | {"shown-answer-full_name": "Ann Lea"}
    assert 'name="shown-answer-full_name" value="Ann Lea"' in refused.text
    assert send(desk, "ada", lead_id, "correction", **again).status_code == 303
    assert name_of(desk, lead_id) == "Anne"


def test_a_refused_correction_shows_the_newest_answers_beside_what_was_typed(
    desk: DeskWorld,
) -> None:
    lead_id = desk.world.take()
    form = opened_form(desk, lead_id)
    send(desk, "ada", lead_id, "correction", **(form | {"answer-full_name": "Ann Lea"}))
    refused = send(desk, "ada", lead_id, "correction", **(form | {"answer-email": "no address"}))
    assert refused.status_code == 422
    assert 'name="answer-email" value="no address"' in refused.text
    assert 'name="answer-full_name" value="Ann Lea"' in refused.text
