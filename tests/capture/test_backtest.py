"""A draft on past leads: verdicts, criteria, amounts (rules 8, 16, 19, 29 of docs/rules.md)."""

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from capture.backtest.findings import Backtest, CriterionCount
from capture.backtest.run import backtest
from capture.campaign.model import Answer, Campaign
from capture.intake.correct import LeadCorrection, correct_lead
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.lead.events import Actor
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import JudgedLead
from capture.review.acts import Act, reject
from tests.samples import ANSWERS, CAMPAIGN, NOW, campaign, consent_to, received_event

TEXT = CAMPAIGN.replace('"101+"', '"101-500", "501+"')
DAY = timedelta(days=1)


def terms(*changes: tuple[str, str], add: str = "") -> Campaign:
    """The campaign of these tests with parts of its text replaced and `add` appended."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return campaign(add, text=text)


OLD = terms()
STRICT = terms(("at_least = 101", "at_least = 501"))
LOOSE = terms(("at_least = 101", "at_least = 51"))


class PastLeads:
    """A ledger with past leads, on which drafts are tried."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "ledger.db"
        self.ledger: Ledger = open_ledger(f"sqlite:///{self.file}", b"a key for tests only")
        self.people = 0

    def receive(
        self, size: str, campaign: Campaign = OLD, *, at: datetime = NOW, **more: Answer
    ) -> str:
        """Receives a submission of another person; returns the lead's id."""
        self.people += 1
        answers = {**ANSWERS, "email": f"ann@c{self.people}.example", "company_size": size, **more}
        return self.send(Submission(answers, consent_to(campaign.version)), campaign, at)

    def send(self, submission: Submission, campaign: Campaign = OLD, at: datetime = NOW) -> str:
        return self.write(
            lambda records: receive_submission(records, campaign, submission, at).lead_id
        )

    def write(self, work: Callable[[WriteTransaction], str]) -> str:
        return self.ledger.transact(work)

    def reject(self, lead_id: str) -> None:
        self.ledger.transact(
            lambda records: reject(records, Act(lead_id, "Carol", Actor.CLIENT), "too_small", NOW)
        )

    def erase(self, lead_id: str) -> None:
        """Erases the personal data as docs/operator.md describes."""
        db = sqlite3.connect(self.file)
        with db:
            db.execute("DELETE FROM personal_data WHERE lead_id = ?", (lead_id,))
        db.close()

    def backtest(self, draft: Campaign, keep: int | None = None, now: datetime = NOW) -> Backtest:
        return self.ledger.read(
            lambda reading: backtest(reading, draft, reading.leads.judged("guide"), now, keep)
        )


@pytest.fixture
def past(tmp_path: Path) -> Iterable[PastLeads]:
    past_leads = PastLeads(tmp_path)
    yield past_leads
    past_leads.ledger.close()


def verdict_counts(result: Backtest) -> dict[str, int]:
    """The leads by verdicts then and now; `yes-no` qualified then and do not now."""
    word = {True: "yes", False: "no"}
    return {
        f"{word[count.qualified_then]}-{word[count.qualified_now]}": count.leads
        for count in result.verdicts
        if count.leads
    }


def criterion_count(result: Backtest, name: str) -> CriterionCount:
    (count,) = [count for count in result.criteria if count.id == name]
    return count


def test_an_unchanged_file_changes_nothing(past: PastLeads) -> None:
    past.receive("501+")
    past.receive("1-50")
    result = past.backtest(OLD)
    assert (result.changes, result.changed, result.bill.total.difference) == (0, (), 0)
    assert verdict_counts(result) == {"yes-yes": 1, "no-no": 1}


def test_a_stricter_rule_disqualifies_leads_that_do_not_meet_it(past: PastLeads) -> None:
    past.receive("501+")
    lost = past.receive("101-500")
    result = past.backtest(STRICT)
    assert verdict_counts(result) == {"yes-yes": 1, "yes-no": 1}
    (lead,) = result.changed
    assert (lead.lead_id, lead.qualified_now) == (lost, False)
    assert [(criterion.id, criterion.rule, criterion.reason) for criterion in lead.deciding] == [
        (
            "company_size",
            "Company size is at least 501",
            "answered 101-500, which is not at least 501",
        )
    ]


