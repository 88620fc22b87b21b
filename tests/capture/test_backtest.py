"""A draft on past leads: verdicts, criteria, bill (rules 8, 16, 19, 29)."""

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
from capture.intake.gate import Submission
from capture.intake.receive import receive_submission
from capture.lead.events import Actor
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import JudgedLead
from capture.review import Act, reject
from tests.samples import ANSWERS, CAMPAIGN, NOW, campaign, consent_to, received_event

TEXT = CAMPAIGN.replace('"101+"', '"101-500", "501+"')
DAY = timedelta(days=1)


def terms(*changes: tuple[str, str], add: str = "") -> Campaign:
    """The campaign of these tests with parts of its text replaced, and more at its end."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return campaign(add, text=text)


OLD = terms()
STRICT = terms(("at_least = 101", "at_least = 501"))
LOOSE = terms(("at_least = 101", "at_least = 51"))


class Past:
    """A ledger with past leads, and a draft tried on them."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "ledger.db"
        self.ledger: Ledger = open_ledger(f"sqlite:///{self.file}", b"a key for tests only")
        self.people = 0

    def take(self, size: str, under: Campaign = OLD, *, at: datetime = NOW, **more: Answer) -> str:
        """Another person's lead at the door; its id."""
        self.people += 1
        answers = {**ANSWERS, "email": f"ann@c{self.people}.example", "company_size": size, **more}
        return self.send(Submission(answers, consent_to(under.version)), under, at)

    def send(self, sent: Submission, under: Campaign = OLD, at: datetime = NOW) -> str:
        return self.write(lambda records: receive_submission(records, under, sent, at).lead_id)

    def write(self, work: Callable[[WriteTransaction], str]) -> str:
        return self.ledger.transact(work)

    def reject(self, lead_id: str) -> None:
        self.ledger.transact(
            lambda records: reject(records, Act(lead_id, "Carol", Actor.CLIENT), "too_small", NOW)
        )

    def erase(self, lead_id: str) -> None:
        """As docs/operator.md says."""
        db = sqlite3.connect(self.file)
        with db:
            db.execute("DELETE FROM personal_data WHERE lead_id = ?", (lead_id,))
        db.close()

    def under(self, draft: Campaign, keep: int | None = None, now: datetime = NOW) -> Backtest:
        return self.ledger.read(
            lambda reading: backtest(reading, draft, reading.leads.judged("guide"), now, keep)
        )


@pytest.fixture
def past(tmp_path: Path) -> Iterable[Past]:
    created = Past(tmp_path)
    yield created
    created.ledger.close()


def ways(found: Backtest) -> dict[str, int]:
    """How many leads went which way: `yes-no` qualified then and would not now."""
    word = {True: "yes", False: "no"}
    return {
        f"{word[count.qualified_then]}-{word[count.qualified_now]}": count.leads
        for count in found.verdicts
        if count.leads
    }


def row(found: Backtest, name: str) -> CriterionCount:
    (only,) = [count for count in found.criteria if count.id == name]
    return only


def test_the_file_that_judged_changes_nothing(past: Past) -> None:
    past.take("501+")
    past.take("1-50")
    found = past.under(OLD)
    assert (found.changes, found.changed, found.bill.total.difference) == (0, (), 0)
    assert ways(found) == {"yes-yes": 1, "no-no": 1}


def test_a_narrower_rule_takes_the_verdict_from_those_whom_it_fails(past: Past) -> None:
    past.take("501+")
    lost = past.take("101-500")
    found = past.under(STRICT)
    assert ways(found) == {"yes-yes": 1, "yes-no": 1}
    (lead,) = found.changed
    assert (lead.lead_id, lead.qualified_now) == (lost, False)
    assert [(one.id, one.rule, one.reason) for one in lead.deciding] == [
        (
            "company_size",
            "Company size is at least 501",
            "answered 101-500, which is not at least 501",
        )
    ]


