"""The acts of `ADMINISTRATION` in sentences: on users, tokens, webhooks, messages and lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from capture.lead.events import Actor, Event, EventKind
from capture.ledger.administration import author_id
from capture.ledger.protocol import ReadTransaction
from capture.text import count_noun

_UNKNOWN_PERSON: Final = "a person who is no user of the desk"
_WEBHOOK_ACTS: Final = {
    EventKind.WEBHOOK_ADDED: "Added",
    EventKind.WEBHOOK_ROTATED: "Made a new secret for",
    EventKind.WEBHOOK_PAUSED: "Paused",
    EventKind.WEBHOOK_RESUMED: "Resumed",
    EventKind.WEBHOOK_REMOVED: "Removed",
}
_ACTS_ON_USERS: Final = {
    EventKind.USER_ADDED: "Added the user {name} with the role {role}.",
    EventKind.USER_LINKED: "Made a new one-time link for {name}.",
    EventKind.USER_EMAIL_CHANGED: "Changed the e-mail address of {name}.",
    EventKind.USER_DEACTIVATED: "Deactivated {name}; {sessions} ended.",
    EventKind.PASSPHRASE_SET: "Changed the passphrase of {name}.",
    EventKind.SESSIONS_ENDED: "Ended {sessions} of {name}.",
    EventKind.LOGGED_IN: "Logged in.",
}

_ACTS_ON_LETTERS: Final = {
    EventKind.UNSUBSCRIBED: "Unsubscribed from",
    EventKind.SUBSCRIBED_AGAIN: "Subscribed again to",
}
_ACTS_ON_JOBS: Final = {EventKind.JOB_STARTED: "Started", EventKind.JOB_DELETED: "Deleted"}
_WORK: Final = {
    "export": "an export of leads",
    "backtest": "a backtest",
    "close": "a close of several clients",
}
"""By kind of job: what it is."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One act in words."""

    sequence: int
    """The event's number."""
    at: datetime
    who: str
    text: str


def administration_history(
    reading: ReadTransaction, *, limit: int, before: int | None = None
) -> Sequence[HistoryEntry]:
    """The acts of `ADMINISTRATION`, the newest first; below an event's number."""
    users = reading.users.select()
    authors = {author_id(reading, user.name): user.name for user in users}
    names = {user.id: user.name for user in users}
    tokens = {token.id: token.name for token in reading.api.tokens()}
    urls = {endpoint.id: endpoint.url for endpoint in reading.endpoints.select()}

    def entry_text(event: Event) -> str:
        data = event.data
        if "token" in data:
            act = "Created" if event.kind is EventKind.TOKEN_ADDED else "Revoked"
            name = tokens.get(data["token"], data["token"])
            return f"{act} the API token {name} of {data['client']}."
        if "webhook" in data:
            url = urls.get(data["webhook"], data["webhook"])
            return f"{_WEBHOOK_ACTS[event.kind]} the webhook {url} of {data['client']}."
        if "message" in data:
            return _act_on_message(event)
        if event.kind is EventKind.SUPPRESSIONS_ADDED:
            return _added_suppressions(event)
        if "user" in data:
            return _act_on_user(event, names.get(data["user"], data["user"]))
        return _own_act(event)

    return [
        HistoryEntry(
            recorded.sequence,
            recorded.event.recorded_at,
            _who(recorded.event, authors),
            entry_text(recorded.event),
        )
        for recorded in reading.events.of_administration(limit=limit, before=before)
    ]


def _who(event: Event, authors: dict[str, str]) -> str:
    if event.actor is Actor.SYSTEM:
        return "Gatepost"
    if event.actor is Actor.VISITOR:
        return "the owner of an e-mail address, by the link of a letter"
    return authors.get(event.data.get("by", ""), _UNKNOWN_PERSON)


def _own_act(event: Event) -> str:
    """An act on what the person gets: letters of a kind, or the result of long work."""
    if "letter" in event.data:
        return f"{_ACTS_ON_LETTERS[event.kind]} letters of the kind {event.data['letter']}."
    return f"{_ACTS_ON_JOBS[event.kind]} {_WORK[event.data['work']]}."


def _act_on_message(event: Event) -> str:
    number, message = event.data.get("messages"), f"message {event.data['message']}"
    if event.kind is EventKind.MESSAGE_DROPPED:
        return f"Dropped {message}."
    if number is None:
        return f"Sent {message} again."
    return f"Sent {count_noun(number, 'failed message')} to the receiver of {message} again."


def _added_suppressions(event: Event) -> str:
    data = event.data
    return (
        f"Extended the suppression list of {data['client']}: {data['new']:,} new, "
        f"{data['known']:,} known already."
    )


def _act_on_user(event: Event, name: str) -> str:
    data = event.data
    if event.kind is EventKind.PASSPHRASE_SET and data["is_first"]:
        return f"Set the first passphrase of {name}."
    client = f" of {data['client']}" if data.get("client") else ""
    return _ACTS_ON_USERS[event.kind].format(
        name=name,
        role=f"{data.get('role', '')}{client}",
        sessions=count_noun(data.get("sessions", 0), "session"),
    )
