"""Leads whose e-mail domain takes no mail go into quarantine before anybody is notified of them."""

from collections.abc import Callable, Collection
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta

import dns.rcode
import pytest

from capture.campaign.model import Campaign
from capture.delivery import plan
from capture.delivery.context import DeliveryContext
from capture.delivery.mail_domains import MailDomains
from capture.delivery.plan import queue_messages
from capture.intake.confirm import confirm_address
from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.quarantine import discard, hold_back, release
from capture.intake.submission import Submission
from capture.lead.events import Actor, EventKind
from capture.lead.model import Lead
from capture.ledger.endpoints import Endpoint
from capture.ledger.protocol import Ledger
from capture.review.acts import Act, accept, find_lead, notify_client
from tests.capture.delivery.dns_server import fails, serving_dns
from tests.capture.delivery.planning import BY_MAIL, BY_MAIL_TEXT, client, context
from tests.capture.delivery.test_plan import messages, receive
from tests.samples import CAMPAIGN, NOW, campaign, submission

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
MORNING = datetime.fromisoformat("2026-11-24T08:00-05:00")
"""The first morning after `NOW` in the campaign's zone."""
NO_MAIL = "gone.test"
ROBOT = submission(BY_MAIL, email=f"ann@{NO_MAIL}")
SIGNAL = {"name": "no_mail_domain", "weight": 100}


class LookUp:
    """Knows one domain without mail, and stores the domains that were looked up."""

    def __init__(self) -> None:
        self.passes: list[set[str]] = []
        self.meanwhile: Callable[[], object] = lambda: None
        """Called while the look-up waits for answers."""

    def __call__(self, domains: Collection[str]) -> AbstractSet[str]:
        self.passes.append(set(domains))
        self.meanwhile()
        return {NO_MAIL} & set(domains)


@pytest.fixture
def look_up() -> LookUp:
    return LookUp()


def checking(
    ledger: Ledger, look_up: LookUp, *terms: Campaign, **client_changes: object
) -> DeliveryContext:
    made = context(ledger, *(terms or (BY_MAIL,)), client_file=client(**client_changes))
    return replace(made, domains_without_mail=look_up)


def find(ledger: Ledger, lead_id: str) -> Lead:
    return ledger.read(lambda reading: find_lead(reading, lead_id))


def signals(ledger: Ledger, lead_id: str) -> list[object]:
    """The signals of each event that put the lead into quarantine."""
    events = ledger.read(lambda reading: list(reading.events.select(lead_id=lead_id)))
    return [
        recorded.event.data["signals"]
        for recorded in events
        if recorded.event.kind is EventKind.HELD_BACK
    ]


def sent_to_anybody(ledger: Ledger) -> list[str]:
    """The kinds of all messages about leads."""
    return [message.kind for message in messages(ledger) if message.lead_id or message.data]


# Before anybody is notified.


def test_a_lead_whose_domain_takes_no_mail_is_quarantined_and_nobody_gets_a_letter(
    ledger: Ledger, look_up: LookUp
) -> None:
    robot, person = receive(ledger, ROBOT), receive(ledger, submission(BY_MAIL))
    queue_messages(checking(ledger, look_up), NOW)
    assert find(ledger, robot).review == "quarantined"
    assert signals(ledger, robot) == [[SIGNAL]]
    assert [(message.kind, message.lead_id) for message in messages(ledger)] == [
        ("guide", person),
        ("lead_to_review", person),
    ]
    assert look_up.passes == [{NO_MAIL, "clinic.example"}]


