"""The agency's letter about a webhook that is paused."""

from dataclasses import replace
from pathlib import Path

import pytest

from capture.delivery.compose import compose
from capture.delivery.context import DeliveryContext
from capture.delivery.plan import queue_messages
from capture.ledger.messages import Attempt
from capture.ledger.protocol import Ledger
from capture.letters.letter import Letter
from tests.capture.delivery.planning import BY_MAIL, client
from tests.capture.delivery.planning import context as planning_context
from tests.capture.delivery.webhook_world import HOUR, add, queue, take
from tests.samples import NOW

TEMPLATES = Path(__file__).parents[3] / "theme/templates"


@pytest.fixture
def context(ledger: Ledger) -> DeliveryContext:
    return replace(planning_context(ledger, BY_MAIL, client_file=client()), templates=TEMPLATES)


def test_the_letter_names_the_paused_webhook_and_how_to_resume_it(
    ledger: Ledger, context: DeliveryContext
) -> None:
    endpoint_id = add(ledger).endpoint.id
    take(ledger, BY_MAIL)
    (message,) = queue(ledger, NOW)
    attempt = Attempt("it answered 410: it wants no more webhooks", 410, "<p>Ann Lee is gone</p>")
    ledger.transact(lambda records: records.outbox.record_failed(message, NOW, attempt))
    ledger.transact(lambda records: records.endpoints.pause(endpoint_id, NOW, attempt.result))
    queue_messages(context, NOW + HOUR)

    def letter_of_failures() -> Letter | str:
        def query(reading) -> Letter | str:
            (notice,) = reading.outbox.select(kind="failed_deliveries")
            return compose(reading, context, notice, NOW + HOUR)

        return ledger.read(query)

    letter = letter_of_failures()
    assert isinstance(letter, Letter)
    assert f"To: webhook {endpoint_id} of acme" in letter.text
    assert "Error: it answered 410: it wants no more webhooks" in letter.text
    assert f"gatepost webhooks resume {endpoint_id}" in letter.text
    assert "Ann Lee" not in letter.text
    ledger.transact(lambda records: records.endpoints.resume(endpoint_id))
    letter = letter_of_failures()
    assert isinstance(letter, Letter)
    assert "gatepost webhooks resume" not in letter.text
