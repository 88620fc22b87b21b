"""A real mail server for one test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.capture.delivery.mail_server import MailServer


@pytest.fixture
def mail_server() -> Iterator[Callable[..., MailServer]]:
    """Starts a mail server with the given options; it stops at the end of the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(MailServer(**options))
