"""Risk signals quarantine a lead, and the undecided earlier leads of its group (rule 36)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from capture.campaign.model import Answer, Campaign
from capture.intake.quarantine import release
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.intake.submission_traits import address_shape, traits_of
from capture.lead.events import EventKind
from capture.lead.model import Lead
from capture.ledger.protocol import Ledger
from capture.ledger.traits import Trait
from capture.review.acts import Act, accept, find_lead, reject
from tests.samples import CAMPAIGN, NOW, campaign, consent_to, later_event

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
REASONS = 'reasons = { invalid_contact = "The person cannot be reached.", other = "It is not ok." }'
TEXT = CAMPAIGN.replace(
    'reasons = { too_small = "The company is smaller than it said." }', REASONS
).replace(
    "[criteria]",
    '[fields.message]\nlabel = "More"\ntype = "long_text"\nrequired = false\n[criteria]',
)
WAY = {"path": "/articles/a/", "referrer": "https://news.example/x"}
_NAMES = "ada bea cem dag eva fay gil hal ian jan kim leo mia ned oli pam quin ray sue tom"
NAMES = tuple(_NAMES.split())


def terms_with(*lines: str) -> Campaign:
    return campaign("[quarantine]", *lines, text=TEXT)


class Desk:
    """A ledger, and people who send the form of one campaign, each with another company."""

    def __init__(self, ledger: Ledger, terms: Campaign) -> None:
        self.ledger, self.terms = ledger, terms
        self.sent = 0

    def send(self, at: datetime = NOW, **changes: Any) -> Lead:
        """Sends a form with changed answers or a changed submission; None removes an answer."""
        number, self.sent = self.sent, self.sent + 1
        who = f"{NAMES[number % 20]} {NAMES[number // 20]}"
        own = {name: changes.pop(name) for name in tuple(changes) if name in _OF_SUBMISSION}
        answers: dict[str, Answer] = {
            "full_name": who.title(),
            "email": f"{NAMES[number % 20]}@{who.replace(' ', '-')}.example",
            "company_size": "101+",
        } | changes
        way = own.pop("way", {"path": f"/{who}"})
        sent = Submission(
            answers,
            consent_to(self.terms.version),
            **{"last_touch": way, "one_time_id": f"form-{number:06}", **own},
        )
        receipt = self.ledger.transact(
            lambda records: receive_submission(records, self.terms, sent, at)
        )
        return self.lead(receipt.lead_id)

    def send_all(self, number: int, *, every: timedelta = MINUTE, **changes: Any) -> list[Lead]:
        """Sends several forms, and returns the leads in their final state."""
        leads = [self.send(NOW + count * every, **changes) for count in range(number)]
        return [self.lead(lead.lead_id) for lead in leads]

    def lead(self, lead_id: str) -> Lead:
        return self.ledger.read(lambda reading: find_lead(reading, lead_id))

    def signals(self, lead: Lead) -> list[dict[str, Any]]:
        events = self.ledger.read(lambda reading: list(reading.events.select(lead_id=lead.lead_id)))
        return next(
            (
                list(recorded.event.data["signals"])
                for recorded in reversed(events)
                if "signals" in recorded.event.data
            ),
            [],
        )


_OF_SUBMISSION = frozenset({"way", "network", "one_time_id", "spam_signals", "test", "source"})


def stages(leads: Sequence[Lead]) -> list[str]:
    return [lead.review for lead in leads]


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger, terms_with())


# The signal of one post.


def test_quarantine_is_checked_before_a_full_cap(ledger: Ledger) -> None:
    """Rule 36 of docs/rules.md. So the cap is checked at the release."""
    caps = '[caps]\nleads_a_month = 1\nover = "refuse"'
    desk = Desk(ledger, campaign(caps, "[quarantine]", text=TEXT))
    assert desk.send().review == "qualified"
    assert desk.send().review == "over_cap"
    assert desk.send(spam_signals=("honeypot",)).review == "quarantined"


def test_a_filled_honeypot_alone_quarantines(desk: Desk) -> None:
    lead = desk.send(spam_signals=("honeypot",))
    assert lead.review == "quarantined"
    assert desk.signals(lead) == [{"name": "honeypot", "weight": 100}]


def test_one_spam_signal_alone_is_not_enough(desk: Desk) -> None:
    assert desk.send(spam_signals=("too_fast",)).review == "qualified"
    desk.terms = terms_with("spam_signal = 100")
    lead = desk.send(spam_signals=("too_fast",))
    assert desk.signals(lead) == [{"name": "spam_signal", "weight": 100, "what": "too_fast"}]


@pytest.mark.parametrize("line", ["honeypot = 0", "hold_at = 101", "enabled = false"])
def test_the_campaign_file_weighs_signals(ledger: Ledger, line: str) -> None:
    desk = Desk(ledger, terms_with(line))
    assert desk.send(spam_signals=("honeypot",)).review == "qualified"


def test_tests_and_imports_have_no_signals(desk: Desk) -> None:
    assert desk.send(spam_signals=("honeypot",), test=True).review == "qualified"
    for _ in range(12):
        lead = desk.send(way=WAY, source="event-2026")
        assert lead.review == "qualified"


def test_a_lead_that_fails_a_criterion_is_not_quarantined(desk: Desk) -> None:
    lead = desk.send(spam_signals=("honeypot",), company_size="1-50")
    assert lead.review == "disqualified"


# A burst.


def test_a_burst_quarantines_the_tenth_lead_and_the_earlier_ones(desk: Desk) -> None:
    assert stages(desk.send_all(9, way=WAY)) == ["qualified"] * 9
    lead = desk.send(NOW + 9 * MINUTE, way=WAY)
    assert lead.review == "quarantined"
    all_leads = desk.ledger.read(lambda reading: list(reading.leads.select()))
    assert stages(all_leads) == ["held_back"] * 9 + ["quarantined"]
    burst = {"name": "burst", "weight": 100, "leads": 10, "minutes": 60, "usual_hundredths": 0}
    assert [desk.signals(lead) for lead in all_leads] == [[burst]] * 10


def test_people_from_another_source_pass_during_a_burst(desk: Desk) -> None:
    desk.send_all(12, way=WAY)
    assert desk.send(way={"path": WAY["path"]}).review == "qualified"
    assert desk.send(way=WAY, one_time_id="").review == "qualified"  # without script


def test_a_burst_may_be_slow(desk: Desk) -> None:
    assert stages(desk.send_all(19, way=WAY, every=HOUR)) == ["qualified"] * 19
    lead = desk.send(NOW + 19 * HOUR, way=WAY)
    (signal,) = desk.signals(lead)
    assert (signal["name"], signal["leads"], signal["minutes"]) == ("burst", 20, 1440)


def test_the_usual_number_for_a_source_is_no_burst(desk: Desk) -> None:
    """Six leads a day come from this source for two weeks; then eleven come within an hour."""
    for hour in range(0, 14 * 24, 4):
        desk.send(NOW - 15 * DAY + hour * HOUR, way=WAY)
    assert stages(desk.send_all(10, way=WAY)) == ["qualified"] * 10
    assert desk.send(NOW + 10 * MINUTE, way=WAY).review == "quarantined"


def test_colleagues_after_a_webinar_are_one_sender(desk: Desk) -> None:
    team = [
        desk.send(
            NOW + count * MINUTE, way=WAY, email=f"{name}@clinic.example", network="192.0.2.1"
        )
        for count, name in enumerate(NAMES[:18])
    ]
    assert stages(team) == ["qualified"] * 18


def test_very_many_addresses_of_one_company_are_a_burst(desk: Desk) -> None:
    words = [f"{one}{two}" for one in NAMES[:6] for two in NAMES[:6]]
    team = [
        desk.send(NOW + count * MINUTE, way=WAY, email=f"{word}@clinic.example")
        for count, word in enumerate(words)
    ]
    assert team[-1].review == "quarantined"


def test_released_leads_no_longer_count_and_are_not_quarantined_again(desk: Desk) -> None:
    leads = desk.send_all(10, way=WAY)
    for lead in leads:
        desk.ledger.transact(
            lambda records, lead=lead: release(records, lead.lead_id, "Ada", NOW + HOUR / 2)
        )
    later = [desk.send(NOW + HOUR / 2 + count * MINUTE, way=WAY) for count in range(9)]
    assert stages(later) == ["qualified"] * 9
    assert desk.send(NOW + 45 * MINUTE, way=WAY).review == "quarantined"
    assert stages([desk.lead(lead.lead_id) for lead in leads]) == ["qualified"] * 10


def test_a_decided_lead_of_a_burst_stays_decided(desk: Desk) -> None:
    first, second, *_ = desk.send_all(9, way=WAY)
    act = Act(first.lead_id, "Carol", later_event("x", EventKind.ACCEPTED).actor, "")
    desk.ledger.transact(lambda records: reject(records, act, "other", NOW + 10 * MINUTE))
    desk.ledger.transact(
        lambda records: records.append(later_event(second.lead_id, EventKind.SCHEDULED))
    )
    desk.send(NOW + 11 * MINUTE, way=WAY)
    assert desk.send(NOW + 12 * MINUTE, way=WAY).review == "quarantined"
    assert desk.lead(first.lead_id).review == "rejected"
    assert desk.lead(second.lead_id).review == "qualified"


def test_the_campaign_file_may_expect_more_leads(ledger: Ledger) -> None:
    desk = Desk(ledger, terms_with("burst_leads = 30"))
    assert stages(desk.send_all(29, way=WAY)) == ["qualified"] * 29
    assert desk.send(NOW + 29 * MINUTE, way=WAY).review == "quarantined"


# Similar answers, and one network.

LONG = "We look for a partner who can host our records in our own country."


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"phone": "+12125550100"}, "phone"),
        ({"message": LONG}, "text"),
    ],
)
def test_similar_answers_of_three_companies_quarantine_all_three(
    desk: Desk, changes: dict[str, str], what: str
) -> None:
    leads = desk.send_all(3, every=DAY / 2, **changes)
    assert stages(leads) == ["held_back", "held_back", "quarantined"]
    signal = {"name": "alike", "weight": 100, "leads": 3, "minutes": 40_320, "what": what}
    assert desk.signals(leads[0]) == [signal]


def test_numbered_companies_are_alike(desk: Desk) -> None:
    leads = [
        desk.send(email=f"{name}@clinic{count}.example") for count, name in enumerate(NAMES[:3])
    ]
    assert leads[-1].review == "quarantined"


def test_six_numbered_addresses_within_a_day_are_alike(desk: Desk) -> None:
    leads = [desk.send(email=f"lead{count}@{name}.example") for count, name in enumerate(NAMES[:6])]
    assert stages(leads) == ["qualified"] * 5 + ["quarantined"]


def test_the_same_name_and_choices_six_times_are_alike(desk: Desk) -> None:
    leads = desk.send_all(6, full_name="Max Muster")
    assert leads[-1].review == "quarantined"


def test_one_phone_number_of_one_company_is_no_pattern(desk: Desk) -> None:
    team = [desk.send(phone="+12125550100", email=f"{name}@clinic.example") for name in NAMES[:8]]
    assert stages(team) == ["qualified"] * 8


def test_short_texts_are_no_pattern(desk: Desk) -> None:
    assert set(stages(desk.send_all(8, message="Please call me.", every=HOUR))) == {"qualified"}


def test_many_companies_in_one_network_are_quarantined(desk: Desk) -> None:
    leads = desk.send_all(6, every=HOUR, network="203.0.113.7")
    assert stages(leads) == ["held_back"] * 5 + ["quarantined"]
    signal = {"name": "network", "weight": 100, "leads": 6, "minutes": 1440}
    assert desk.signals(leads[-1]) == [signal]


def test_a_few_companies_in_one_building_pass(desk: Desk) -> None:
    leads = desk.send_all(11, every=15 * HOUR, network="203.0.113.7")
    assert stages(leads) == ["qualified"] * 11


def test_unknown_networks_are_not_counted_as_one(desk: Desk) -> None:
    assert stages(desk.send_all(8, network="")) == ["qualified"] * 8


# Rejected answers.


def rejected(desk: Desk, reason: str = "invalid_contact", **answers: str) -> Lead:
    lead = desk.send(**answers)
    act = Act(lead.lead_id, "Carol", later_event("x", EventKind.ACCEPTED).actor, "")
    return desk.ledger.transact(lambda records: reject(records, act, reason, NOW + HOUR))


def test_a_phone_number_rejected_as_invalid_is_quarantined_in_any_campaign_of_the_client(
    desk: Desk,
) -> None:
    rejected(desk, phone="+12125550100")
    lead = desk.send(NOW + DAY, phone="+12125550100")
    signal = {"name": "rejected_answer", "weight": 100, "what": "phone", "leads": 1}
    assert desk.signals(lead) == [signal]
    desk.terms = campaign("[quarantine]", slug="talk", text=TEXT)
    assert desk.send(NOW + DAY, phone="+12125550100").review == "quarantined"
    desk.terms = campaign("[quarantine]", slug="rival", text=TEXT.replace('"acme"', '"other"'))
    assert desk.send(NOW + DAY, phone="+12125550100").review == "qualified"


def test_a_rejection_for_another_reason_is_no_signal(desk: Desk) -> None:
    rejected(desk, "other", phone="+12125550100")
    assert desk.send(NOW + DAY, phone="+12125550100").review == "qualified"


def test_a_company_is_suspect_after_two_rejections_that_outnumber_its_good_leads(
    desk: Desk,
) -> None:
    rejected(desk, email="ann@clinic.example")
    assert desk.send(NOW + DAY, email="bob@clinic.example").review == "qualified"
    rejected(desk, email="cyd@clinic.example")
    lead = desk.send(NOW + DAY, email="dan@clinic.example")
    assert desk.signals(lead)[0]["what"] == "company_domain"


def test_a_free_mail_provider_is_no_company(desk: Desk) -> None:
    for name in NAMES[:3]:
        rejected(desk, email=f"{name}@gmail.com")
    assert desk.send(NOW + DAY, email="someone@gmail.com").review == "qualified"


def test_a_lead_that_the_client_accepted_does_not_count_in_a_group(desk: Desk) -> None:
    first = desk.send(phone="+12125550100")
    act = Act(first.lead_id, "Carol", later_event("x", EventKind.ACCEPTED).actor, "")
    desk.ledger.transact(lambda records: accept(records, act, NOW + HOUR))
    others = [desk.send(NOW + DAY, phone="+12125550100") for _ in range(2)]
    assert stages(others) == ["qualified"] * 2


# Traits.


def test_traits_are_not_stored_in_clear_text(desk: Desk) -> None:
    desk.send(phone="+12125550100", message=LONG, network="203.0.113.7", way=WAY)
    rows = desk.ledger.read(
        lambda reading: reading.connection.execute("SELECT * FROM traits").fetchall()  # type: ignore[attr-defined]
    )
    assert len(rows) >= 4
    assert all(
        isinstance(mac, bytes) and isinstance(sender, bytes) for mac, _, _, sender, _ in rows
    )


def test_no_trait_is_stored_without_quarantine() -> None:
    sent = Submission({"email": "ann@lab.example"}, consent_to(""), network="192.0.2.1")
    assert traits_of(terms_with("enabled = false"), sent) is None
    assert traits_of(terms_with(), replace(sent, test=True)) is None
    assert traits_of(terms_with(), replace(sent, source="event")) is None


def test_a_text_is_compared_without_the_persons_other_answers() -> None:
    def texts(name: str) -> set[Trait]:
        answers = {
            "full_name": name,
            "message": f"I am {name} and I have 12 questions about your guide.",
        }
        traits = traits_of(terms_with(), Submission(answers, consent_to("")))
        assert traits is not None
        return {trait for trait in traits.traits if trait.kind == "text"}

    assert texts("Ann Lee") == texts("Bob Ray") != set()


@pytest.mark.parametrize(
    ("local", "has_shape"),
    [
        ("ann.lee", False),
        ("ann", False),
        ("maria1984", False),
        ("k.brandt-mueller", False),
        ("sales2", False),
        ("schwartz", False),
        ("xiaoming", False),
        ("lwqf83749", True),
        ("a7d93kx02", True),
        ("xkqjzvbwtr", True),
    ],
)
def test_few_people_have_an_address_of_such_a_shape(local: str, has_shape: bool) -> None:
    assert bool(address_shape(local)) == has_shape