def test_a_looser_rule_qualifies_leads_and_shows_the_deciding_criterion(past: PastLeads) -> None:
    won = past.receive("51-100")
    past.receive("1-50")
    result = past.backtest(LOOSE)
    assert verdict_counts(result) == {"no-yes": 1, "no-no": 1}
    (lead,) = result.changed
    assert (lead.lead_id, lead.qualified_now, lead.stage) == (won, True, "disqualified")
    assert [criterion.reason for criterion in lead.deciding] == ["answered 51-100"]


def test_each_criterion_is_counted_then_and_now(past: PastLeads) -> None:
    for size in ("1-50", "51-100", "51-100", "101-500", "501+"):
        past.receive(size)
    strict, loose = (
        criterion_count(past.backtest(draft), "company_size") for draft in (STRICT, LOOSE)
    )
    assert (strict.rule_then, strict.rule_now) == (
        "Company size is at least 101",
        "Company size is at least 501",
    )
    assert (strict.leads, strict.met_then, strict.met_now) == (5, 2, 1)
    assert (strict.no_longer_met, strict.newly_met) == (1, 0)
    assert (loose.met_now, loose.no_longer_met, loose.newly_met) == (4, 0, 2)


def test_a_changed_lead_lists_all_criteria_that_it_does_not_meet(past: PastLeads) -> None:
    past.receive("101-500", phone="+12125550100")
    draft = terms(
        ("at_least = 101", "at_least = 501"),
        ("[price]", '[criteria.reachable]\nfield = "phone"\ncontains_any = ["nobody"]\n[price]'),
    )
    result = past.backtest(draft)
    assert criterion_count(result, "company_size").no_longer_met == 1
    assert criterion_count(result, "reachable").met_now == 0
    assert [criterion.id for criterion in result.changed[0].deciding] == [
        "company_size",
        "reachable",
    ]


COUNTRY = (
    ("[criteria]", '[fields.country]\nlabel = "Country"\ntype = "country"\n\n[criteria]'),
    ("[price]", '[criteria.country]\ncountry_in = ["US"]\n\n[price]'),
)


def test_a_criterion_on_a_field_that_the_form_did_not_have_is_not_met(past: PastLeads) -> None:
    past.receive("501+")
    result = past.backtest(terms(*COUNTRY))
    count = criterion_count(result, "country")
    assert (count.rule_then, count.met_then, count.no_longer_met) == (None, None, None)
    assert (count.met_now, count.not_asked) == (0, 1)
    assert [criterion.reason for criterion in result.changed[0].deciding] == ["not asked then"]


def test_an_empty_field_of_the_form_is_no_answer(past: PastLeads) -> None:
    past.receive("501+")
    draft = terms(("[price]", '[criteria.phone]\ncontains_any = ["1"]\n\n[price]'))
    result = past.backtest(draft)
    assert criterion_count(result, "phone").not_asked == 0
    assert [criterion.reason for criterion in result.changed[0].deciding] == ["no answer"]


def test_an_answer_that_the_draft_does_not_offer_is_judged_and_marked(past: PastLeads) -> None:
    past.receive("101-500")
    past.receive("1-50")
    draft = terms(('"101-500", "501+"', '"101-200", "201+"'), ("at_least = 101", "at_least = 201"))
    result = past.backtest(draft)
    assert criterion_count(result, "company_size").not_offered == 1
    (criterion,) = result.changed[0].deciding
    assert criterion.reason == "answered 101-500, which is not at least 201; not offered now"


def test_an_answer_that_meets_the_rule_is_not_marked(past: PastLeads) -> None:
    past.receive("501+")
    result = past.backtest(terms(('"101-500", "501+"', '"101-200", "201+"')))
    assert (result.changes, criterion_count(result, "company_size").not_offered) == (0, 0)


def test_a_dropped_criterion_disqualifies_no_lead(past: PastLeads) -> None:
    won = past.receive("1-50")
    draft = terms(("company_size = { at_least = 101 }", 'email = { contains_any = ["example"] }'))
    result = past.backtest(draft)
    dropped = criterion_count(result, "company_size")
    assert (dropped.rule_now, dropped.met_then, dropped.met_now, dropped.newly_met) == (
        None,
        0,
        None,
        None,
    )
    assert [count.id for count in result.criteria] == ["email", "company_size"]
    (lead,) = result.changed
    assert (lead.lead_id, lead.deciding[0].reason) == (won, "no longer a criterion")