def test_a_wider_rule_qualifies_whom_it_failed_and_says_what_decides(past: Past) -> None:
    won = past.take("51-100")
    past.take("1-50")
    found = past.under(LOOSE)
    assert ways(found) == {"no-yes": 1, "no-no": 1}
    (lead,) = found.changed
    assert (lead.lead_id, lead.qualified_now, lead.stage) == (won, True, "disqualified")
    assert [one.reason for one in lead.deciding] == ["answered 51-100"]


def test_each_criterion_is_counted_then_and_now(past: Past) -> None:
    for size in ("1-50", "51-100", "51-100", "101-500", "501+"):
        past.take(size)
    strict, loose = (row(past.under(draft), "company_size") for draft in (STRICT, LOOSE))
    assert (strict.rule_then, strict.rule_now) == (
        "Company size is at least 101",
        "Company size is at least 501",
    )
    assert (strict.leads, strict.met_then, strict.met_now) == (5, 2, 1)
    assert (strict.no_longer_met, strict.newly_met) == (1, 0)
    assert (loose.met_now, loose.no_longer_met, loose.newly_met) == (4, 0, 2)


def test_a_criterion_flips_though_another_one_holds_the_verdict(past: Past) -> None:
    past.take("101-500", phone="+12125550100")
    draft = terms(
        ("at_least = 101", "at_least = 501"),
        ("[price]", '[criteria.reachable]\nfield = "phone"\ncontains_any = ["nobody"]\n[price]'),
    )
    found = past.under(draft)
    assert row(found, "company_size").no_longer_met == 1
    assert row(found, "reachable").met_now == 0
    assert [one.id for one in found.changed[0].deciding] == ["company_size", "reachable"]


COUNTRY = (
    ("[criteria]", '[fields.country]\nlabel = "Country"\ntype = "country"\n\n[criteria]'),
    ("[price]", '[criteria.country]\ncountry_in = ["US"]\n\n[price]'),
)


def test_what_the_form_of_then_never_asked_is_not_met_and_said_so(past: Past) -> None:
    past.take("501+")
    found = past.under(terms(*COUNTRY))
    count = row(found, "country")
    assert (count.rule_then, count.met_then, count.no_longer_met) == (None, None, None)
    assert (count.met_now, count.not_asked) == (0, 1)
    assert [one.reason for one in found.changed[0].deciding] == ["not asked then"]


def test_what_was_asked_and_left_blank_is_no_answer(past: Past) -> None:
    past.take("501+")
    draft = terms(("[price]", '[criteria.phone]\ncontains_any = ["1"]\n\n[price]'))
    found = past.under(draft)
    assert row(found, "phone").not_asked == 0
    assert [one.reason for one in found.changed[0].deciding] == ["no answer"]


def test_an_answer_that_the_draft_no_longer_offers_is_judged_and_marked(past: Past) -> None:
    past.take("101-500")
    past.take("1-50")
    draft = terms(('"101-500", "501+"', '"101-200", "201+"'), ("at_least = 101", "at_least = 201"))
    found = past.under(draft)
    assert row(found, "company_size").not_offered == 1
    (one,) = found.changed[0].deciding
    assert one.reason == "answered 101-500, which is not at least 201; not offered now"


def test_an_answer_in_old_words_that_meets_the_rule_needs_no_mark(past: Past) -> None:
    past.take("501+")
    found = past.under(terms(('"101-500", "501+"', '"101-200", "201+"')))
    assert (found.changes, row(found, "company_size").not_offered) == (0, 0)


def test_a_criterion_that_is_dropped_holds_nobody_back(past: Past) -> None:
    won = past.take("1-50")
    draft = terms(("company_size = { at_least = 101 }", 'email = { contains_any = ["example"] }'))
    found = past.under(draft)
    gone = row(found, "company_size")
    assert (gone.rule_now, gone.met_then, gone.met_now, gone.newly_met) == (None, 0, None, None)
    assert [count.id for count in found.criteria] == ["email", "company_size"]
    (lead,) = found.changed
    assert (lead.lead_id, lead.deciding[0].reason) == (won, "no longer a criterion")


