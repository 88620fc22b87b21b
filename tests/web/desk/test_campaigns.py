"""Campaigns at the desk: the list, an agreement with its versions, pause and resume."""

from datetime import timedelta

import pytest

from capture.lead.events import EventKind
from tests.samples import CAMPAIGN, campaign
from tests.web.desk.conftest import DeskWorld

CHANGED = CAMPAIGN.replace("hours = 48", "hours = 72")


def change_file(desk: DeskWorld, text: str = CHANGED, slug: str = "guide") -> str:
    """Replaces a campaign's file. Returns the new version."""
    file = desk.folder / "campaigns" / f"{slug}.toml"
    file.write_text(text)
    return campaign(slug=slug, text=text).version


def reload_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the service look at its files with the next request."""
    monkeypatch.setattr("capture.web.services.RELOAD_SECONDS", -1.0)


def pauses(desk: DeskWorld) -> list[EventKind]:
    events = desk.world.ledger.read(lambda reading: list(reading.events.of_account()))
    return [recorded.event.kind for recorded in events if recorded.event.campaign]


def test_the_list_shows_client_state_price_and_leads_in_review(desk: DeskWorld) -> None:
    desk.world.take()
    desk.world.take()
    desk.world.take(test=True)
    text = desk.user("ada").text("/campaigns")
    assert "The guide guide acme open no end $50.00 per accepted lead (CPL) no cap 2" in text
    assert "The guide rival other open no end $50.00 per accepted lead (CPL) no cap 0" in text


def test_the_list_is_filtered_by_client_and_state_in_the_address(desk: DeskWorld) -> None:
    ada = desk.user("ada")
    assert "guide acme" not in ada.text("/campaigns?client=other")
    assert "rival other" in ada.text("/campaigns?client=other")
    assert "No campaign matches these filters" in ada.text("/campaigns?state=ended")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("opens = 2026-12-01", "not begun begins 1 Dec 2026"),
        ("closes = 2026-11-30", "open ends 30 Nov 2026"),
        ("closes = 2026-11-01", "ended ended 1 Nov 2026"),
    ],
)
def test_the_dates_of_the_file_are_the_state(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch, line: str, words: str
) -> None:
    reload_files(monkeypatch)
    change_file(desk, f"{line}\n{CAMPAIGN}")
    assert f"The guide guide acme {words}" in desk.user("ada").text("/campaigns")


def test_the_use_of_caps_is_shown_to_agency_client_and_viewer(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    reload_files(monkeypatch)
    change_file(desk, f"{CAMPAIGN}\n[caps]\nleads_a_month = 2\nmoney_a_month = 500\n")
    desk.world.take()
    desk.world.take()
    desk.clock.shift(timedelta(hours=48))
    for name in ("ada", "carol", "vera"):
        assert "2 of 2 leads 100 % $100.00 of $500.00 0" in desk.user(name).text("/campaigns")
    page = desk.user("carol").text("/campaigns/guide")
    assert "2 of 2 leads (100 %) near the cap $100.00 of $500.00 (20 %)" in page


def test_a_client_sees_only_its_own_campaigns(desk: DeskWorld) -> None:
    carol, oscar = desk.user("carol"), desk.user("oscar")
    assert "rival" not in carol.text("/campaigns")
    assert "rival" in oscar.text("/campaigns")
    version = desk.world.terms["guide"].version
    for path in ("guide", f"guide/versions/{version}", f"guide/versions/{version}/agreement.pdf"):
        assert carol.get(f"/campaigns/{path}").status_code == 200
        answer = oscar.get(f"/campaigns/{path}")
        assert answer.status_code == 404
        assert "guide" not in answer.text.replace(path, "")


def test_a_client_never_sees_the_agreement_with_an_earlier_client(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its first lead, a campaign may change its client (rule 17)."""
    reload_files(monkeypatch)
    earlier = desk.world.terms["guide"].version
    change_file(desk, CAMPAIGN.replace('client = "acme"', 'client = "other"'))
    oscar = desk.user("oscar")
    assert earlier[:12] not in oscar.text("/campaigns/guide")
    for ending in ("", "/agreement.pdf"):
        assert oscar.get(f"/campaigns/guide/versions/{earlier}{ending}").status_code == 404


def test_a_viewer_sees_the_list_without_links(desk: DeskWorld) -> None:
    answer = desk.user("vera").get("/campaigns")
    assert "The guide" in answer.text
    assert "/campaigns/guide" not in answer.text


def test_the_page_has_the_agreement_and_says_where_it_is_edited(desk: DeskWorld) -> None:
    text = desk.user("ada").text("/campaigns/guide")
    assert "The file campaigns/guide.toml in git is the agreement" in text
    assert "Company size is at least 101" in text
    assert "$50.00 per accepted lead" in text
    assert "Northgate Leads" in text
    assert "change it there and push" not in desk.user("carol").text("/campaigns/guide")


def test_the_versions_are_listed_with_what_changed(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    reload_files(monkeypatch)
    first, second = desk.world.terms["guide"].version, change_file(desk)
    sentence = "The validation window was 48 hours and is 72 hours."
    text = desk.user("carol").text("/campaigns/guide")
    assert f"{second[:12]} current" in text
    assert text.index(sentence) < text.index(first[:12]) < text.index("The first version.")
    page = desk.user("carol").text(f"/campaigns/guide/versions/{second}")
    assert sentence in page
    assert "72 hours" in page
    old = desk.user("carol").text(f"/campaigns/guide/versions/{first}")
    assert "48 hours" in old
    assert "72 hours" not in old
    assert desk.user("ada").get(f"/campaigns/guide/versions/{'0' * 64}").status_code == 404


def test_the_agreement_is_a_pdf_too(desk: DeskWorld) -> None:
    version = desk.world.terms["guide"].version
    answer = desk.user("carol").get(f"/campaigns/guide/versions/{version}/agreement.pdf")
    assert answer.data.startswith(b"%PDF")
    assert f"guide-{version[:12]}.pdf" in answer.headers["Content-Disposition"]


def test_a_campaign_is_paused_and_resumed_once_by_the_user(desk: DeskWorld) -> None:
    ada = desk.user("ada")
    ada.get("/campaigns/guide")
    assert [ada.post("/campaigns/guide/pause").status_code for _ in range(2)] == [303, 303]
    assert pauses(desk) == [EventKind.PAUSED]
    text = ada.text("/campaigns/guide")
    assert "The campaign is paused." in text
    assert "Paused since 23 Nov 2026, 15:00 by ada." in text
    assert "by ada" not in desk.user("carol").text("/campaigns/guide")
    assert desk.app.test_client().get("/f/guide").status_code == 410
    assert [ada.post("/campaigns/guide/resume").status_code for _ in range(2)] == [303, 303]
    assert pauses(desk) == [EventKind.PAUSED, EventKind.RESUMED]
    assert "Paused since" not in ada.text("/campaigns/guide")


def test_a_client_cannot_pause(desk: DeskWorld) -> None:
    carol = desk.user("carol")
    assert "Pause" not in carol.text("/campaigns/guide")
    assert carol.post("/campaigns/guide/pause").status_code == 403
    assert pauses(desk) == []


def test_a_campaign_without_its_file_keeps_its_page_and_says_what_is_missing(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.world.take()
    reload_files(monkeypatch)
    (desk.folder / "campaigns" / "guide.toml").unlink()
    ada = desk.user("ada")
    assert "The guide guide acme file removed" in ada.text("/campaigns")
    assert "Put campaigns/guide.toml back" in ada.text("/campaigns/guide")
    assert ada.post("/campaigns/guide/pause").status_code == 404
