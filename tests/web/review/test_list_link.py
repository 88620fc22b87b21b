"""The list of what waits, through the link in a client's letter."""

import re
from datetime import timedelta

import pytest

from capture.web.review import leads
from tests.samples import NOW
from tests.web.review.conftest import CONTACT, Letterbox

HOUR = timedelta(hours=1)


def names(text: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", text)


def test_the_list_has_what_waits_with_the_soonest_deadline_first(box: Letterbox) -> None:
    box.world.take("notified", full_name="Not Notified")
    box.world.take(full_name="Later Lead", at=NOW - HOUR)
    box.world.take(full_name="Sooner Lead", at=NOW - 40 * HOUR)
    box.world.take(full_name="Silent Lead", at=NOW - 48 * HOUR)
    box.world.take("rival", full_name="Other Client")
    box.world.take(full_name="Small Firm", company_size="1-50")
    box.world.take(full_name="Test Lead", test=True)
    text = box.text(box.list_link())
    assert names(text) == ["Sooner Lead", "Later Lead", "Not Notified"]
    assert "3 leads wait" in text
    assert "8 hours left." in text


def test_each_lead_of_the_list_can_be_opened_reviewed_and_undone(box: Letterbox) -> None:
    first, second = box.world.take(), box.world.take()
    path = box.list_link()
    for lead_id, action in ((first, "accept"), (second, "reject")):
        page = f"{path}/{lead_id}"
        assert f'href="{page}"' in box.open(path).text
        assert f'href="{path}"' in box.open(page).text
        sent = box.send(page, action, reason="too_small")
        assert (sent.status_code, sent.location) == (303, page)
        assert "You can undo it until" in box.text(page)
    assert "No lead waits" in box.text(path)
    assert box.send(f"{path}/{first}", "undo").status_code == 303
    assert "One lead waits" in box.text(path)


def test_a_long_list_shows_the_most_urgent_and_counts_the_rest(
    box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leads, "MAX_LISTED", 2)
    for hours in (3, 1, 2):
        box.world.take(full_name=f"Lead {hours}", at=NOW - hours * HOUR)
    text = box.text(box.list_link())
    assert names(text) == ["Lead 3", "Lead 2"]
    assert "3 leads wait" in text
    assert "1 more waits." in text


def test_an_empty_list_says_so(box: Letterbox) -> None:
    text = box.text(box.list_link())
    assert "No lead waits" in text
    assert "Every lead of Acme Cloud has been reviewed" in text


def test_the_list_takes_no_act_itself(box: Letterbox) -> None:
    box.world.take()
    head = box.head()
    assert box.send(box.list_link(), "accept").status_code == 404
    assert box.head() == head


def test_the_list_opens_no_lead_of_another_client(box: Letterbox) -> None:
    rival = box.world.take("rival")
    assert box.open(f"{box.list_link()}/{rival}").status_code == 410
    assert box.send(f"{box.list_link()}/{rival}", "accept").status_code == 410
    assert box.world.kinds(rival)[-1] == "qualified"


def test_the_list_link_ends_after_seven_days(box: Letterbox) -> None:
    path = box.list_link()
    box.wait(timedelta(days=7))
    assert box.open(path).status_code == 200
    box.wait(timedelta(seconds=1))
    assert box.open(path).status_code == 410


def test_the_list_link_dies_when_the_contact_is_taken_off_the_file(box: Letterbox) -> None:
    lead_id = box.world.take()
    path = box.list_link()
    box.replace_contact(CONTACT, "new@acme-cloud.example.com")
    for address in (path, f"{path}/{lead_id}"):
        assert box.open(address).status_code == 410
