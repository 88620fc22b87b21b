"""The page of content: views, leads and revenue of each article."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from capture.lead.events import Actor, EventKind
from capture.ledger.page_views import PageViews, ViewKind
from capture.outcomes.record import Outcome
from capture.outcomes.repeats import record_once
from capture.review.acts import Act, accept, reject
from capture.site import Site
from capture.web.app import create_app
from capture.web.desk import content
from capture.web.services import EXTENSION
from tests.samples import NOW
from tests.web.desk.conftest import DeskWorld, words

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(desk: DeskWorld) -> DeskWorld:
    """A site with three articles. The visits of every lead are on `/first` and `/last`."""
    config = desk.world.app.extensions[EXTENSION].config
    titles = {"/first": "First steps", "/last": "Last <words>", "/idle": "Idle", "/about": "About"}
    dates = {"/first": "2026-10-31", "/last": "2026-11-01", "/idle": "2026-11-02"}
    site = Site.read(config.site_facts).model_copy(update={"titles": titles, "dates": dates})
    site.write(config.site_facts)
    desk.world.app = create_app(config, desk.world.ledger)
    return desk


def fill(desk: DeskWorld) -> None:
    """Three leads: one accepted and won, one rejected, one in review; and views of two pages."""
    won, bad, _ = (desk.world.take() for _ in range(3))
    ledger = desk.world.ledger
    ledger.transact(lambda records: accept(records, Act(won, "Carol", Actor.CLIENT), NOW))
    act = Act(bad, "Carol", Actor.CLIENT)
    ledger.transact(lambda records: reject(records, act, "too_small", NOW))
    sale = Outcome(won, EventKind.WON, Actor.CLIENT, "Carol", occurred_at=NOW, amount=Decimal(1200))
    ledger.transact(lambda records: record_once(records, sale, NOW))
    day = NOW.date()
    views = [
        PageViews(day, "/last", ViewKind.PAGE, 40),
        PageViews(day, "/last", ViewKind.FORM, 8),
        PageViews(day, "/idle", ViewKind.PAGE, 30),
        PageViews(day, "/about", ViewKind.PAGE, 20),
    ]
    ledger.transact(lambda records: records.page_views.add(views))


def test_leads_count_for_the_page_of_the_last_visit_or_of_the_first(desk: DeskWorld) -> None:
    fill(desk)
    text = desk.user("ada").text("/content")
    assert "Last <words> 40 8 3 3 1 1 0 $1,200.00" in text
    assert "First steps 0 0 0 0 0 0 $1,200.00 0" in text
    text = desk.user("ada").text("/content?touch=first")
    assert "Last <words> 40 8 0 0 0 0 0 $1,200.00" in text
    assert "First steps 0 0 3 3 1 1 $1,200.00 0" in text


def test_pages_with_rejected_leads_come_with_their_reasons(desk: DeskWorld) -> None:
    assert "No lead of November 2026 was rejected." in desk.user("ada").text("/content")
    fill(desk)
    assert "Last <words> 1 50.0 % too small 1" in desk.user("ada").text("/content")


def test_an_article_that_is_read_and_earns_nothing_is_named(desk: DeskWorld) -> None:
    fill(desk)
    text = desk.user("ada").text("/content").partition("Articles that are read and earn nothing")[2]
    assert "Idle 30 0" in text
    assert "About" not in text  # it is a page, not an article
    assert "Last <words> 40" not in text


def test_articles_are_counted_against_leads_by_month(desk: DeskWorld) -> None:
    fill(desk)
    text = desk.user("ada").text("/content")
    assert "November 2026 2 3 October 2026 1 0 September 2026 0 0" in text


def test_visits_on_unknown_pages_share_one_row(desk: DeskWorld) -> None:
    fill(desk)
    config = desk.world.app.extensions[EXTENSION].config
    site = Site.read(config.site_facts)
    site.model_copy(update={"titles": {"/about": "About"}}).write(config.site_facts)
    desk.world.app = create_app(config, desk.world.ledger)
    text = desk.user("ada").text("/content")
    assert "Other pages, or not known 70 8 3 3 1 1 $1,200.00 $1,200.00" in text


def test_another_month_has_its_own_figures(desk: DeskWorld) -> None:
    fill(desk)
    text = desk.user("ada").text("/content?month=2026-10")
    assert "Last <words> 0 0 0 0 0 0 0 0" in text


def test_figures_are_of_the_client_and_campaign_in_the_address(desk: DeskWorld) -> None:
    fill(desk)
    desk.world.take("rival")
    ada = desk.user("ada")
    assert "Last <words> 40 8 4 4 1 1 0 $1,200.00" in ada.text("/content")
    page = ada.get("/content?client=other&touch=last")
    assert "Last <words> 40 8 1 1 0 0 0 0" in words(page)
    assert "Of the chosen campaigns; views of all visitors." in words(page)
    for kept in ('value="other" selected', 'name="month" value="2026-11"', "&amp;client=other"):
        assert kept in page.text
    assert '<option value="guide"' not in page.text  # it is of another client
    assert "Last <words> 40 8 3 3 1 1" in ada.text("/content?campaign=guide")
    for nonsense in ("client=x&campaign=guide", "campaign=%3Cb%3E", "client=other&campaign=guide"):
        text = ada.text(f"/content?{nonsense}")
        assert "No campaign has this client and this name." in text


def test_the_table_is_limited_to_what_earns_nothing_or_has_rejected_leads(desk: DeskWorld) -> None:
    fill(desk)
    ada = desk.user("ada")

    def pages(only: str) -> list[str]:
        table = ada.get(f"/content?only={only}").text.partition("</table>")[0]
        return re.findall(r'<tr><th scope="row">(?:<a[^>]*>)?([^<]+)<', table)

    assert pages("earning-nothing") == ["Idle"]
    assert pages("rejected") == ["Last &lt;words&gt;"]
    assert len(pages("")) == len(pages("nonsense")) == 4
    text = ada.text("/content?only=rejected&month=2026-10")
    assert "No page of October 2026 is like that. Show all pages." in text


def test_the_short_lists_lead_to_all_of_them(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(desk)
    monkeypatch.setattr(content, "_LISTED", 0)
    page = desk.user("ada").get("/content?client=acme")
    assert words(page).count("Show all 1") == 2
    assert "only=earning-nothing&amp;client=acme" in page.text


def test_a_viewer_may_see_it_and_a_client_may_not(desk: DeskWorld) -> None:
    assert desk.user("vera").get("/content").status_code == 200
    assert desk.user("carol").get("/content").status_code == 403
