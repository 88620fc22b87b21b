"""Random lives of whole campaigns: the product bills what the rules say, to the minor unit.

`make test-long` drives a thousand campaigns of each price model instead of the few of a usual
run, from a new seed each time, and says what they did.
"""

import sys
import tempfile
from collections import Counter
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from random import Random
from typing import ClassVar, Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from capture.errors import NotFound, Refused
from capture.lead.model import Lead
from tests.capture.billing import lives
from tests.capture.billing.oracle import UNDO, Oracle
from tests.capture.billing.oracle_acts import ON_A_LEAD, Act
from tests.capture.billing.oracle_life import Refusal
from tests.capture.billing.product import Product, lines_of
from tests.long import LONG, rounds

pytestmark = [pytest.mark.slow, pytest.mark.long]

LIVES: Final = rounds(16, 1000)
MEMORY: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Thousands of small ledgers, each flushed at every act: in memory where that can be."""
SEED: Final = st.tuples(*[st.integers(0, 2**16)] * 3)


class Campaigns(RuleBasedStateMachine):
    """One campaign in two books: the product's ledger, and the oracle's."""

    model: ClassVar[str]
    driven: ClassVar[Counter[str]]
    """How often each act was taken or refused."""

    @initialize(seed=SEED)
    def begin(self, seed: tuple[int, ...]) -> None:
        self.seeds, self.whole = [seed], False
        any_ = self.chance(seed)
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY)
        terms = lives.agreement(any_, self.model)
        self.product = Product(Path(self.folder.name), terms)
        self.oracle = Oracle(terms)
        self.now = any_.choice(lives.STARTS)
        self.story: list[Act] = []
        self.driven["campaigns"] += 1

    def chance(self, seed: tuple[int, ...]) -> Random:
        """Even chances: Hypothesis alone likes the same few choices again and again."""
        self.seeds.append(seed)
        return Random(repr(self.seeds))

    def told(self, lead: str = "") -> str:
        """All acts so far, or those that touch one lead: what they say, and nothing else."""
        plain = asdict(Act(self.now, ""))
        acts = [
            " ".join(
                f"{name}={value}" for name, value in asdict(act).items() if value != plain[name]
            )
            for act in self.story
            if not lead or act.lead in ("", lead)
        ]
        return "\n".join([str(self.oracle.terms), *acts])

    def teardown(self) -> None:
        """At the end of each life all months are closed, and the whole ledger is proven."""
        if not hasattr(self, "folder"):
            return
        try:
            if self.whole and self.oracle.lives:
                self.looked_at_again()
                self.now += 70 * lives.DAY
                self.close_what_is_over()
                assert self.product.faults() == [], self.told()
                by_itself = sum(one.by_itself for one in self.oracle.credits)
                self.driven["credited by itself"] += by_itself
        finally:
            self.product.ledger.close()
            self.folder.cleanup()

    def looked_at_again(self) -> None:
        """Months closed and open, seen as of moments long past, just now and to come."""
        any_ = self.chance(())
        months = [*self.oracle.months, self.oracle.next_month()]
        moments = [any_.choice(self.story).at for _ in range(3)]
        for moment in (*moments, self.now, self.now + 40 * lives.DAY):
            self.product.assert_drawn_alike(any_.choice(months), moment)

    def both(self, act: Act) -> bool:
        """Both books take the act, or neither does."""
        refused = ""
        self.story.append(act)
        returned = act.lead in self.oracle.lives and bool(self.oracle.lives[act.lead].absences)
        try:
            self.product.does(act)
        except (Refused, NotFound) as refusal:
            refused = str(refusal)
        try:
            self.oracle.does(act)
        except Refusal:
            assert refused, f"taken against the rules, at the end of:\n{self.told(act.lead)}"
        else:
            assert not refused, (
                f"{refused}\nrefused against the rules, at the end of:\n{self.told(act.lead)}"
            )
        self.driven[f"{act.what}{' refused' if refused else ''}"] += 1
        if not refused:
            self.driven["refunded in part"] += act.what == "refunded" and act.period is not None
            self.driven["returned"] += act.what == "won" and returned
        return not refused

    @rule(seed=SEED)
    def days_pass(self, seed: tuple[int, ...]) -> None:
        any_, self.whole = self.chance(seed), False
        often = {
            self.submit: 16,
            self.act: 62,
            self.edit: 3,
            self.tell: 7,
            self.credit: 4,
            self.close: 12,
        }
        what = any_.choices(list(often), list(often.values()))[0]
        (what if self.oracle.lives else self.submit)(any_)
        assert self.product.credits() == self.oracle.credits, self.told()
        self.whole = True  # a difference is told where it was found

    def submit(self, any_: Random) -> None:
        for _ in range(any_.randint(1, 3)):
            self.now += any_.choice(lives.GAPS[:6])
            test = any_.random() < 0.1
            act = Act(
                self.now,
                "submitted",
                email=lives.email(any_, [history.email for history in self.oracle.lives.values()]),
                answer=any_.choice(lives.SIZES),
                test=test,
            )
            lead = self.product.does(act)
            self.story.append(replace(act, lead=lead.lead_id))
            self.oracle.does(self.story[-1])
            self.driven["submitted"] += 1
            if not test:
                self.alike(lead.lead_id)

    def act(self, any_: Random) -> None:
        """Several things about one lead, so that it gets somewhere."""
        history = lives.chosen(any_, list(self.oracle.lives.values()))
        for _ in range(any_.randint(1, 6)):
            act = lives.act_on(any_, self.now, history)
            self.now = act.at
            self.both(act)
            self.alike(history.lead)

    def edit(self, any_: Random) -> None:
        self.both(Act(self.now, "edited", terms=lives.changed(any_, self.oracle.terms)))

    def tell(self, any_: Random) -> None:
        self.now += any_.choice(lives.GAPS[:6])
        self.both(Act(self.now, "notified"))

    def credit(self, any_: Random) -> None:
        lines = [line for month in self.oracle.months.values() for line in month.lines]
        if not lines:
            return
        line = any_.choice(lines)
        left = self.oracle.raised(line) - self.oracle.credited(line)
        amount = any_.choice([1, left, left + 1, left // 2])
        period = date.fromisoformat(line.period) if line.period else None
        what = any_.choice(["credited", "debited"])
        if what == "debited":
            amount = any_.choice([1, 7, line.amount * 2, 1005])
        self.both(Act(self.now, what, lead=line.lead, period=period, amount=amount))

    def close(self, any_: Random) -> None:
        """All months that are over, and perhaps the next at its very end."""
        self.close_what_is_over()
        month = self.oracle.next_month()
        wait = any_.choice([-1, 0, 9, 10, 11, 3600, 86400 * 9]) * lives.SECOND
        self.now = max(self.now, self.oracle.end(month) + wait)
        wild = any_.random() < 0.1
        act = Act(self.now, "closed", month=any_.choice(["2026-01", "2028-03"]) if wild else month)
        drawn = [] if act.month in self.oracle.months else lines_of(self.product.preview(act))
        if self.close_month(act):
            assert lines_of(self.product.bills[act.month]) == drawn, "the preview said otherwise"

    def close_what_is_over(self) -> None:
        while self.oracle.end(self.oracle.next_month()) + UNDO <= self.now:
            self.close_month(Act(self.now, "closed", month=self.oracle.next_month()))

    def close_month(self, act: Act) -> bool:
        new = act.month not in self.oracle.months
        if not self.both(act) or not new:
            return False
        self.proven(act.month)
        return True

    def proven(self, month: str) -> None:
        """What both books say of a month that was just closed."""
        bill, ours = self.product.bills[month], self.oracle.months[month]
        assert lines_of(bill) == ours.lines, self.told()
        assert bill.total == ours.total
        counts = bill.counts
        assert (counts.in_review, counts.over_cap_refused, counts.over_cap_free) == (
            ours.in_review,
            ours.over_cap_refused,
            ours.over_cap_free,
        )
        billed = Counter(
            (line.lead_id, line.period)
            for each in self.product.bills.values()
            for line in each.lines
        )
        assert not billed or max(billed.values()) == 1, "billed twice"
        assert self.product.kept() == self.product.frozen, "a closed statement has changed"
        self.driven["lines"] += len(ours.lines)
        self.driven["late lines"] += sum(line.late for line in ours.lines)
        self.driven["free lines"] += sum(line.free for line in ours.lines)

    def alike(self, lead_id: str) -> None:
        """Both books say that the lead stands in the same place."""
        lead: Lead = self.product.ledger.read(lambda reading: reading.leads.get(lead_id))
        history = self.oracle.lives[lead_id]
        history.settle(self.now)
        stage = (
            "accepted" if history.accepted else "rejected" if history.rejected else history.stage
        )
        if history.stage != "qualified":
            stage = history.stage
        found = (lead.review_at(self.now), lead.appointment_at(self.now), lead.sale)
        assert found == (stage, history.appointment, history.sale), self.told(lead_id)
        if history.stage == "qualified":
            assert (lead.deadline, lead.free_over_cap, lead.needs_explicit_acceptance) == (
                history.deadline,
                history.free,
                history.explicit,
            )
            assert lead.accepted_as_of(self.now) == history.accepted


def test_random_campaigns_are_billed_as_the_rules_say() -> None:
    driven: Counter[str] = Counter()
    for model in ("cpl", "cpap", "cpa", "revenue_share"):
        ours = drive(model)
        driven += ours
        if LONG:
            sys.__stderr__.write(f"{model}: {dict(sorted(ours.items()))}\n")
    if not LONG:  # a sample is too small to reach each rare case every time
        assert driven["lines"]
        return
    expected = {*ON_A_LEAD, "corrected", "notified", "edited", "lines", "late lines", "free lines"}
    expected |= {"credited", "debited", "refunded in part", "returned", "credited by itself"}
    never = sorted(what for what in expected if not driven[what])
    assert never == [], "random lives that never get there prove nothing"


def drive(model: str) -> Counter[str]:
    """Random campaigns of one price model; what was done in them."""
    driven: Counter[str] = Counter()
    run_state_machine_as_test(
        type(f"Campaigns_{model}", (Campaigns,), {"model": model, "driven": driven}),
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=45,
            derandomize=not LONG,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            phases=[
                Phase.generate
            ],  # a failure tells its acts; each step's chances hang on all before
            suppress_health_check=list(HealthCheck),
        ),
    )
    return driven
