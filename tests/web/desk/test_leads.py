"""The list of leads: what each role sees, the filters, and the pages."""

import re
from datetime import timedelta

import pytest

from capture.lead.events import Actor
from capture.review.acts import Act, accept, reject
from capture.web.desk import leads as page
from tests.samples import NOW
from tests.web.desk.conftest import Browser, DeskWorld, words

HOUR = timedelta(hours=1)


def ids(browser: Browser, path: str = "/leads") -> list[str]:
    """The ids of the leads on a page of the list, in its order."""
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return re.findall(r'<th scope="row" class="typed"><a href="/desk/leads/(\w+)">', answer.text)


def link(browser: Browser, path: str, rel: str) -> str | None:
    """The path of the link to the page before or after."""
    found = re.search(rf'<a href="/desk([^"]+)" rel="{rel}"', browser.get(path).text)
    return found and found[1].replace("&amp;", "&")


def test_the_agency_sees_all_leads_and_a_client_only_its_delivered_ones(desk: DeskWorld) -> None:
    world = desk.world
    lead = world.take(full_name="Ann <Lee>")
    small = world.take(company_size="1-50", at=NOW + HOUR)
    rival = world.take("rival", at=NOW + 2 * HOUR)
    test = world.take(test=True, at=NOW + 3 * HOUR)
    assert ids(desk.user("ada")) == [test, rival, small, lead]
    assert ids(desk.user("carol")) == [lead]
    assert ids(desk.user("oscar")) == [rival]
    assert desk.user("vera").get("/leads").status_code == 403
    assert "Ann &lt;Lee&gt;" in desk.user("carol").get("/leads").text


def test_a_client_sees_no_source_no_signal_and_no_campaign_of_others(desk: DeskWorld) -> None:
    desk.world.take()
    desk.world.take("rival")
    agency, client = (desk.user(name).get("/leads").text for name in ("ada", "carol"))
    for name in ('name="source"', 'name="signal"', 'value="quarantined"', 'value="rival"'):
        assert name in agency
        assert name not in client
    assert ids(desk.user("carol"), "/leads?source=import&signal=burst") == ids(desk.user("carol"))
    assert desk.user("carol").get("/leads?stage=quarantined").status_code == 422
    assert ids(desk.user("carol"), "/leads?campaign=rival") == []


def test_an_address_that_somebody_else_shared_says_which_filters_count(desk: DeskWorld) -> None:
    desk.world.take()
    ignored = "filters that only the agency can use"
    assert ignored in desk.user("carol").text("/leads?campaign=guide&signal=burst")
    assert ignored not in desk.user("ada").text("/leads?campaign=guide&signal=burst")
    assert ignored not in desk.user("carol").text("/leads?campaign=guide&signal=")
    page = desk.user("carol").get("/leads?campaign=rival").text  # of another client
    assert '<option value="rival" selected>rival</option>' in page
    assert "rival" not in desk.user("carol").get("/leads?campaign=guide").text
    chosen = '<option value="guide" selected>guide</option>'
    assert desk.user("carol").get("/leads?campaign=guide").text.count(chosen) == 1


def test_a_client_that_is_shown_a_lead_counts_as_notified_of_it(desk: DeskWorld) -> None:
    lead_id = desk.world.take("notified")
    ids(desk.user("ada"))
    desk.user("carol").client.head("/desk/leads")
    assert "notified" not in desk.world.kinds(lead_id)
    assert "Silence accepts it" in desk.user("carol").text("/leads")
    assert desk.world.kinds(lead_id).count("notified") == 1
    ids(desk.user("carol"))
    assert desk.world.kinds(lead_id).count("notified") == 1


def test_each_filter_keeps_the_leads_that_meet_it(desk: DeskWorld) -> None:
    world = desk.world
    first = world.take(at=NOW - 30 * HOUR)
    booked = world.take("booked", at=NOW - 20 * HOUR)
    small = world.take(company_size="1-50", at=NOW - HOUR)
    world.ledger.transact(
        lambda records: accept(records, Act(first, "Carol", Actor.CLIENT), NOW - 29 * HOUR)
    )
    answer = world.record(booked, type="scheduled", meeting_at="2026-11-30T10:00:00Z")
    assert answer.status_code < 300, answer.text
    ada = desk.user("ada")
    for query, expected in {
        "": [small, booked, first],
        "campaign=booked": [booked],
        "campaign=none": [],
        "stage=accepted": [booked, first],
        "stage=disqualified": [small],
        "stage=appointment:scheduled": [booked],
        "stage=sale:won": [],
        "from=2026-11-23": [small],
        "to=2026-11-22": [booked, first],
        "from=2026-11-22&to=2026-11-22": [booked, first],
        "source=form": [small, booked, first],
        "source=fair": [],
        "article=/first": [small, booked, first],
        "article=/first/?x=1": [small, booked, first],
        "article=/last": [],
        "signal=burst": [],
        "sort=oldest": [first, booked, small],
        "q=clinic": [small, booked, first],
        "q=Ann+Lee&stage=disqualified": [small],
        "q=nobody": [],
        "q=%00%22*+NEAR": [],
        f"q={first[:8]}": [first],
        "campaign=guide&stage=accepted&source=form&article=/first": [first],
    }.items():
        assert ids(ada, f"/leads?{query}") == expected, query