def test_each_earlier_rule_text_has_its_own_count(past: PastLeads) -> None:
    past.receive("51-100", LOOSE)
    past.receive("501+", OLD)
    rules = [count.rule_then for count in past.backtest(STRICT).criteria]
    assert rules == ["Company size is at least 51", "Company size is at least 101"]


def test_erased_leads_are_not_judged(past: PastLeads) -> None:
    past.receive("501+")
    past.erase(past.receive("101-500"))
    result = past.backtest(STRICT)
    assert (result.judged, result.erased, result.changes) == (1, 1, 0)
    assert (result.bill.total.leads_then, result.bill.total.leads_now) == (1, 1)


def test_leads_that_the_criteria_did_not_decide_are_left_out(past: PastLeads) -> None:
    past.receive("501+")
    answers = {**ANSWERS, "email": "ann@c1.example", "company_size": "51-100"}
    submission = Submission(answers, consent_to(OLD.version))
    past.send(submission)  # a duplicate of the first
    past.send(replace(submission, test=True))
    past.send(replace(submission, spam_signals=("honeypot", "too_fast")), at=NOW + DAY)
    past.write(
        lambda records: str(records.people.suppress("acme", [("email", "x@y.example")], NOW))
    )
    past.receive("501+", email="x@y.example")
    result = past.backtest(LOOSE)
    assert result.left_out == {"duplicate": 1, "spam": 1, "suppressed": 1, "test": 1}
    assert (result.judged, result.changes) == (1, 0)


def test_every_lead_is_counted_once(past: PastLeads) -> None:
    for size in ("1-50", "101-500", "501+"):
        past.erase(past.receive(size))
        past.receive(size)
        past.send(Submission({**ANSWERS, "company_size": size}, consent_to(OLD.version), test=True))
    result = past.backtest(STRICT)
    assert result.judged + result.erased + sum(result.left_out.values()) == 9
    assert sum(count.leads for count in result.verdicts) == result.judged == 3


def test_the_newest_verdict_counts_after_a_correction(past: PastLeads) -> None:
    lead_id = past.receive("1-50")
    correction = LeadCorrection(lead_id, "Ada", {"company_size": "101-500"})
    past.write(lambda records: correct_lead(records, correction, NOW).review)
    assert verdict_counts(past.backtest(OLD)) == {"yes-yes": 1}
    assert verdict_counts(past.backtest(STRICT)) == {"yes-no": 1}


def test_verdicts_by_older_lists_are_counted(past: PastLeads) -> None:
    verdict = {"passed": True, "rule_data": "000000000000", "criteria": []}
    judged_lead = JudgedLead(
        replace(past.ledger.read(_lead(past.receive("501+"))), lead_id="a"), verdict, ANSWERS
    )
    result = past.ledger.read(lambda reading: backtest(reading, OLD, [judged_lead], NOW))
    assert result.older_lists == 1
    assert past.backtest(OLD).older_lists == 0


def _lead(lead_id: str):
    return lambda reading: reading.leads.get(lead_id)


def test_each_verdict_count_has_the_leads_that_the_client_rejected(past: PastLeads) -> None:
    past.reject(past.receive("101-500"))
    past.receive("101-500")
    (count,) = [count for count in past.backtest(STRICT).verdicts if count.leads]
    assert (count.leads, count.rejected) == (2, 1)


def test_only_the_newest_changed_leads_are_listed_and_all_are_counted(past: PastLeads) -> None:
    ids = [past.receive("101-500", at=NOW + number * DAY) for number in range(3)]
    result = past.backtest(STRICT, keep=2)
    assert [lead.lead_id for lead in result.changed] == [ids[2], ids[1]]
    assert result.changes == 3
    assert past.backtest(STRICT, keep=0).changed == ()


