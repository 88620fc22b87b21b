"""Earlier leads of a person beside a new one, in the queue and on the lead's page."""

from datetime import timedelta

from capture.lead.events import Actor
from capture.ledger.protocol import WriteTransaction
from capture.privacy.erase import erase_leads
from capture.review.acts import Act, reject
from tests.samples import NOW
from tests.web.desk.conftest import DeskWorld

MAIL = "ann@one-clinic.example"
PHONE = "+12125550100"
DAY = timedelta(days=1)


def test_the_answers_that_changed_since_a_disqualification_are_shown_to_the_agency_only(
    desk: DeskWorld,
) -> None:
    refused = desk.world.take(email=MAIL, company_size="1-50", at=NOW - DAY)
    lead_id = desk.world.take(email=MAIL)
    text = desk.user("ada").text("/review")
    assert "An earlier lead of this person" in text
    assert ": disqualified. What differs now: Company size: before: 1-50 → now: 101+" in text
    assert "Company size: 1-50" in desk.user("ada").text(f"/leads/{lead_id}")
    carol = desk.user("carol")
    for path in ("/review", f"/leads/{lead_id}"):
        page = carol.get(path).text
        assert "1-50" not in page
        assert refused not in page
        assert "disqualified" not in page


def test_a_client_sees_its_own_rejection_of_the_person_in_the_same_campaign_only(
    desk: DeskWorld,
) -> None:
    other = desk.world.take("notified", phone=PHONE, at=NOW - DAY, full_name="Other <i>Name")
    earlier = desk.world.take(phone=PHONE, at=NOW - 3 * DAY, full_name="Ann <b>Old")

    def decide(records: WriteTransaction) -> None:
        reject(records, Act(earlier, "carol", Actor.CLIENT), "too_small", NOW - 2 * DAY)

    desk.world.ledger.transact(decide)
    desk.world.take(phone=PHONE)
    page = desk.user("carol").get("/review")
    assert "rejected: “The company is smaller than it said.”" in page.text
    assert "<s>" in page.text
    assert "Ann &lt;b&gt;Old" in page.text
    assert other not in page.text.partition("earlier-")[2].partition("</section>")[0]
    assert f'/leads/{other}"' in desk.user("ada").get("/review").text
    ((_, access),) = desk.world.ledger.read(lambda reading: reading.users.accesses(limit=1))
    assert access.page == "review"


def test_earlier_answers_that_were_erased_are_not_compared(desk: DeskWorld) -> None:
    earlier = desk.world.take(email=MAIL, company_size="1-50", at=NOW - DAY)
    desk.world.take(email=MAIL)
    desk.world.ledger.transact(lambda records: erase_leads(records, [earlier], NOW))
    assert "Its answers were erased." in desk.user("ada").text("/review")
