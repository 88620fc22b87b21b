"""Users: add, invite by a one-time link, set a passphrase, deactivate.

A one-time link carries the number of the user's newest link. Setting a passphrase or issuing
another link raises the number, so each link works once, and only the newest one.
"""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from capture.errors import Hint, NotFound, Refused
from capture.form.contact import email_address
from capture.lead.events import EventKind, show_time
from capture.ledger.administration import record_act
from capture.ledger.messages import LETTERS_A_DAY, Channel, NewMessage
from capture.ledger.protocol import Ledger, ReadTransaction, WriteTransaction
from capture.ledger.users import Role, User
from capture.text import is_blank
from capture.users.passphrase import (
    HashRunner,
    check_passphrase,
    hash_here,
    hash_passphrase,
)

LINK_LIFE: Final = timedelta(days=1)
"""How long the link of a letter or of a command works."""
FIRST_LINK_LIFE: Final = timedelta(hours=1)
"""How long the link works that a development server prints for the first user."""
MAX_NAME_LENGTH: Final = 60
LETTER: Final = "passphrase_link"
"""The kind of the letter with a link."""


class LinkUsed(Refused):
    """The one-time link was used, or a newer one replaced it."""

    def __init__(self) -> None:
        super().__init__("this link was used already, or a newer one replaced it")


def add_user(  # noqa: PLR0913 - the facts of a user
    records: WriteTransaction,
    name: str,
    role: Role,
    now: datetime,
    *,
    client: str = "",
    email: str = "",
    by: str,
) -> User:
    """Stores a new user, who then needs a link to choose a passphrase.

    `by` is the person who does it, here and below, or `BY_GATEPOST`. The caller has checked that
    the client exists. Raises `Refused` if the name is in use, if a value is not valid, or if role
    and client do not fit.
    """
    if is_blank(name) or not name.isprintable() or len(name) > MAX_NAME_LENGTH:
        raise Refused(
            f"name of a user: write one line of 1 to {MAX_NAME_LENGTH} characters, such as Ada Lee"
        )
    if (role is Role.CLIENT) != bool(client):
        raise Refused(
            "a user with the role client needs a client"
            if role is Role.CLIENT
            else f"a user with the role {role} belongs to no client: leave the client out"
        )
    user = User(
        id=secrets.token_hex(4),
        name=" ".join(name.split()),
        role=role,
        client=client,
        email=_checked_email(email),
        created_at=now,
    )
    if records.users.find(user.name) is not None:
        raise Refused(f"there is a user named {user.name!r} already; choose another name")
    records.users.add(user)
    record_act(records, EventKind.USER_ADDED, by, now, user=user.id, role=role.value, client=client)
    return user


def set_email(records: WriteTransaction, user: User, email: str, now: datetime, by: str) -> User:
    """Changes the address for letters to a user. Raises `Refused` if it is not valid."""
    changed = replace(user, email=_checked_email(email))
    records.users.set_email(user.id, changed.email)
    record_act(records, EventKind.USER_EMAIL_CHANGED, by, now, user=user.id)
    return changed


def find_user(reading: ReadTransaction, name: str) -> User:
    """The user with this name, whatever its case. Raises `NotFound`."""
    user = reading.users.find(name)
    if user is None:
        raise NotFound(f"no user {name!r}", Hint.USERS)
    return user


def user_by_id(reading: ReadTransaction, user_id: str) -> User:
    """The user with this id, even if deactivated. Raises `NotFound`."""
    user = reading.users.get(user_id)
    if user is None:
        raise NotFound(f"no user with the id {user_id!r}", Hint.USERS)
    return user


def new_link(records: WriteTransaction, user: User, now: datetime, by: str) -> User:
    """The user with the number of a new link. Earlier links stop working.

    Raises `Refused` for a deactivated user.
    """
    if not user.is_active:
        raise Refused(f"{user.name} is deactivated; add a new user instead")
    record_act(records, EventKind.USER_LINKED, by, now, user=user.id)
    return replace(user, link_number=records.users.new_link(user.id))


def request_new_link(records: WriteTransaction, name: str, now: datetime) -> bool:
    """Queues a letter with a link for a user who has an e-mail address.

    The link has the number of the newest one, so a stranger who asks for letters ends no link. A
    user gets at most `LETTERS_A_DAY` of these letters in 24 hours.
    """
    user = records.users.find(name)
    if user is None or not user.is_active or not user.email:
        return False
    recipient = f"{LETTER}:{user.id}"
    if records.outbox.count_letters_to(recipient, now - timedelta(days=1)) >= LETTERS_A_DAY:
        return False
    message = NewMessage(
        key=f"{LETTER}:{user.id}:{show_time(now)}",
        channel=Channel.MAIL,
        kind=LETTER,
        recipient=user.email,
        queued_at=now,
        due_at=now,
        expires_at=now + LINK_LIFE,
        data={"user_id": user.id},
    )
    return records.outbox.queue(message, address=recipient)


def user_of_link(reading: ReadTransaction, user_id: str, link_number: int) -> User | None:
    """The active user whose newest link has this number; None if the link was used or replaced."""
    user = reading.users.get(user_id)
    is_valid = user is not None and user.is_active and user.link_number == link_number
    return user if is_valid else None


def choose_passphrase(  # noqa: PLR0913 - the link, the passphrase, and when
    ledger: Ledger,
    user_id: str,
    link_number: int,
    passphrase: str,
    now: datetime,
    *,
    run_hash: HashRunner = hash_here,
) -> User:
    """Stores the passphrase that somebody chose behind a one-time link; all sessions end.

    Raises `Refused` if it is too easy to guess, `LinkUsed`, and what `run_hash` raises.
    """

    def find(reading: ReadTransaction) -> User:
        user = user_of_link(reading, user_id, link_number)
        if user is None:
            raise LinkUsed
        return user

    user = ledger.read(find)
    check_passphrase(passphrase, user.name)
    # Takes long, so not inside the transaction.
    passphrase_hash = run_hash(lambda: hash_passphrase(passphrase))

    def store(records: WriteTransaction) -> None:
        find(records)
        records.users.set_passphrase(user.id, passphrase_hash)
        records.users.end_sessions(user.id)
        record_act(
            records,
            EventKind.PASSPHRASE_SET,
            user.name,
            now,
            actor=user.actor,
            user=user.id,
            is_first=not user.passphrase_hash,
        )

    ledger.transact(store)
    return user


def deactivate_user(records: WriteTransaction, user: User, now: datetime, by: str) -> int:
    """Ends a user's access immediately. Returns the number of sessions that ended.

    Raises `Refused` for a user of the agency if no other one can log in, and for a user who is
    deactivated.
    """
    if not user.is_active:
        raise Refused(f"{user.name} is deactivated already")
    agency = [other for other in records.users.select() if other.role is Role.AGENCY]
    if user.role is Role.AGENCY and not any(
        other.can_log_in and other.id != user.id for other in agency
    ):
        raise Refused(
            f"without {user.name} no user of the agency can log in; add another one first, who "
            "chooses a passphrase"
        )
    records.users.deactivate(user.id, now)
    ended = records.users.end_sessions(user.id)
    record_act(records, EventKind.USER_DEACTIVATED, by, now, user=user.id, sessions=ended)
    return ended


def _checked_email(email: str) -> str:
    if not email:
        return ""
    address = email_address(email)
    if address is None:
        raise Refused(f"{email!r} is not an e-mail address; write it as name@company.com")
    return address
