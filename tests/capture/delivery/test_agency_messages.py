"""The letters to the agency: spam, caps, month and campaign ends, failures, missing files."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from capture.campaign.model import Campaign
from capture.delivery.plan import queue_messages
from capture.intake.submission import Submission
from capture.ledger.messages import Attempt, Channel, Message, NewMessage
from capture.ledger.protocol import Ledger
from capture.review.acts import accept, reject
from tests.capture.delivery.planning import AGENCY, BY_MAIL, context
from tests.capture.delivery.test_plan import receive
from tests.capture.desk import Desk
from tests.samples import CAMPAIGN, GUIDE, NOW, campaign, submission

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DEMO = campaign()
CAPPED = campaign("[caps]\nleads_a_month = 5", text=CAMPAIGN)
CLOSES = campaign(text=f"closes = 2026-12-10\n{CAMPAIGN}")


def letters_at(
    ledger: Ledger, kind: str, now: datetime, terms: Campaign = DEMO, agency: str = AGENCY
) -> list[Message]:
    """All letters of one kind in the outbox after a pass."""
    queue_messages(context(ledger, terms, agency=agency), now)
    return list(ledger.read(lambda reading: reading.outbox.select(kind=kind)))


def spam(email: str, **changes: object) -> Submission:
    sent = replace(submission(DEMO, email=email), spam_signals=("honeypot", "too_fast"))
    return replace(sent, **changes)  # type: ignore[arg-type]


# Spam.


def test_a_days_spam_is_one_letter_the_next_morning(ledger: Ledger) -> None:
    for number in range(3):
        receive(ledger, spam(f"{number}@a.example"), DEMO)
    assert len(letters_at(ledger, "spam_digest", NOW)) == 1
    receive(ledger, spam("next@a.example"), DEMO, NOW + DAY)
    first, second = letters_at(ledger, "spam_digest", NOW + DAY)
    assert (first.recipient, first.data) == (AGENCY, {"day": "2026-11-23"})
    assert first.due_at == datetime.fromisoformat("2026-11-24T08:00-05:00")
    assert second.data == {"day": "2026-11-24"}


def test_spam_of_a_test_and_spam_of_long_ago_make_no_letter(ledger: Ledger) -> None:
    receive(ledger, spam("t@a.example", test=True), DEMO)
    assert letters_at(ledger, "spam_digest", NOW) == []
    receive(ledger, spam("a@a.example"), DEMO)
    assert letters_at(ledger, "spam_digest", NOW + 30 * DAY) == []


def test_an_agency_without_an_address_gets_no_letter(ledger: Ledger) -> None:
    receive(ledger, spam("a@a.example"), CLOSES)
    queue_messages(context(ledger, CLOSES, agency=""), NOW + 12 * DAY)
    assert ledger.read(lambda reading: reading.outbox.select()) == []


# Caps.


def receive_many(ledger: Ledger, first: int, last: int) -> list[str]:
    return [
        receive(ledger, submission(CAPPED, email=f"{number}@a.example"), CAPPED)
        for number in range(first, last)
    ]


def caps_at(ledger: Ledger, now: datetime = NOW) -> list[int]:
    """The count in each letter about a cap."""
    letters = letters_at(ledger, "cap_nearly_reached", now, CAPPED)
    return [letter.data["count"] for letter in letters]


def test_a_cap_is_reported_at_four_fifths_and_when_it_is_reached(ledger: Ledger) -> None:
    receive_many(ledger, 0, 3)
    assert caps_at(ledger) == []
    receive_many(ledger, 3, 4)
    assert caps_at(ledger) == [4]
    receive_many(ledger, 4, 7)
    assert caps_at(ledger) == [4, 5]
    (_, letter) = letters_at(ledger, "cap_nearly_reached", NOW, CAPPED)
    assert letter.data == {"month": "2026-11", "cap": "leads_a_month", "count": 5, "limit": 5}
    assert letter.expires_at == datetime.fromisoformat("2026-12-01T00:00-05:00")


def test_a_place_that_is_freed_and_taken_again_is_not_reported_again(desk: Desk) -> None:
    first, *_ = receive_many(desk.ledger, 0, 5)
    assert caps_at(desk.ledger) == [5]
    desk.act(reject, first, NOW + HOUR, "too_small")
    receive_many(desk.ledger, 5, 6)
    assert caps_at(desk.ledger) == [5]


def test_a_cap_is_not_reported_after_its_month(ledger: Ledger) -> None:
    receive_many(ledger, 0, 5)
    assert caps_at(ledger, NOW + 10 * DAY) == []


def test_a_budget_is_reported_at_four_fifths_and_when_a_lead_would_cross_it(desk: Desk) -> None:
    terms = campaign("[caps]\nmoney_a_month = 250", text=CAMPAIGN)

    def letters_after(first: int, last: int) -> list[tuple[int, int]]:
        for number in range(first, last):
            lead_id = receive(desk.ledger, submission(terms, email=f"{number}@a.example"), terms)
            desk.act(accept, lead_id, NOW + HOUR)
        letters = letters_at(desk.ledger, "cap_nearly_reached", NOW + HOUR, terms)
        return [(letter.data["count"], letter.data["limit"]) for letter in letters]

    assert letters_after(0, 3) == []
    assert letters_after(3, 4) == [(20_000, 25_000)]
    assert letters_after(4, 6) == [(20_000, 25_000), (25_000, 25_000)]
    assert letters_after(6, 7) == [(20_000, 25_000), (25_000, 25_000)]


# The month's end.


def months_ready(ledger: Ledger, now: datetime) -> list[tuple[str, datetime]]:
    letters = letters_at(ledger, "month_ready", now)
    return [(letter.data["month"], letter.due_at) for letter in letters]


def test_the_first_month_is_ready_in_the_morning_after_its_end(ledger: Ledger) -> None:
    receive(ledger, submission(DEMO), DEMO)
    receive(ledger, submission(DEMO, email="b@a.example"), DEMO)
    december = datetime.fromisoformat("2026-12-01T08:00-05:00")
    assert months_ready(ledger, NOW) == [("2026-11", december)]


def test_a_second_campaign_has_no_first_month_of_its_own(ledger: Ledger) -> None:
    other = campaign(slug="other")
    receive(ledger, submission(DEMO), DEMO)
    receive(ledger, submission(other), other, NOW + 10 * DAY)
    assert [month for month, _ in months_ready(ledger, NOW + 10 * DAY)] == ["2026-11"]


def test_a_close_announces_the_next_month(desk: Desk) -> None:
    desk.take(DEMO)
    assert [month for month, _ in months_ready(desk.ledger, NOW)] == ["2026-11"]
    desk.close("2026-11", NOW + 10 * DAY)
    (_, following) = months_ready(desk.ledger, NOW + 10 * DAY)
    assert following == ("2026-12", datetime.fromisoformat("2027-01-01T08:00-05:00"))


def test_months_that_were_closed_long_ago_are_not_announced(desk: Desk) -> None:
    desk.take(DEMO)
    desk.close("2026-11", NOW + 10 * DAY)
    desk.close("2026-12", NOW + 41 * DAY)
    assert [month for month, _ in months_ready(desk.ledger, NOW + 60 * DAY)] == ["2027-01"]


def test_test_leads_make_no_month(ledger: Ledger) -> None:
    receive(ledger, replace(submission(DEMO), test=True), DEMO)
    assert months_ready(ledger, NOW) == []


# A campaign's end.


def test_a_campaign_that_ends_is_announced_once_a_week_before(ledger: Ledger) -> None:
    week_before = datetime.fromisoformat("2026-12-03T08:00-05:00")
    assert letters_at(ledger, "campaign_ends", week_before - HOUR, CLOSES) == []
    for hours in (0, 20):
        (letter,) = letters_at(ledger, "campaign_ends", week_before + hours * HOUR, CLOSES)
    assert (letter.campaign, letter.data) == ("guide", {"closes": "2026-12-10"})
    assert letter.expires_at == datetime.fromisoformat("2026-12-11T00:00-05:00")


def test_a_campaign_that_has_ended_is_not_announced(ledger: Ledger) -> None:
    assert letters_at(ledger, "campaign_ends", NOW + 30 * DAY, CLOSES) == []


# Files that are missing.


def test_missing_files_are_one_letter_a_day_until_they_are_back(
    ledger: Ledger, tmp_path: Path
) -> None:
    def letters(now: datetime) -> list[Message]:
        queue_messages(context(ledger, BY_MAIL, gated=tmp_path), now)
        return list(ledger.read(lambda reading: reading.outbox.select(kind="missing_files")))

    for now in (NOW, NOW + HOUR):
        (letter,) = letters(now)
    assert (letter.recipient, letter.data) == (AGENCY, {"files": ["cloud-guide.pdf"]})
    assert len(letters(NOW + DAY)) == 2
    (tmp_path / "cloud-guide.pdf").write_text(GUIDE)
    assert len(letters(NOW + 2 * DAY)) == 2


# What failed.


def fail(ledger: Ledger, name: str, at: datetime, kind: str = "statement") -> int:
    """Queues a message that fails; returns its id."""
    message = NewMessage(
        key=name, channel=Channel.MAIL, kind=kind, recipient="a@b.example", queued_at=at, due_at=at
    )
    ledger.transact(lambda records: records.outbox.queue(message))
    claimed = ledger.transact(lambda records: records.outbox.claim(at, at + HOUR, 100))
    (failed,) = [message for message in claimed if message.key == name]
    ledger.transact(lambda records: records.outbox.record_failed(failed, at, Attempt("no")))
    return failed.id


def failures_at(ledger: Ledger, now: datetime) -> list[list[int]]:
    """The ids in each letter on failures."""
    letters = letters_at(ledger, "failed_deliveries", now)
    return [letter.data["messages"] for letter in letters]


def test_failures_are_reported_at_once_and_then_once_a_day(ledger: Ledger) -> None:
    assert failures_at(ledger, NOW) == []
    first = fail(ledger, "a", NOW)
    assert failures_at(ledger, NOW) == [[first]]
    second = fail(ledger, "b", NOW + HOUR)
    assert failures_at(ledger, NOW + 2 * HOUR) == [[first]]
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    assert failures_at(ledger, midnight) == [[first], [second]]
    assert failures_at(ledger, midnight + 2 * DAY) == [[first], [second]]


def test_a_letter_on_failures_that_fails_makes_no_further_letter(ledger: Ledger) -> None:
    fail(ledger, "a", NOW, kind="failed_deliveries")
    assert len(letters_at(ledger, "failed_deliveries", NOW)) == 1


def test_failures_of_long_ago_are_not_reported(ledger: Ledger) -> None:
    fail(ledger, "a", NOW)
    assert failures_at(ledger, NOW + 3 * DAY) == []
