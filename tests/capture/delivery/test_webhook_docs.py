"""docs/webhooks.md is correct: its types, its code, its example."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from capture.client_access.lead_serializer import EVENTS
from capture.delivery.endpoints import ROTATION, SECRET_PREFIX
from capture.delivery.posting import MAX_ANSWER_BYTES, SECONDS
from capture.delivery.webhooks import PAUSE_AFTER, STATEMENT_CLOSED, TEST, messages_for_event
from capture.lead.events import EventKind
from capture.ledger.protocol import Ledger
from capture.ledger.types import RecordedEvent
from tests.capture.delivery.webhook_world import add, take
from tests.samples import NOW, campaign, later_event

PAGE = (Path(__file__).parents[3] / "docs/webhooks.md").read_text()


def block(language: str) -> str:
    (text,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return str(text)


def documented_types() -> set[str]:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    return {kind for row in rows for kind in re.findall(r"`([a-z_.]+)`", row.split("|")[1])}


def test_the_page_lists_every_type_that_is_sent(ledger: Ledger) -> None:
    add(ledger)
    lead = take(ledger, campaign())
    types = {"lead.qualified", STATEMENT_CLOSED, TEST}
    for kind in EVENTS:
        tracks = ("sale", "appointment") if kind is EventKind.OBJECTED else ("",)
        for track in tracks:
            recorded = RecordedEvent(99, later_event(lead.lead_id, kind, track=track), "")
            messages = ledger.read(
                lambda reading, recorded=recorded: messages_for_event(reading, recorded, lead, NOW)
            )
            types |= {message.kind for message in messages}
    assert documented_types() == types


def test_the_code_of_the_page_verifies_a_webhook() -> None:
    page: dict[str, Any] = {}
    exec(block("python"), page)
    secret = SECRET_PREFIX + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    now, body = datetime.now(UTC), block("json")
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", now, body),
    }
    assert page["receive"](secret, headers, body) == json.loads(body)
    assert page["receive"](secret, headers, body + " ") is None


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    assert (SECONDS, PAUSE_AFTER, MAX_ANSWER_BYTES) == (10, 10, 2048)
    assert ROTATION.total_seconds() == 24 * 3600
    for words in ("within ten seconds", "After ten failed", "first 2 KB", "For 24 hours"):
        assert words in PAGE
