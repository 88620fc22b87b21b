"""A desk over a real ledger, whose proof is taken after each test that used it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from capture.closing import check_documents
from capture.ledger import open_ledger
from tests.capture.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(open_ledger(f"sqlite:///{tmp_path}/ledger.db", b"a key for tests only"))
    yield desk
    assert desk.ledger.verify().faults == ()
    assert desk.ledger.read(check_documents) == []
    desk.ledger.close()
