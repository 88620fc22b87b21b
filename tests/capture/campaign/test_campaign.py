"""The `Campaign` object: open dates, immutability, hash, operators."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from capture.campaign.files import parse_campaign, read_campaign
from capture.campaign.model import Campaign
from tests.samples import CAMPAIGN


@pytest.fixture
def campaign(project) -> Campaign:
    return read_campaign(project / "campaigns" / "guide.toml")


def test_days_start_and_end_in_the_campaigns_zone(project, problems_after_change) -> None:
    assert (
        problems_after_change(("opens = 2026-11-01", "opens = 2026-11-01\ncloses = 2026-11-30"))
        == []
    )
    campaign = read_campaign(project / "campaigns" / "guide.toml")
    first = datetime(2026, 11, 1, 4, tzinfo=UTC)  # midnight in New York, in summer time
    last = datetime(2026, 12, 1, 5, tzinfo=UTC)  # midnight in New York, in winter time
    moments = [first - timedelta(seconds=1), first, last - timedelta(seconds=1), last]
    assert [campaign.is_open(moment) for moment in moments] == [False, True, True, False]


def test_is_open_accepts_a_time_in_any_zone(campaign) -> None:
    moment = datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert campaign.is_open(moment.astimezone(timezone(timedelta(hours=9))))


@pytest.mark.parametrize(
    ("now", "change"),
    [
        ("2026-10-31T12:00-04:00", "2026-11-01T00:00-04:00"),
        ("2026-11-01T00:00-04:00", "2026-12-01T00:00-05:00"),
        ("2026-11-30T23:59-05:00", "2026-12-01T00:00-05:00"),
        ("2026-12-01T00:00-05:00", None),
    ],
)
def test_a_campaign_opens_and_closes_at_midnight_of_its_zone(now: str, change: str | None) -> None:
    text = "opens = 2026-11-01\ncloses = 2026-11-30\n" + CAMPAIGN
    campaign = parse_campaign("guide", text, "guide.toml")
    expected = datetime.fromisoformat(change) if change else None
    assert campaign.next_opening_or_closing(datetime.fromisoformat(now)) == expected


@pytest.mark.parametrize("dates", ["opens = 0001-01-01", "closes = 9999-12-31", ""])
def test_a_campaign_without_a_further_change_has_no_next_time(dates: str) -> None:
    campaign = parse_campaign("guide", f"{dates}\n{CAMPAIGN}", "guide.toml")
    assert campaign.next_opening_or_closing(datetime(2026, 11, 1, tzinfo=UTC)) is None


def test_a_campaign_is_immutable(campaign) -> None:
    with pytest.raises(ValidationError):
        campaign.title = "Other"
    for table in (campaign.fields, campaign.criteria, campaign.review.reasons):
        with pytest.raises(TypeError):
            table["other"] = "x"


def test_fields_and_reasons_keep_the_order_of_the_file(campaign) -> None:
    assert list(campaign.fields) == ["email", "company_size", "job_title", "country", "phone"]


def test_equal_campaigns_have_equal_hashes(project, campaign) -> None:
    again = read_campaign(project / "campaigns" / "guide.toml")
    assert campaign.zone.key == "America/New_York"  # caches the zone; the hash must not change
    assert {campaign: 1}[again] == 1


def test_a_criterion_knows_its_operator_and_operand(campaign) -> None:
    criterion = campaign.criteria["company_size"]
    assert (criterion.operator, criterion.operand) == ("at_least", 51)
