"""Messages to send, and the protocol of the outbox that holds them.

A message is sent at least once. `capture.delivery` queues messages from the ledger's events, claims
those that are due, sends them and records the result.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

VISITOR: Final = "visitor"
"""The recipient of a letter to the person who sent the form. The address is read when it is sent,
because it is personal data, which can be erased."""

LETTERS_A_DAY: Final = 3
"""The most letters of one kind within 24 hours to the mailbox of a visitor, over all campaigns, so
that nobody can flood a mailbox through our forms."""


class Channel(StrEnum):
    """How a message travels."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class MessageState(StrEnum):
    """Where a message stands. Sent, failed and dropped are final unless somebody retries it."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message to one recipient. It holds no personal data of a visitor."""

    key: str
    """What the message is, in one text. The outbox takes each key once."""
    channel: Channel
    kind: str
    """The name of the letter, or the type of the webhook event."""
    recipient: str
    """An e-mail address of the client or the agency, `VISITOR`, or the id of a webhook endpoint."""
    queued_at: datetime
    due_at: datetime
    """Not sent before this time."""
    expires_at: datetime | None = None
    """Not sent at or after this time."""
    client: str = ""
    campaign: str = ""
    lead_id: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    """More of what it is about, as JSON values without personal data: a statement's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(NewMessage):
    """A message in the outbox."""

    id: int
    state: MessageState
    attempts: int
    """How often it was claimed. It also identifies the claim: only the newest may be recorded."""
    claimed_until: datetime | None = None
    """Another dispatcher may claim a message in state `sending` again at this time."""
    finished_at: datetime | None = None
    """When it was sent, failed or was dropped."""
    result: str = ""
    """What the last attempt said: an error in one line, or why it was dropped."""
    status: int | None = None
    """The status code of the receiver's last answer."""
    answer: str = ""
    """The beginning of the receiver's last answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQuery:
    """Which messages of a list, newest first."""

    states: Sequence[MessageState]
    limit: int
    channel: Channel | None = None
    client: str | None = None
    """The client's slug; an empty text for messages of the agency, None for all."""
    below: int | None = None
    """Only messages with a smaller id: the last one of the page before."""


@dataclass(frozen=True, slots=True)
class FailedReceiver:
    """A receiver of messages that failed."""

    channel: Channel
    recipient: str
    count: int
    newest: int
    """The id of the newest of them."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The result of one attempt to send a message."""

    result: str = ""
    status: int | None = None
    answer: str = ""


class OutboxQueries(Protocol):
    """Messages, and how far the events have been read for new ones."""

    def get(self, message_id: int) -> Message | None:
        """One message; None if there is none with this id."""

    def select(
        self,
        *states: MessageState,
        lead_id: str = "",
        kind: str = "",
        recipient: str = "",
        client: str = "",
        newest: int | None = None,
    ) -> Sequence[Message]:
        """Messages that meet all conditions, in the order of queueing; the `newest` last ones.

        Without `states`: in any state.
        """

    def page(self, query: MessageQuery) -> Sequence[Message]:
        """Messages of a list, newest first."""

    def count_unfinished(self) -> Mapping[MessageState, int]:
        """The number of messages that wait, are being sent, or failed; a state may be missing."""

    def failed_receivers(self) -> Sequence[FailedReceiver]:
        """The receivers of failed messages without visitors, the one with most of them first."""

    def by_key(self, keys: Iterable[str]) -> Mapping[str, Message]:
        """The messages with these keys; a key that is not in the outbox is left out."""

    def failed_since(self, moment: datetime, limit: int) -> Sequence[Message]:
        """Messages that failed at this time or later, at most `limit`, the earliest first."""

    def count_failed(self) -> int:
        """The number of failed messages."""

    def next_due(self) -> datetime | None:
        """When the next message may be claimed; None if none waits."""

    def count_letters_to(self, address: str, since: datetime) -> int:
        """How many letters were queued for a visitor's address since then, except dropped ones."""

    def address_id(self, address: str) -> str:
        """A keyed hash of an e-mail address or mailbox, in hex, for a link without the address."""

    def is_unsubscribed(self, address_id: str, letter: str) -> bool:
        """Whether the owner of the address wants no letters of this kind."""

    def last_planned_event(self) -> int:
        """The number of the last event whose messages are queued; 0 if there is none."""


class OutboxWrites(OutboxQueries, Protocol):
    """Writes messages. Results are recorded by compare-and-set: False means that nothing changed,
    because the message was claimed again or finished by somebody else."""

    def queue(self, message: NewMessage, *, address: str = "") -> bool:
        """Queues a message in the same transaction; False if its key is known.

        `address` is the visitor's address, for `count_letters_to`. Only its HMAC is stored.
        """

    def claim(
        self, now: datetime, until: datetime, limit: int, last: Collection[str] = ()
    ) -> Sequence[Message]:
        """Claims at most `limit` messages that are due, the earliest due first, until `until`.

        Messages to the recipients in `last` come after all others. Drops expired messages.
        """

    def record_sent(self, message: Message, at: datetime, attempt: Attempt) -> bool:
        """Records that the receiver took the message."""

    def record_retry(self, message: Message, due_at: datetime, attempt: Attempt) -> bool:
        """Records a failed attempt; the message waits until `due_at`."""

    def record_failed(self, message: Message, at: datetime, attempt: Attempt) -> bool:
        """Records that the message cannot be sent."""

    def drop(
        self, message_id: int, at: datetime, reason: str, *, even_failed: bool = False
    ) -> bool:
        """Gives up a message that is not finished; with `even_failed` also one that failed."""

    def retry(self, message_id: int, now: datetime) -> bool:
        """Makes a failed or dropped message due now, with all its attempts again."""

    def unsubscribe(self, address_id: str, letter: str, at: datetime) -> bool:
        """Stores that the owner of the address wants no letters of this kind. False if it was
        stored before."""

    def subscribe_again(self, address_id: str, letter: str) -> bool:
        """Undoes `unsubscribe`. False if there was nothing to undo."""

    def save_last_planned_event(self, sequence: int) -> None:
        """Stores that the messages of all events up to this number are queued."""
