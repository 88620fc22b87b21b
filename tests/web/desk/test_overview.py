"""The overview: figures for the agency and for viewers, and what waits with links."""

from datetime import timedelta

from capture.lead.events import Actor
from capture.ledger.page_views import PageViews, ViewKind
from capture.review.acts import Act, accept, reject
from capture.site import Site
from capture.web.app import create_app
from capture.web.services import EXTENSION
from tests.samples import NOW
from tests.web.desk.conftest import DeskWorld, words

HOUR = timedelta(hours=1)


def decide(desk: DeskWorld) -> None:
    """Two leads of November: one accepted, one rejected."""
    good, bad = desk.world.take(), desk.world.take()
    act = Act(good, "Carol", Actor.CLIENT)
    desk.world.ledger.transact(lambda records: accept(records, act, NOW))
    act = Act(bad, "Carol", Actor.CLIENT)
    desk.world.ledger.transact(lambda records: reject(records, act, "too_small", NOW))


def test_a_new_ledger_says_that_nothing_waits_and_no_lead_came(desk: DeskWorld) -> None:
    text = desk.user("ada").text("/")
    assert "Nothing waits" in text
    assert "No lead came in November 2026." in text
    assert "no leads yet" in text


def test_the_month_has_gauges_days_and_a_funnel(desk: DeskWorld) -> None:
    decide(desk)
    text = desk.user("ada").text("/")
    assert "Lead-to-close rate 0.0 % October 2026 no leads yet" in text
    assert "Mon 23 Nov 2 2" in text
    assert (
        "Page views 0 Form views 0 Leads 2 Qualified 2 100.0 % Accepted 1 50.0 % Won 0 0.0 %"
        in text
    )


def test_each_chart_has_a_label_and_its_figures_in_a_table(desk: DeskWorld) -> None:
    decide(desk)
    page = desk.user("ada").get("/").text
    label = "Leads by day in November 2026: 2 in total, at most 2, on Mon 23 Nov"
    assert f'role="img" aria-label="{label}"' in page
    assert '<table aria-label="Leads by day">' in page
    assert " style=" not in page


def test_an_earlier_month_is_shown_and_a_later_one_or_nonsense_is_not(desk: DeskWorld) -> None:
    decide(desk)
    browser = desk.user("ada")
    assert "No lead came in October 2026." in browser.text("/?month=2026-10")
    assert 'href="?month=2026-11"' in browser.get("/?month=2026-10").text
    for month in ("2026-12", "2026-13", "0000-01", "x", "9999-12"):
        assert "Leads 2 Qualified 2" in browser.text(f"/?month={month}"), month


def test_what_waits_comes_in_order_of_urgency(desk: DeskWorld) -> None:
    desk.world.take(at=NOW - 40 * timedelta(days=1), company_size="1-50")
    desk.world.take(at=NOW - 30 * HOUR)
    text = desk.user("ada").text("/")
    lapse = text.index("Silence accepts 1 lead within a day")
    assert "The first lead is accepted in 18 hours" in text
    assert "Times are in Coordinated Universal Time (UTC)." in text
    assert lapse < text.index("October 2026 of acme in USD is over and not closed")


def test_a_viewer_sees_figures_and_no_link_to_a_page_that_is_not_for_viewers(
    desk: DeskWorld,
) -> None:
    desk.world.take(at=NOW - 30 * HOUR)
    browser = desk.user("vera")
    page = browser.get("/").text
    assert "Silence accepts 1 lead within a day" in page
    for path in ("leads", "quarantine", "months"):
        assert f'href="/desk/{path}"' not in page


def test_a_client_sees_no_figure_of_the_agency(desk: DeskWorld) -> None:
    decide(desk)
    answer = desk.user("carol").get("/")
    assert "Lead-to-close" not in answer.text
    assert answer.status_code in {200, 303}


def test_the_page_follows_the_ledger_and_the_clock(desk: DeskWorld) -> None:
    browser = desk.user("ada")
    desk.world.take(at=NOW - HOUR)
    assert "Leads 1 Qualified 1 100.0 % Accepted 0 0.0 %" in browser.text("/")
    desk.clock.shift(timedelta(hours=48))
    browser.log_in("ada")
    assert "Accepted 1 100.0 %" in browser.text("/")
    decide(desk)
    assert "Leads 3 Qualified 3" in browser.text("/")


def test_the_funnel_begins_with_views_of_pages_and_forms(desk: DeskWorld) -> None:
    day = NOW.date()
    views = [
        PageViews(day, "/a/", ViewKind.PAGE, 150),
        PageViews(day, "/b/", ViewKind.PAGE, 50),
        PageViews(day, "/b/", ViewKind.FORM, 20),
        PageViews(day - 30 * timedelta(days=1), "/b/", ViewKind.PAGE, 1000),
    ]
    desk.world.ledger.transact(lambda records: records.page_views.add(views))
    decide(desk)
    text = desk.user("ada").text("/")
    assert "Page views 200 Form views 20 10.0 % Leads 2 10.0 % Qualified 2" in text


def test_the_figures_are_of_the_client_and_campaign_in_the_address(desk: DeskWorld) -> None:
    decide(desk)
    desk.world.take("rival", at=NOW - 30 * HOUR)
    config = desk.world.app.extensions[EXTENSION].config
    site = Site.read(config.site_facts)
    site.model_copy(update={"form_pages": {"rival": ("/form",)}}).write(config.site_facts)
    desk.world.app = create_app(config, desk.world.ledger)
    views = [PageViews(NOW.date(), path, ViewKind.PAGE, 7) for path in ("/form", "/other")]
    desk.world.ledger.transact(lambda records: records.page_views.add(views))
    vera = desk.user("vera")
    assert "Page views 14 Form views 0 0.0 % Leads 3 Qualified 3" in vera.text("/")
    page = vera.get("/?client=other")
    assert "Page views 7 Form views 0 0.0 % Leads 1 Qualified 1" in words(page)
    assert "What waits, of all clients" in words(page)
    assert 'href="?month=2026-10&amp;client=other"' in page.text
    assert 'name="month" value="2026-11"' in page.text
    assert "Leads 2 Qualified 2" in vera.text("/?campaign=guide")
    text = vera.text("/?client=other&campaign=guide")
    assert "No campaign has this client and this name. Show all campaigns." in text
    assert "Silence accepts 1 lead within a day" in text