def test_the_list_says_that_nothing_follows(desk: DeskWorld) -> None:
    desk.world.take(company_size="1-50")
    rejected = desk.world.take()
    desk.world.ledger.transact(
        lambda records: reject(records, Act(rejected, "Carol", Actor.CLIENT), "too_small", NOW)
    )
    page = desk.user("ada").text("/leads")
    assert "disqualified Nothing: it is not delivered" in page
    assert "rejected Nothing: it costs nothing" in page


def test_a_rejection_that_the_agency_entered_says_until_when_the_client_may_accept(
    desk: DeskWorld,
) -> None:
    lead_id = desk.world.take("notified")
    ids(desk.user("carol"))  # notifies
    act = Act(lead_id, "Ada", Actor.AGENCY)
    desk.world.ledger.transact(lambda records: reject(records, act, "too_small", NOW))
    assert "rejected The client may accept it until 25 Nov" in desk.user("ada").text("/leads")


def test_an_objection_to_a_meeting_and_one_to_a_sale_have_different_names(desk: DeskWorld) -> None:
    page = desk.user("ada").get("/leads").text
    assert '<option value="appointment:objected">meeting objected to</option>' in page
    assert '<option value="sale:objected">sale objected to</option>' in page


def test_silence_counts_in_the_filter_by_stage(desk: DeskWorld) -> None:
    lead_id = desk.world.take("notified")
    ids(desk.user("carol"))  # notifies
    assert ids(desk.user("ada"), "/leads?stage=qualified") == [lead_id]
    assert ids(desk.user("ada"), "/leads?sort=deadline") == [lead_id]
    desk.clock.move_to(NOW + 49 * HOUR)
    desk.user("ada").log_in("ada")
    assert ids(desk.user("ada"), "/leads?stage=qualified") == []
    assert ids(desk.user("ada"), "/leads?sort=deadline") == []
    assert ids(desk.user("ada"), "/leads?stage=accepted") == [lead_id]


@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_the_pages_have_each_lead_once_while_leads_arrive(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    monkeypatch.setattr(page, "PAGE_SIZE", 2)
    taken = [desk.world.take(at=NOW + number * HOUR) for number in range(5)]
    if sort == "newest":
        taken.reverse()
    ada, path = desk.user("ada"), f"/leads?campaign=guide&sort={sort}"
    assert ids(ada, path) == taken[:2]
    pages = [link(ada, path, "next") or ""]
    desk.world.take(at=NOW + 9 * HOUR if sort == "newest" else NOW - HOUR)
    while following := link(ada, pages[-1], "next"):
        pages.append(following)
    assert [ids(ada, each) for each in pages] == [taken[2:4], taken[4:]]
    assert ids(ada, link(ada, pages[-1], "prev") or "") == taken[2:4]


def test_a_list_shows_what_is_next_and_escapes_what_was_typed(desk: DeskWorld) -> None:
    desk.world.take("notified")
    text = desk.user("ada").text("/leads?article=%22%3E%3Cb%3E")
    assert "No lead meets all of these conditions" in text
    assert "To be notified" in desk.user("ada").text("/leads")
    assert "No leads yet" in desk.user("oscar").text("/leads")


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("stage=sold", "Stage: choose one of the list"),
        ("from=yesterday", "From: write a date"),
        ("to=9999-12-31", "To: write a date"),
        ("from=2026-11-02&to=2026-11-01", "not after the other one"),
        ("q=%25", "nothing to search for in '%'"),
        (f"q={'x' * 1000}", "give 1 to 200 characters"),
        ("sort=price", "Sort: choose an order"),
        ("after=x", "address of this page is damaged"),
        ("before=2026-11-01T00:00:00~a", "address of this page is damaged"),
    ],
)
def test_a_filter_that_cannot_be_read_is_named(desk: DeskWorld, query: str, problem: str) -> None:
    answer = desk.user("ada").get(f"/leads?{query}")
    assert answer.status_code == 422
    assert problem in words(answer)


def test_a_look_at_the_list_is_logged_once_for_each_page(desk: DeskWorld) -> None:
    desk.world.take()
    desk.world.take()
    ids(desk.user("ada"))
    ids(desk.user("ada"), "/leads?campaign=none")
    ((_, entry),) = desk.world.ledger.read(lambda reading: list(reading.users.accesses(limit=10)))
    assert (entry.page, entry.count) == ("leads", 2)