def test_each_wording_of_then_has_its_own_row(past: Past) -> None:
    past.take("51-100", LOOSE)
    past.take("501+", OLD)
    rules = [count.rule_then for count in past.under(STRICT).criteria]
    assert rules == ["Company size is at least 51", "Company size is at least 101"]


def test_of_erased_leads_nothing_can_be_told(past: Past) -> None:
    past.take("501+")
    past.erase(past.take("101-500"))
    found = past.under(STRICT)
    assert (found.judged, found.erased, found.changes) == (1, 1, 0)
    assert (found.bill.total.leads_then, found.bill.total.leads_now) == (1, 1)


def test_whom_the_door_took_otherwise_stands_apart(past: Past) -> None:
    past.take("501+")
    answers = {**ANSWERS, "email": "ann@c1.example", "company_size": "51-100"}
    same = Submission(answers, consent_to(OLD.version))
    past.send(same)  # a duplicate of the first
    past.send(replace(same, test=True))
    past.send(replace(same, spam_signals=("honeypot",)), at=NOW + DAY)
    past.write(
        lambda records: str(records.people.suppress("acme", [("email", "x@y.example")], NOW))
    )
    past.take("501+", email="x@y.example")
    found = past.under(LOOSE)
    assert found.left_out == {"duplicate": 1, "spam": 1, "suppressed": 1, "test": 1}
    assert (found.judged, found.changes) == (1, 0)


def test_every_lead_is_counted_once(past: Past) -> None:
    for size in ("1-50", "101-500", "501+"):
        past.erase(past.take(size))
        past.take(size)
        past.send(Submission({**ANSWERS, "company_size": size}, consent_to(OLD.version), test=True))
    found = past.under(STRICT)
    assert found.judged + found.erased + sum(found.left_out.values()) == 9
    assert sum(count.leads for count in found.verdicts) == found.judged == 3


def test_the_newest_verdict_counts_after_a_correction(past: Past) -> None:
    lead_id = past.take("1-50")
    right = LeadCorrection(lead_id, "Ada", {"company_size": "101-500"})
    past.write(lambda records: correct_lead(records, right, NOW).review)
    assert ways(past.under(OLD)) == {"yes-yes": 1}
    assert ways(past.under(STRICT)) == {"yes-no": 1}


def test_verdicts_by_older_lists_are_counted(past: Past) -> None:
    verdict = {"passed": True, "rule_data": "000000000000", "criteria": []}
    old = JudgedLead(
        replace(past.ledger.read(_lead(past.take("501+"))), lead_id="a"), verdict, ANSWERS
    )
    found = past.ledger.read(lambda reading: backtest(reading, OLD, [old], NOW))
    assert found.older_lists == 1
    assert past.under(OLD).older_lists == 0


def _lead(lead_id: str):
    return lambda reading: reading.leads.get(lead_id)


def test_of_those_who_would_drop_out_it_says_whom_the_client_rejected(past: Past) -> None:
    past.reject(past.take("101-500"))
    past.take("101-500")
    (count,) = [one for one in past.under(STRICT).verdicts if one.leads]
    assert (count.leads, count.rejected) == (2, 1)


def test_only_the_newest_that_change_are_named_and_all_are_counted(past: Past) -> None:
    ids = [past.take("101-500", at=NOW + number * DAY) for number in range(3)]
    found = past.under(STRICT, keep=2)
    assert [lead.lead_id for lead in found.changed] == [ids[2], ids[1]]
    assert found.changes == 3
    assert past.under(STRICT, keep=0).changed == ()


def test_a_lead_stands_where_silence_has_put_it_by_now(past: Past) -> None:
    past.take("101-500")
    assert past.under(STRICT).changed[0].stage == "qualified"
    assert past.under(STRICT, now=NOW + 2 * DAY).changed[0].stage == "accepted"


