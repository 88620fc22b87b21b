"""Letters and webhooks by state: the receiver's answer, the next attempt, and send again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from capture.delivery.by_hand import find_message, give_up, send_again, send_failed_again
from capture.delivery.endpoints import find_endpoint, resume_endpoint
from capture.errors import Refused
from capture.ledger.endpoints import Endpoint
from capture.ledger.messages import (
    VISITOR,
    Channel,
    FailedReceiver,
    MessageQuery,
    MessageState,
)
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.text import count_noun
from capture.web.desk.access import AGENCY, allow, log_access, user
from capture.web.desk.delivery_view import Delivery, delivery_view
from capture.web.desk.pages import desk_page
from capture.web.desk.positions import read_number
from capture.web.services import services

blueprint = Blueprint("deliveries", __name__)

PAGE_SIZE: Final = 50
_MOST_RECEIVERS: Final = 10
_LISTS: Final[Mapping[str, tuple[MessageState, ...]]] = {
    "failed": (MessageState.FAILED,),
    "waiting": (MessageState.WAITING, MessageState.SENDING),
    "sent": (MessageState.SENT,),
    "dropped": (MessageState.DROPPED,),
}
"""The lists of the page; the first one is shown by default."""
_AGENCY: Final = "-"
"""In the filter by client: the letters to the agency itself. No slug looks so."""


@dataclass(frozen=True, slots=True)
class _View:
    """The filters in the address of the page."""

    state: str
    channel: str
    client: str

    @property
    def query(self) -> dict[str, str]:
        """The parts of the address that differ from the default."""
        parts = {"state": self.state, "channel": self.channel, "client": self.client}
        return {name: value for name, value in parts.items() if value}


@dataclass(frozen=True, slots=True)
class _Receiver:
    """A receiver with failed messages."""

    failed: FailedReceiver
    to: str
    obstacle: str


@dataclass(frozen=True, slots=True)
class _Found:
    """What the page shows."""

    deliveries: Sequence[Delivery]
    counts: Mapping[MessageState, int]
    receivers: Sequence[_Receiver]
    paused: Sequence[Endpoint]


@blueprint.get("/deliveries")
@allow(AGENCY)
def show() -> ResponseReturnValue:
    """The messages in one state, newest first."""
    now, ledger, view = datetime.now(UTC), services().ledger, _view()
    query = MessageQuery(
        states=_LISTS[view.state],
        limit=PAGE_SIZE + 1,
        channel=Channel(view.channel) if view.channel else None,
        client=_client_of(view),
        below=read_number(request.args.get("below", "")),
    )
    found = ledger.read(lambda reading: _find(reading, query, view))
    shown = found.deliveries[:PAGE_SIZE]
    # A receiver's answer may quote a lead.
    quoted = dict.fromkeys(each.message.lead_id for each in shown if each.message.answer)
    quoted.pop("", None)
    ledger.transact(lambda records: log_access(records, "deliveries", quoted, now))
    counts = found.counts
    older = ""
    if len(found.deliveries) > PAGE_SIZE:
        older = url_for(".show", **view.query, below=shown[-1].message.id)  # type: ignore[arg-type]
    return desk_page(
        "deliveries.html",
        view=view,
        deliveries=shown,
        receivers=found.receivers,
        paused=found.paused,
        lists={
            "failed": counts.get(MessageState.FAILED, 0),
            "waiting": counts.get(MessageState.WAITING, 0) + counts.get(MessageState.SENDING, 0),
            "sent": None,
            "dropped": None,
        },
        clients=sorted(services().catalogue.clients()),
        newest=url_for(".show", **view.query) if query.below else "",  # type: ignore[arg-type]
        older=older,
    )


@blueprint.post("/deliveries/<int(max=9223372036854775807):message_id>/again")
@allow(AGENCY)
def again(message_id: int) -> ResponseReturnValue:
    """Makes one failed or dropped message due now."""

    def work(records: WriteTransaction, now: datetime) -> str:
        delivery = delivery_view(records, find_message(records, message_id))
        if delivery.obstacle:
            raise Refused(f"message {message_id} cannot be sent again: {delivery.obstacle}")
        if delivery.message.state in _LISTS["waiting"]:  # a second click
            return "The message is due already."
        send_again(records, message_id, now, user().name)
        return f"“{delivery.kind}” to {delivery.to} is due now."

    return _done(work)


@blueprint.post("/deliveries/<int(max=9223372036854775807):message_id>/drop")
@allow(AGENCY)
def drop(message_id: int) -> ResponseReturnValue:
    """Gives up one message that waits or failed."""

    def work(records: WriteTransaction, now: datetime) -> str:
        delivery = delivery_view(records, find_message(records, message_id))
        if delivery.message.state is MessageState.DROPPED:  # a second click
            return "The message was dropped before."
        give_up(records, message_id, now, user().name)
        dropped = f"“{delivery.kind}” to {delivery.to} is dropped."
        is_on_its_way = delivery.message.state is MessageState.SENDING
        return f"{dropped} It was being sent, so it may still arrive." if is_on_its_way else dropped

    return _done(work)


@blueprint.post("/deliveries/<int(max=9223372036854775807):message_id>/all-again")
@allow(AGENCY)
def all_again(message_id: int) -> ResponseReturnValue:
    """Makes all failed messages to the receiver of this message due now."""

    def work(records: WriteTransaction, now: datetime) -> str:
        delivery = delivery_view(records, find_message(records, message_id))
        if delivery.message.recipient == VISITOR:
            raise Refused("letters to persons are sent again one by one")
        if delivery.obstacle:
            raise Refused(f"nothing can be sent again: {delivery.obstacle}")
        number = send_failed_again(records, message_id, now, user().name)
        messages, verb = count_noun(number, "message"), "is" if number == 1 else "are"
        return f"{messages} to {delivery.to} {verb} due now."

    return _done(work)


@blueprint.post("/deliveries/webhooks/<endpoint_id>/resume")
@allow(AGENCY)
def resume(endpoint_id: str) -> ResponseReturnValue:
    """Ends the pause of a webhook; what failed is sent again."""

    def work(records: WriteTransaction, now: datetime) -> str:
        endpoint = find_endpoint(records, endpoint_id)
        if endpoint.paused_at is None:  # a second click
            return f"The webhook {endpoint.url} is not paused."
        number = resume_endpoint(records, endpoint_id, now, user().name)
        messages, verb = count_noun(number, "message"), "is" if number == 1 else "are"
        return f"The webhook {endpoint.url} is no longer paused. {messages} {verb} due now."

    return _done(work)


def _find(reading: ReadTransaction, query: MessageQuery, view: _View) -> _Found:
    outbox = reading.outbox
    receivers = outbox.failed_receivers()[:_MOST_RECEIVERS] if view.state == "failed" else ()
    return _Found(
        deliveries=[delivery_view(reading, message) for message in outbox.page(query)],
        counts=outbox.count_unfinished(),
        receivers=[_receiver(reading, failed) for failed in receivers if failed.count > 1],
        paused=[each for each in reading.endpoints.select() if each.paused_at is not None],
    )


def _receiver(reading: ReadTransaction, failed: FailedReceiver) -> _Receiver:
    delivery = delivery_view(reading, find_message(reading, failed.newest))
    return _Receiver(failed, delivery.to, delivery.obstacle)


def _view() -> _View:
    """The filters of the address or the form; an unknown one is left out."""
    state, channel = request.values.get("state", ""), request.values.get("channel", "")
    return _View(
        state if state in _LISTS else next(iter(_LISTS)),
        channel if channel in set(Channel) else "",
        request.values.get("client", ""),
    )


def _client_of(view: _View) -> str | None:
    """The client's slug; an empty text for the agency's own letters, None for all."""
    return {"": None, _AGENCY: ""}.get(view.client, view.client)


def _done(work: Callable[[WriteTransaction, datetime], str]) -> ResponseReturnValue:
    """Does the work in one transaction, says what it did, and leads back to the list."""
    now = datetime.now(UTC)
    flash(services().ledger.transact(lambda records: work(records, now)))
    return redirect(url_for(".show", **_view().query), 303)  # type: ignore[arg-type]
