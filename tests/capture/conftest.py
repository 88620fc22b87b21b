"""A real ledger, which is verified after each test that used it, and a desk for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from capture.closing.checks import check_documents
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from tests.capture.desk import Desk


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", b"a key for tests only")
    yield ledger
    assert ledger.verify().problems == ()
    assert ledger.read(check_documents) == []
    ledger.close()


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger)