class TestBill:
    """Each side as if every lead that qualifies were accepted."""

    def test_each_lead_costs_then_by_its_own_version_and_now_by_the_draft(self, past: Past) -> None:
        past.take("101-500")
        past.take("501+", terms(("rate = 50", "rate = 60")))
        total = past.under(
            terms(("at_least = 101", "at_least = 501"), ("rate = 50", "rate = 99.5"))
        )
        bill = total.bill.total
        assert (bill.leads_then, bill.amount_then) == (2, 11000)
        assert (bill.leads_now, bill.amount_now) == (1, 9950)
        assert bill.difference == -1050

    def test_it_is_cut_by_the_month_of_receipt_in_the_campaigns_zone(self, past: Past) -> None:
        past.take("501+", at=datetime.fromisoformat("2026-12-01T04:59:59Z"))
        past.take("51-100", at=datetime.fromisoformat("2026-12-01T05:00:00Z"))
        months = past.under(LOOSE).bill.months
        assert [(one.month, one.leads_then, one.leads_now) for one in months] == [
            ("2026-11", 1, 1),
            ("2026-12", 0, 1),
        ]

    @pytest.mark.parametrize(("over", "review"), [("refuse", "over_cap"), ("free", "qualified")])
    def test_what_a_cap_refused_or_made_free_is_on_neither_side(
        self, past: Past, over: str, review: str
    ) -> None:
        capped = terms(add=f'[caps]\nleads_a_month = 1\nover = "{over}"')
        past.take("501+", capped)
        lead = past.ledger.read(_lead(past.take("501+", capped)))
        assert lead.review == review
        found = past.under(OLD)
        assert (found.judged, found.bill.total.leads_then, found.bill.total.leads_now) == (2, 1, 1)

    def test_a_rejected_lead_is_on_both_sides(self, past: Past) -> None:
        past.reject(past.take("501+"))
        bill = past.under(OLD).bill
        assert (bill.total.amount_then, bill.total.amount_now) == (5000, 5000)
        assert bill.assumed.startswith("the client accepts every lead that qualifies; duplicates")

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            (
                [('"cpl"', '"cpa"'), ("rate = 50", "percent = 10"), ('"accepted"', '"won"')],
                "a percentage is paid, and what these people would have bought cannot be known",
            ),
            ([('"USD"', '"EUR"')], "USD and EUR are never added up (rule 29)"),
            (
                [('"cpl"', '"cpap"'), ('"accepted"', '"held"')],
                "accepted paid then and held would now: how often one follows from the other "
                "cannot be known",
            ),
        ],
    )
    def test_amounts_that_nobody_can_know_are_not_shown(
        self, past: Past, changes: list[tuple[str, str]], why: str
    ) -> None:
        past.take("501+")
        bill = past.under(terms(*changes)).bill
        assert bill.unknown == why
        assert (bill.total.leads_then, bill.total.leads_now) == (1, 1)
        assert (bill.total.amount_then, bill.total.amount_now, bill.total.difference) == (None,) * 3

    def test_what_pays_after_acceptance_is_the_most_that_it_could_be(self, past: Past) -> None:
        held = terms(('"cpl"', '"cpap"'), ('"accepted"', '"held"'))
        past.take("501+", held)
        bill = past.under(held).bill
        assert (bill.unknown, bill.total.amount_then) == ("", 5000)
        assert "so this is the most that it could be" in bill.assumed


def test_without_leads_there_is_nothing_to_tell(past: Past) -> None:
    past.ledger.transact(lambda records: records.campaigns.save_version(campaign(), NOW))
    past.ledger.transact(lambda records: records.append(received_event("a")))  # not judged yet
    found = past.under(OLD)
    assert (found.judged, found.left_out, found.criteria, found.bill.months) == (
        0,
        {"received": 1},
        [],
        [],
    )