def test_a_changed_lead_has_the_stage_that_silence_gave_it(past: PastLeads) -> None:
    past.receive("101-500")
    assert past.backtest(STRICT).changed[0].stage == "qualified"
    assert past.backtest(STRICT, now=NOW + 2 * DAY).changed[0].stage == "accepted"


class TestEstimate:
    """The amounts then and now, if every lead that qualifies were accepted."""

    def test_the_old_price_is_that_of_each_leads_version_and_the_new_one_the_drafts(
        self, past: PastLeads
    ) -> None:
        past.receive("101-500")
        past.receive("501+", terms(("rate = 50", "rate = 60")))
        draft = terms(("at_least = 101", "at_least = 501"), ("rate = 50", "rate = 99.5"))
        total = past.backtest(draft).bill.total
        assert (total.leads_then, total.amount_then) == (2, 11000)
        assert (total.leads_now, total.amount_now) == (1, 9950)
        assert total.difference == -1050

    def test_months_are_those_of_receipt_in_the_campaigns_time_zone(self, past: PastLeads) -> None:
        past.receive("501+", at=datetime.fromisoformat("2026-12-01T04:59:59Z"))
        past.receive("51-100", at=datetime.fromisoformat("2026-12-01T05:00:00Z"))
        months = past.backtest(LOOSE).bill.months
        assert [(month.month, month.leads_then, month.leads_now) for month in months] == [
            ("2026-11", 1, 1),
            ("2026-12", 0, 1),
        ]

    @pytest.mark.parametrize(("over", "review"), [("refuse", "over_cap"), ("free", "qualified")])
    def test_leads_that_a_cap_refused_or_made_free_cost_nothing_then_and_now(
        self, past: PastLeads, over: str, review: str
    ) -> None:
        capped = terms(add=f'[caps]\nleads_a_month = 1\nover = "{over}"')
        past.receive("501+", capped)
        lead = past.ledger.read(_lead(past.receive("501+", capped)))
        assert lead.review == review
        result = past.backtest(OLD)
        assert (result.judged, result.bill.total.leads_then, result.bill.total.leads_now) == (
            2,
            1,
            1,
        )

    def test_a_rejected_lead_counts_then_and_now(self, past: PastLeads) -> None:
        past.reject(past.receive("501+"))
        estimate = past.backtest(OLD).bill
        assert (estimate.total.amount_then, estimate.total.amount_now) == (5000, 5000)
        assert estimate.assumed.startswith(
            "the client accepts every lead that qualifies; duplicates"
        )

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            (
                [('"cpl"', '"cpa"'), ("rate = 50", "percent = 10"), ('"accepted"', '"won"')],
                "the price is a percentage, and what these people would have bought is unknown",
            ),
            ([('"USD"', '"EUR"')], "USD and EUR are never added up (rule 29)"),
            (
                [('"cpl"', '"cpap"'), ('"accepted"', '"held"')],
                "the billable event was accepted then and is held now: how often one follows the "
                "other is unknown",
            ),
        ],
    )
    def test_unknown_amounts_have_a_reason(
        self, past: PastLeads, changes: list[tuple[str, str]], reason: str
    ) -> None:
        past.receive("501+")
        estimate = past.backtest(terms(*changes)).bill
        total = estimate.total
        assert estimate.unknown == reason
        assert (total.leads_then, total.leads_now) == (1, 1)
        assert (total.amount_then, total.amount_now, total.difference) == (None,) * 3

    def test_for_an_event_after_acceptance_the_amount_is_a_maximum(self, past: PastLeads) -> None:
        held = terms(('"cpl"', '"cpap"'), ('"accepted"', '"held"'))
        past.receive("501+", held)
        estimate = past.backtest(held).bill
        assert (estimate.unknown, estimate.total.amount_then) == ("", 5000)
        assert "so this is the maximum" in estimate.assumed


def test_without_judged_leads_the_result_is_empty(past: PastLeads) -> None:
    past.ledger.transact(lambda records: records.campaigns.save_version(campaign(), NOW))
    past.ledger.transact(lambda records: records.append(received_event("a")))  # not judged yet
    result = past.backtest(OLD)
    assert (result.judged, result.left_out, result.criteria, result.bill.months) == (
        0,
        {"received": 1},
        [],
        [],
    )
