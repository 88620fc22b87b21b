"""Random campaigns: product and oracle bill the same amounts, to the minor unit.

`make test-long` runs a thousand campaigns of each price model from a new seed each time, instead of
a few, and prints how often each kind of act occurred.
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
from tests.capture.billing import random_acts
from tests.capture.billing.oracle import UNDO, Oracle
from tests.capture.billing.oracle_acts import ACTS_ON_A_LEAD, Act
from tests.capture.billing.oracle_history import Refusal
from tests.capture.billing.product import Product, lines_of
from tests.capture.months import counts_of
from tests.long import LONG, rounds

pytestmark = [pytest.mark.slow, pytest.mark.long]

EXAMPLES: Final = rounds(8, 1000)
MEMORY_FOLDER: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""A folder in memory, if there is one: thousands of small ledgers are flushed at every act."""
SEED: Final = st.tuples(*[st.integers(0, 2**16)] * 3)


class Campaigns(RuleBasedStateMachine):
    """One campaign, billed by the product and by the oracle."""

    model: ClassVar[str]
    driven: ClassVar[Counter[str]]
    """How often each kind of act was accepted or refused."""

    @initialize(seed=SEED)
    def begin(self, seed: tuple[int, ...]) -> None:
        self.seeds, self.is_consistent = [seed], False
        rng = self.random(seed)
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY_FOLDER)
        terms = random_acts.random_terms(rng, self.model)
        self.product = Product(Path(self.folder.name), terms)
        self.oracle = Oracle(terms)
        self.now = rng.choice(random_acts.STARTS)
        self.acts: list[Act] = []
        self.driven["campaigns"] += 1

    def random(self, seed: tuple[int, ...]) -> Random:
        """Evenly distributed choices: Hypothesis alone prefers the same few again and again."""
        self.seeds.append(seed)
        return Random(repr(self.seeds))

    def acts_text(self, lead: str = "") -> str:
        """The acts so far, or those that concern one lead, without default values."""
        defaults = asdict(Act(self.now, ""))
        acts = [
            " ".join(
                f"{name}={value}" for name, value in asdict(act).items() if value != defaults[name]
            )
            for act in self.acts
            if not lead or act.lead in ("", lead)
        ]
        return "\n".join([str(self.oracle.terms), *acts])

    def teardown(self) -> None:
        """Closes all months at the end of each example and checks the complete ledger."""
        if not hasattr(self, "folder"):
            return
        try:
            if self.is_consistent and self.oracle.leads:
                self.check_selection()
                self.now += 70 * random_acts.DAY
                self.close_what_is_over()
                assert self.product.faults() == [], self.acts_text()
                automatic_credits = sum(credit.is_automatic for credit in self.oracle.credits)
                self.driven["automatic credits"] += automatic_credits
        finally:
            self.product.ledger.close()
            self.folder.cleanup()

    def check_selection(self) -> None:
        """Draws closed and open months as of past, present and future times."""
        rng = self.random(())
        months = [*self.oracle.months, self.oracle.next_month()]
        moments = [rng.choice(self.acts).at for _ in range(3)]
        for moment in (*moments, self.now, self.now + 40 * random_acts.DAY):
            self.product.assert_selection_complete(rng.choice(months), moment)

    def apply_to_both(self, act: Act) -> bool:
        """Applies the act; both must accept or both must refuse it. Whether they accepted."""
        refusal_text = ""
        self.acts.append(act)
        has_churned = act.lead in self.oracle.leads and bool(self.oracle.leads[act.lead].absences)
        try:
            self.product.apply(act)
        except (Refused, NotFound) as refusal:
            refusal_text = str(refusal)
        try:
            self.oracle.apply(act)
        except Refusal:
            assert refusal_text, (
                f"accepted against the rules, at the end of:\n{self.acts_text(act.lead)}"
            )
        else:
            assert not refusal_text, (
                f"{refusal_text}\nrefused against the rules, at the end of:\n"
                f"{self.acts_text(act.lead)}"
            )
        self.driven[f"{act.kind}{' refused' if refusal_text else ''}"] += 1
        if not refusal_text:
            self.driven["refunded in part"] += act.kind == "refunded" and act.period is not None
            self.driven["returned"] += act.kind == "won" and has_churned
        return not refusal_text

    @rule(seed=SEED)
    def days_pass(self, seed: tuple[int, ...]) -> None:
        rng, self.is_consistent = self.random(seed), False
        weights = {
            self.submit: 16,
            self.act: 62,
            self.edit: 3,
            self.notify: 7,
            self.correct_line: 4,
            self.close: 12,
        }
        step = rng.choices(list(weights), list(weights.values()))[0]
        (step if self.oracle.leads else self.submit)(rng)
        assert self.product.credits() == self.oracle.credits, self.acts_text()
        self.is_consistent = True  # after a difference, teardown must not report another one

    def submit(self, rng: Random) -> None:
        for _ in range(rng.randint(1, 3)):
            self.now += rng.choice(random_acts.GAPS[:6])
            test = rng.random() < 0.1
            known_emails = [history.email for history in self.oracle.leads.values()]
            act = Act(
                self.now,
                "submitted",
                email=random_acts.random_email(rng, known_emails),
                answer=rng.choice(random_acts.SIZES),
                test=test,
            )
            lead = self.product.apply(act)
            self.acts.append(replace(act, lead=lead.lead_id))
            self.oracle.apply(self.acts[-1])
            self.driven["submitted"] += 1
            if not test:
                self.check_lead(lead.lead_id)

    def act(self, rng: Random) -> None:
        """Applies several acts to one lead, so that its history advances."""
        history = random_acts.choose_lead(rng, list(self.oracle.leads.values()))
        for _ in range(rng.randint(1, 6)):
            act = random_acts.random_act(rng, self.now, history)
            self.now = act.at
            self.apply_to_both(act)
            self.check_lead(history.lead)

    def edit(self, rng: Random) -> None:
        self.apply_to_both(
            Act(self.now, "edited", terms=random_acts.change_terms(rng, self.oracle.terms))
        )

    def notify(self, rng: Random) -> None:
        self.now += rng.choice(random_acts.GAPS[:6])
        self.apply_to_both(Act(self.now, "notified"))

    def correct_line(self, rng: Random) -> None:
        lines = [line for month in self.oracle.months.values() for line in month.lines]
        if not lines:
            return
        line = rng.choice(lines)
        left = self.oracle.amount_with_debits(line) - self.oracle.credited(line)
        amount = rng.choice([1, left, left + 1, left // 2])
        period = date.fromisoformat(line.period) if line.period else None
        kind = rng.choice(["credited", "debited"])
        if kind == "debited":
            amount = rng.choice([1, 7, line.amount * 2, 1005])
        self.apply_to_both(Act(self.now, kind, lead=line.lead, period=period, amount=amount))

    def close(self, rng: Random) -> None:
        """Closes all months that are over, and tries the next one near its end."""
        self.close_what_is_over()
        month = self.oracle.next_month()
        wait = rng.choice([-1, 0, 9, 10, 11, 3600, 86400 * 9]) * random_acts.SECOND
        self.now = max(self.now, self.oracle.end(month) + wait)
        if rng.random() < 0.1:
            month = rng.choice(["2026-01", "2028-03"])  # a month that cannot be closed
        act = Act(self.now, "closed", month=month)
        previewed = [] if act.month in self.oracle.months else lines_of(self.product.preview(act))
        if self.close_month(act):
            closed = lines_of(self.product.statements[act.month])
            assert closed == previewed, "the preview had other lines"

    def close_what_is_over(self) -> None:
        while self.oracle.end(self.oracle.next_month()) + UNDO <= self.now:
            self.close_month(Act(self.now, "closed", month=self.oracle.next_month()))

    def close_month(self, act: Act) -> bool:
        is_new = act.month not in self.oracle.months
        if not self.apply_to_both(act) or not is_new:
            return False
        self.check_month(act.month)
        return True

    def check_month(self, month: str) -> None:
        """Compares a month that was just closed in the product and in the oracle."""
        statement, expected = self.product.statements[month], self.oracle.months[month]
        assert lines_of(statement) == expected.lines, self.acts_text()
        assert statement.total == expected.total
        counts = counts_of(statement)
        assert (counts.in_review, counts.over_cap_refused, counts.over_cap_free) == (
            expected.in_review,
            expected.over_cap_refused,
            expected.over_cap_free,
        )
        billed = Counter(
            (line.lead_id, line.period)
            for each_statement in self.product.statements.values()
            for line in each_statement.lines
        )
        assert not billed or max(billed.values()) == 1, "billed twice"
        stored = self.product.stored_statements()
        assert stored == self.product.closed_statements, "a closed statement has changed"
        self.driven["lines"] += len(expected.lines)
        self.driven["late lines"] += sum(line.late for line in expected.lines)
        self.driven["free lines"] += sum(line.free for line in expected.lines)

    def check_lead(self, lead_id: str) -> None:
        """Compares the lead's stages in the product and in the oracle."""
        lead: Lead = self.product.ledger.read(lambda reading: reading.leads.get(lead_id))
        history = self.oracle.leads[lead_id]
        history.settle(self.now)
        stage = (
            "accepted" if history.accepted else "rejected" if history.rejected else history.stage
        )
        if history.stage != "qualified":
            stage = history.stage
        stages = (lead.review_at(self.now), lead.appointment_at(self.now), lead.sale)
        assert stages == (stage, history.appointment, history.sale), self.acts_text(lead_id)
        if history.stage == "qualified":
            assert (lead.deadline, lead.free_over_cap, lead.needs_explicit_acceptance) == (
                history.deadline,
                history.free,
                history.needs_explicit_acceptance,
            )
            assert lead.accepted_as_of(self.now) == history.accepted


def test_random_campaigns_are_billed_as_the_rules_say() -> None:
    driven: Counter[str] = Counter()
    for model in ("cpl", "cpap", "cpa", "revenue_share"):
        counts = run_campaigns(model)
        driven += counts
        if LONG:
            sys.__stderr__.write(f"{model}: {dict(sorted(counts.items()))}\n")
    if not LONG:  # a sample is too small to reach each rare case every time
        assert driven["lines"]
        return
    expected = {
        *ACTS_ON_A_LEAD,
        "corrected",
        "notified",
        "edited",
        "lines",
        "late lines",
        "free lines",
    }
    expected |= {"credited", "debited", "refunded in part", "returned", "automatic credits"}
    missing = sorted(name for name in expected if not driven[name])
    assert missing == [], "the random campaigns never reached these cases"


def run_campaigns(model: str) -> Counter[str]:
    """Runs random campaigns of one price model; counts their acts."""
    driven: Counter[str] = Counter()
    run_state_machine_as_test(
        type(f"Campaigns_{model}", (Campaigns,), {"model": model, "driven": driven}),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=45,
            derandomize=not LONG,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            phases=[
                Phase.generate
            ],  # no shrinking: the choices of each step depend on all steps before
            suppress_health_check=list(HealthCheck),
        ),
    )
    return driven
