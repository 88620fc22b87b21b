"""Messages that follow from a decision wait until it can no longer be undone (rule 13)."""

from datetime import timedelta

import pytest

from capture.delivery.plan import queue_messages
from capture.delivery.webhooks import send
from capture.lead.events import EventKind
from capture.ledger.messages import Message, MessageState
from capture.review.acts import UNDO, accept, reject, withdraw
from tests.capture.delivery.webhook_world import add, context, take
from tests.capture.desk import Desk
from tests.samples import NOW, campaign

SECOND = timedelta(seconds=1)


def planned(desk: Desk, kind: str) -> Message:
    """The message of this type after a pass."""
    queue_messages(context(desk.ledger), NOW + SECOND)
    (message,) = desk.ledger.read(lambda reading: reading.outbox.select(kind=kind))
    return message


@pytest.mark.parametrize(
    ("act", "reason", "kind"),
    [(accept, [], "lead.accepted"), (reject, ["too_small"], "lead.rejected")],
)
def test_a_decision_that_is_undone_is_not_sent(
    desk: Desk, act: object, reason: list[str], kind: str
) -> None:
    add(desk.ledger)
    lead = take(desk.ledger, campaign())
    desk.act(act, lead.lead_id, NOW, *reason)  # type: ignore[arg-type]
    message = planned(desk, kind)
    assert message.due_at == NOW + UNDO
    desk.act(withdraw, lead.lead_id, NOW + 5 * SECOND)
    send(context(desk.ledger), message, NOW + UNDO)
    dropped = desk.ledger.read(lambda reading: reading.outbox.get(message.id))
    assert dropped is not None
    assert (dropped.state, dropped.result) == (MessageState.DROPPED, "the decision was undone")


def test_other_messages_do_not_wait(desk: Desk) -> None:
    add(desk.ledger)
    lead = take(desk.ledger, campaign())
    desk.report(lead, EventKind.SCHEDULED, NOW, meeting_at=NOW + timedelta(days=1))
    assert planned(desk, "appointment.scheduled").due_at == NOW + SECOND
