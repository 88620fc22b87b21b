"""The ledger into which the tests of outcomes import."""

import pytest

from capture.ledger.protocol import Ledger
from tests.capture.outcomes.desk import Desk


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger)
