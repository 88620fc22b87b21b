"""A real mail server for one test, and the office whose messages become letters."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from capture.campaign.model import Campaign
from capture.ledger.protocol import Ledger
from tests.capture.delivery.composing import Office, Post
from tests.capture.delivery.dispatching import Clock
from tests.capture.delivery.mail_server import MailServer
from tests.capture.delivery.planning import BY_MAIL
from tests.samples import GUIDE


@pytest.fixture
def mail_server() -> Iterator[Callable[..., MailServer]]:
    """Starts a mail server with the given options; it stops at the end of the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(MailServer(**options))


@pytest.fixture
def office(ledger: Ledger, tmp_path: Path) -> Post:
    """Makes the office of a campaign whose file is in place."""
    (tmp_path / "cloud-guide.pdf").write_text(GUIDE)

    def make(terms: Campaign = BY_MAIL, **changes: Any) -> Office:
        return Office(ledger, tmp_path, terms, **changes)

    return make


@pytest.fixture
def clock() -> Clock:
    return Clock()
