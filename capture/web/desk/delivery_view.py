"""Letters and webhooks as the desk shows them to the agency."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from capture.documents.agreement.model import visible_text
from capture.lead_details.stages import Tone
from capture.ledger.messages import VISITOR, Channel, Message, MessageState
from capture.ledger.protocol import ReadTransaction
from capture.text import words_of_code

_MOST_OF_ANSWER: Final = 300
"""Characters of a receiver's answer."""
_TONES: Final[Mapping[MessageState, Tone]] = {
    MessageState.SENT: "good",
    MessageState.FAILED: "bad",
    MessageState.DROPPED: "bad",
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A letter or a webhook."""

    message: Message
    kind: str
    """What it is, such as `Lead to review`; the type of a webhook's event."""
    to: str
    """Who receives it; for a webhook its address. Never the address of a visitor."""
    is_webhook: bool
    tone: Tone
    answer: str
    """What the receiver answered, or why it was not sent; may be empty."""
    obstacle: str
    """Why it cannot be sent again now; empty if it can or need not be."""

    @property
    def may_be_sent_again(self) -> bool:
        """Whether a button sends it again."""
        is_final = self.message.state in {MessageState.FAILED, MessageState.DROPPED}
        return is_final and not self.obstacle

    @property
    def may_be_dropped(self) -> bool:
        """Whether a button gives it up."""
        return self.message.state not in {MessageState.SENT, MessageState.DROPPED}


def delivery_view(reading: ReadTransaction, message: Message) -> Delivery:
    """A message in words."""
    is_webhook, to, obstacle = message.channel is Channel.WEBHOOK, message.recipient, ""
    if is_webhook:
        endpoint = reading.endpoints.get(message.recipient)
        to = "a webhook that was removed" if endpoint is None else endpoint.url
        if endpoint is None:
            obstacle = "The webhook was removed."
        elif endpoint.paused_at is not None:
            obstacle = "The webhook is paused."
    status = str(message.status or "")
    status = "" if status in message.result else status
    parts = (status, message.result, message.answer)
    return Delivery(
        message,
        kind=message.kind if is_webhook else words_of_code(message.kind).capitalize(),
        to="the person" if to == VISITOR else visible_text(to),
        is_webhook=is_webhook,
        tone=_TONES.get(message.state, ""),
        answer=visible_text(": ".join(filter(None, parts)))[:_MOST_OF_ANSWER],
        obstacle=obstacle,
    )