def test_no_webhook_is_sent_for_a_quarantined_lead(ledger: Ledger, look_up: LookUp) -> None:
    terms = campaign(text=BY_MAIL_TEXT.replace('notice = "email"', 'notice = "webhook"'))
    endpoint = Endpoint(
        id="wh_1",
        client="acme",
        url="https://crm.acme.example/hook",
        secret=b"secret",
        made_at=NOW - DAY,
    )
    ledger.transact(lambda records: records.endpoints.save(endpoint))
    robot = receive(ledger, submission(terms, email=f"ann@{NO_MAIL}"), terms)
    queue_messages(checking(ledger, look_up, terms), NOW)
    assert find(ledger, robot).review == "quarantined"
    assert sent_to_anybody(ledger) == []


def test_no_digest_contains_a_quarantined_lead(ledger: Ledger, look_up: LookUp) -> None:
    robot = receive(ledger, ROBOT)
    planned = checking(ledger, look_up, notice_frequency="daily")
    queue_messages(planned, NOW)
    queue_messages(planned, MORNING)
    assert find(ledger, robot).review == "quarantined"
    assert sent_to_anybody(ledger) == []


def test_a_digest_waits_for_the_check_of_a_lead_that_came_meanwhile(
    ledger: Ledger, look_up: LookUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(ledger, submission(BY_MAIL))
    planned = checking(ledger, look_up, notice_frequency="daily")
    queue_messages(planned, NOW)
    real, robots = plan.digests, []

    def receive_first(*args: object) -> object:
        if not robots:  # after the events were planned
            robots.append(receive(ledger, ROBOT, at=MORNING - MINUTE))
        return real(*args)

    monkeypatch.setattr(plan, "digests", receive_first)
    queue_messages(planned, MORNING)
    (digest,) = messages(ledger, "leads_digest")
    assert not {*robots} & {*digest.data["leads"]}


def test_a_lead_is_held_back_even_if_its_window_began_at_qualification(
    ledger: Ledger, look_up: LookUp
) -> None:
    terms = campaign(text=CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "none"'))
    robot = receive(ledger, submission(terms, email=f"ann@{NO_MAIL}"), terms)
    queue_messages(checking(ledger, look_up, terms), NOW)
    queue_messages(checking(ledger, look_up, terms), NOW + 3 * DAY)
    lead = find(ledger, robot)
    assert (lead.review_at(NOW + 3 * DAY), lead.deadline) == ("held_back", None)


def test_an_unconfirmed_lead_gets_no_letter_to_a_domain_without_mail(
    ledger: Ledger, look_up: LookUp
) -> None:
    terms = campaign(text=f'confirm = "email"\n{BY_MAIL_TEXT}')
    robot = receive(ledger, submission(terms, email=f"ann@{NO_MAIL}"), terms)
    queue_messages(checking(ledger, look_up, terms), NOW)
    assert find(ledger, robot).review == "quarantined"
    assert sent_to_anybody(ledger) == []


# What is not checked.


def test_test_leads_imports_and_leads_that_do_not_qualify_are_not_looked_up(
    ledger: Ledger, look_up: LookUp
) -> None:
    leads = [
        receive(ledger, replace(ROBOT, test=True)),
        receive(ledger, replace(ROBOT, source="import")),
        receive(ledger, submission(BY_MAIL, email=f"bob@{NO_MAIL}", company_size="1-50")),
    ]
    queue_messages(checking(ledger, look_up), NOW)
    assert look_up.passes == []
    assert [find(ledger, lead_id).review for lead_id in leads] == [
        "qualified",
        "qualified",
        "disqualified",
    ]


@pytest.mark.parametrize("weights", ["no_mail_domain = 0", "no_mail_domain = 99", "hold_at = 101"])
def test_there_is_no_look_up_if_the_signals_weight_is_too_low(
    ledger: Ledger, look_up: LookUp, weights: str
) -> None:
    terms = campaign(f"[quarantine]\n{weights}", text=BY_MAIL_TEXT)
    lead_id = receive(ledger, submission(terms, email=f"ann@{NO_MAIL}"), terms)
    queue_messages(checking(ledger, look_up, terms), NOW)
    assert look_up.passes == []
    assert find(ledger, lead_id).review == "qualified"


def test_the_signal_is_added_to_those_from_the_receipt(ledger: Ledger, look_up: LookUp) -> None:
    terms = campaign("[quarantine]\nno_mail_domain = 60", text=BY_MAIL_TEXT)
    sent = submission(terms, email=f"ann@{NO_MAIL}")
    quick = receive(ledger, replace(sent, spam_signals=("too_fast",)), terms)
    slow = receive(ledger, submission(terms, email=f"bob@{NO_MAIL}"), terms)
    queue_messages(checking(ledger, look_up, terms), NOW)
    assert [find(ledger, lead_id).review for lead_id in (quick, slow)] == [
        "quarantined",
        "qualified",
    ]
    assert signals(ledger, quick) == [
        [
            {"name": "spam_signal", "weight": 50, "what": "too_fast"},
            {"name": "no_mail_domain", "weight": 60},
        ]
    ]


def test_without_a_check_every_domain_passes(ledger: Ledger) -> None:
    lead_id = receive(ledger, ROBOT)
    queue_messages(context(ledger, BY_MAIL), NOW)
    assert find(ledger, lead_id).review == "qualified"


def test_a_released_lead_is_not_quarantined_again(ledger: Ledger, look_up: LookUp) -> None:
    lead_id = receive(ledger, ROBOT)
    planned = checking(ledger, look_up)
    queue_messages(planned, NOW)
    ledger.transact(lambda records: release(records, lead_id, "Ada", NOW + HOUR))
    queue_messages(planned, NOW + HOUR)
    assert find(ledger, lead_id).review == "qualified"
    assert [message.kind for message in messages(ledger)] == ["guide", "lead_to_review"]
    assert len(look_up.passes) == 1


def test_a_lead_that_the_agency_corrected_is_not_looked_up(ledger: Ledger, look_up: LookUp) -> None:
    lead_id = receive(ledger, submission(BY_MAIL, email=f"bob@{NO_MAIL}", company_size="1-50"))
    correction = LeadCorrection(lead_id, "Ada", {"company_size": "101+"})
    ledger.transact(lambda records: correct_lead(records, correction, NOW))
    queue_messages(checking(ledger, look_up), NOW)
    assert find(ledger, lead_id).review == "qualified"
    assert look_up.passes == []


def test_a_proved_address_is_not_looked_up(ledger: Ledger, look_up: LookUp) -> None:
    terms = campaign(text=f'confirm = "email"\n{BY_MAIL_TEXT}')
    lead_id = receive(ledger, submission(terms, email=f"ann@{NO_MAIL}"), terms)
    ledger.transact(lambda records: confirm_address(records, lead_id, NOW))
    queue_messages(checking(ledger, look_up, terms), NOW)
    assert find(ledger, lead_id).review == "qualified"
    assert look_up.passes == []


def test_a_lead_that_was_discarded_before_the_dispatcher_ran_gets_no_letter(
    ledger: Ledger, look_up: LookUp
) -> None:
    lead = find(ledger, receive(ledger, ROBOT))
    ledger.transact(lambda records: hold_back(records, lead, [SIGNAL], NOW))
    ledger.transact(lambda records: discard(records, lead.lead_id, "Ada", NOW))
    queue_messages(checking(ledger, look_up), NOW)
    assert look_up.passes == []
    assert sent_to_anybody(ledger) == []


# A late dispatcher, and several dispatchers.


def test_a_lead_that_the_client_accepted_before_the_check_stays_accepted(
    ledger: Ledger, look_up: LookUp
) -> None:
    lead_id = receive(ledger, ROBOT)
    act = Act(lead_id, "Carol", Actor.CLIENT)
    ledger.transact(lambda records: accept(records, act, NOW))
    queue_messages(checking(ledger, look_up), NOW + MINUTE)
    assert find(ledger, lead_id).review == "accepted"
    assert look_up.passes == []


def test_a_lead_that_the_client_accepts_during_the_look_up_stays_accepted(
    ledger: Ledger, look_up: LookUp
) -> None:
    lead_id = receive(ledger, ROBOT)
    act = Act(lead_id, "Carol", Actor.CLIENT)
    look_up.meanwhile = lambda: ledger.transact(lambda records: accept(records, act, NOW))
    queue_messages(checking(ledger, look_up), NOW + MINUTE)
    assert find(ledger, lead_id).review == "accepted"
    assert signals(ledger, lead_id) == []


def test_a_lead_that_was_notified_by_hand_is_held_back_before_silence_accepts_it(
    ledger: Ledger, look_up: LookUp
) -> None:
    lead_id = receive(ledger, ROBOT)
    ledger.transact(lambda records: notify_client(records, BY_MAIL, NOW))
    queue_messages(checking(ledger, look_up), NOW + HOUR)
    lead = find(ledger, lead_id)
    assert (lead.review, lead.deadline) == ("held_back", None)


def test_an_acceptance_by_silence_before_the_dispatcher_ran_remains(
    ledger: Ledger, look_up: LookUp
) -> None:
    lead_id = receive(ledger, ROBOT)
    ledger.transact(lambda records: notify_client(records, BY_MAIL, NOW))
    queue_messages(checking(ledger, look_up), NOW + 3 * DAY)
    assert find(ledger, lead_id).review == "accepted"


def test_a_lead_that_comes_during_the_look_up_is_looked_up_before_its_notice(
    ledger: Ledger, look_up: LookUp
) -> None:
    receive(ledger, submission(BY_MAIL))
    robots: list[str] = []

    def receive_robot() -> None:
        if not robots:
            robots.append(receive(ledger, ROBOT))

    look_up.meanwhile = receive_robot
    queue_messages(checking(ledger, look_up), NOW)
    assert look_up.passes == [{"clinic.example"}, {NO_MAIL}]
    assert find(ledger, robots[0]).review == "quarantined"


def test_if_another_dispatcher_is_faster_only_that_one_plans_the_batch(
    ledger: Ledger, look_up: LookUp
) -> None:
    robot, person = receive(ledger, ROBOT), receive(ledger, submission(BY_MAIL))
    faster = LookUp()
    look_up.meanwhile = lambda: queue_messages(checking(ledger, faster), NOW)
    queue_messages(checking(ledger, look_up), NOW)
    assert signals(ledger, robot) == [[SIGNAL]]
    assert {message.lead_id for message in messages(ledger)} == {person}


def test_every_batch_has_its_own_look_up(
    ledger: Ledger, look_up: LookUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "_EVENTS_AT_ONCE", 2)
    for name in "abc":
        receive(ledger, submission(BY_MAIL, email=f"ann@{name}.test"))
    queue_messages(checking(ledger, look_up), NOW)
    assert look_up.passes == [{"a.test"}, {"b.test"}, {"c.test"}]


# With a real DNS server.


def test_a_lead_passes_if_its_look_up_fails(ledger: Ledger) -> None:
    zone = {
        "acme.test.": ("MX 10 mail.acme.test.",),
        "null.test.": ("MX 0 .",),
        "broken.test.": fails(dns.rcode.SERVFAIL),
    }
    domains = ("acme.test", "null.test", "broken.test", NO_MAIL)
    leads = {name: receive(ledger, _from(name)) for name in domains}
    with serving_dns(zone) as server:
        look_up = MailDomains(server=server.server).without_mail
        queue_messages(replace(context(ledger, BY_MAIL), domains_without_mail=look_up), NOW)
    assert {name: find(ledger, lead_id).review for name, lead_id in leads.items()} == {
        "acme.test": "qualified",
        "null.test": "quarantined",
        "broken.test": "qualified",
        NO_MAIL: "quarantined",
    }


def _from(domain: str) -> Submission:
    return submission(BY_MAIL, email=f"ann@{domain}")
