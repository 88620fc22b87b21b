"""Random clients: product and oracle bill the same amounts, to the minor unit.

`make test-long` runs a thousand clients of each price model from a new seed each time, instead of
a few, and prints how often each kind of act occurred.
"""

import sys
import tempfile
from collections import Counter
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

from tests.capture.billing.oracle_acts import ACTS_ON_A_LEAD
from tests.capture.billing.oracle_waiting import ACTS_ON_DELIVERY
from tests.capture.billing.product import MEMORY_FOLDER
from tests.capture.billing.random_acts import MODELS
from tests.capture.billing.random_client import RandomClient
from tests.long import LONG, rounds

pytestmark = [pytest.mark.slow, pytest.mark.long]

EXAMPLES: Final = rounds(3, 1000)
MOMENTS: Final = rounds(2, 5)
"""The times as of which a month of each client is drawn."""
SEED: Final = st.tuples(*[st.integers(0, 2**16)] * 3)
RARE_CASES: Final = frozenset(
    {
        *(*ACTS_ON_A_LEAD, *ACTS_ON_DELIVERY, "confirmed", "released", "expired"),
        *(f"lead {stage}" for stage in ("duplicate", "over_cap", "quarantined", "discarded")),
        *(f"lead {stage}" for stage in ("unconfirmed", "expired", "held_back")),
        "lead consent_withdrawn",
        *("corrected", "notified", "edited", "credited", "debited", "paid"),
        *("lines", "late lines", "free lines", "parked leads", "interrupted closes"),
        *("several parts", "several currencies", "brought forward"),
        *("refunded in part", "returned", "automatic credits"),
    }
)


class Clients(RuleBasedStateMachine):
    """One client, billed by the product and by the oracle."""

    model: ClassVar[str]
    driven: ClassVar[Counter[str]]
    """How often each kind of act was accepted or refused."""

    @initialize(seed=SEED)
    def begin(self, seed: tuple[int, ...]) -> None:
        self.seeds, self.is_consistent = [], False
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY_FOLDER)
        self.client = RandomClient(Path(self.folder.name), self.model, self.random(seed))
        self.driven["clients"] += 1

    def random(self, seed: tuple[int, ...]) -> Random:
        """Evenly distributed choices: Hypothesis alone prefers the same few again and again."""
        self.seeds.append(seed)
        return Random(repr(self.seeds))

    @rule(seed=SEED)
    def days_pass(self, seed: tuple[int, ...]) -> None:
        self.is_consistent = False  # after a difference, teardown must not report another one
        self.client.step(self.random(seed))
        self.is_consistent = True

    def teardown(self) -> None:
        """Closes all months at the end of each example and checks the complete ledger."""
        if not hasattr(self, "folder"):
            return
        try:
            if self.is_consistent:
                self.client.finish(self.random(()), MOMENTS)
            self.driven.update(self.client.driven)
        finally:
            self.client.product.ledger.close()
            self.folder.cleanup()


def test_random_clients_are_billed_as_the_rules_say() -> None:
    driven: Counter[str] = Counter()
    for model in MODELS:
        counts = run_clients(model)
        driven += counts
        if LONG:
            sys.__stderr__.write(f"{model}: {dict(sorted(counts.items()))}\n")
    if not LONG:  # a sample is too small to reach each rare case every time
        assert driven["lines"]
        assert driven["several parts"]
        return
    missing = sorted(name for name in RARE_CASES if not driven[name])
    assert missing == [], "the random clients never reached these cases"


def run_clients(model: str) -> Counter[str]:
    """Runs random clients with a campaign of this price model; counts their acts."""
    driven: Counter[str] = Counter()
    run_state_machine_as_test(
        type(f"Clients_{model}", (Clients,), {"model": model, "driven": driven}),
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
