"""A desk whose ledger is proven after each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from capture.ledger import open_ledger
from tests.capture.outcomes.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", b"a key for tests only")
    yield Desk(ledger)
    assert ledger.verify().faults == ()
    ledger.close()
