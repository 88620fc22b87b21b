"""Sessions: who is logged in. The browser holds a random token, the ledger only its SHA-256."""

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from capture.errors import Hint, NotFound
from capture.lead.events import Actor, EventKind
from capture.ledger.administration import record_act
from capture.ledger.protocol import Ledger, ReadTransaction, WriteTransaction
from capture.ledger.users import User, UserSession
from capture.users.passphrase import (
    HashRunner,
    hash_here,
    hash_passphrase,
    is_right,
    needs_rehash,
)

IDLE_LIFE: Final = timedelta(hours=12)
"""A session ends when it was not used for so long."""
LAST_USE_PRECISION: Final = timedelta(minutes=5)
"""Precision of the last use: reading a page causes at most one small write in five minutes."""


def log_in(  # noqa: PLR0913 - who logs in, when and where
    ledger: Ledger,
    name: str,
    passphrase: str,
    now: datetime,
    *,
    device: str = "",
    network: str = "",
    run_hash: HashRunner = hash_here,
) -> str | None:
    """Starts a session and returns its token; None for a wrong name or passphrase.

    Takes the same time for a wrong name, a wrong passphrase and a deactivated user. Stores a
    stronger hash of the passphrase if today's parameters are stronger. Raises what `run_hash`
    raises.
    """
    user = ledger.read(lambda reading: reading.users.find(name))
    stored_hash = user.passphrase_hash if user is not None and user.is_active else ""

    def check() -> tuple[bool, str]:
        if not is_right(stored_hash, passphrase):
            return False, ""
        return True, hash_passphrase(passphrase) if needs_rehash(stored_hash) else ""

    is_known, new_hash = run_hash(check)
    if not is_known or user is None:
        return None
    token = secrets.token_urlsafe(32)

    def start(records: WriteTransaction) -> str | None:
        if records.users.get(user.id) != user:  # changed or deactivated meanwhile
            return None
        if new_hash:
            records.users.rehash_passphrase(user.id, new_hash)
        records.users.purge_sessions(now - IDLE_LIFE)
        session = UserSession(
            id=secrets.token_hex(4),
            user_id=user.id,
            started_at=now,
            last_used_at=now,
            device=device,
            network=network,
        )
        records.users.start_session(session, _digest(token))
        record_act(records, EventKind.LOGGED_IN, user.name, now, actor=user.actor, user=user.id)
        return token

    return ledger.transact(start)


def find_session(
    reading: ReadTransaction, token: str, now: datetime
) -> tuple[User, UserSession] | None:
    """User and session of a token; None if it is unknown, expired, or the user is deactivated."""
    session = reading.users.session(_digest(token))
    if session is None or now - session.last_used_at >= IDLE_LIFE:
        return None
    user = reading.users.get(session.user_id)
    return None if user is None or not user.is_active else (user, session)


def record_use(records: WriteTransaction, session: UserSession, now: datetime) -> UserSession:
    """Stores that the session is in use now."""
    records.users.record_session_use(session.id, now)
    return replace(session, last_used_at=now)


def is_last_use_stale(session: UserSession, now: datetime) -> bool:
    """Whether the stored last use is older than `LAST_USE_PRECISION`."""
    return now - session.last_used_at >= LAST_USE_PRECISION


def open_sessions(
    reading: ReadTransaction, now: datetime, user_id: str | None = None
) -> list[UserSession]:
    """The sessions that have not expired, of one user or of all, the newest first."""
    return [
        session
        for session in reading.users.sessions(user_id)
        if now - session.last_used_at < IDLE_LIFE
    ]


def end_session(
    records: WriteTransaction, user: User, session_id: str, now: datetime, by: User | str
) -> None:
    """Ends one session of a user. Raises `NotFound`.

    `by` is who does it: a user, the name of a person, or `BY_GATEPOST`.
    """
    if all(session.id != session_id for session in records.users.sessions(user.id)):
        raise NotFound(f"no session {session_id!r} of {user.name}", Hint.SESSIONS)
    records.users.end_session(session_id)
    _record_end(records, user, 1, now, by)


def end_sessions(
    records: WriteTransaction, user: User, now: datetime, by: User | str, *, keep: str = ""
) -> int:
    """Ends all sessions of a user, except the one with the id `keep`. Returns how many ended.

    `by` is as for `end_session`.
    """
    ids = [each.id for each in records.users.sessions(user.id) if each.id != keep]
    for session_id in ids:
        records.users.end_session(session_id)
    if ids:
        _record_end(records, user, len(ids), now, by)
    return len(ids)


def _record_end(
    records: WriteTransaction, user: User, number: int, now: datetime, by: User | str
) -> None:
    name, actor = (by.name, by.actor) if isinstance(by, User) else (by, Actor.AGENCY)
    record_act(
        records,
        EventKind.SESSIONS_ENDED,
        name,
        now,
        actor=actor,
        user=user.id,
        sessions=number,
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
