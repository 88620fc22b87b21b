"""Users of the desk: add, invite, deactivate. Who changed what, and who looked at personal data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from capture.errors import NotFound, Refused
from capture.form.text import cleaned_line
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.users import Access, Role, User, UserSession
from capture.signed_links import UserGrant, passphrase_path
from capture.text import count_noun
from capture.users.accounts import (
    LINK_LIFE,
    MAX_NAME_LENGTH,
    add_user,
    deactivate_user,
    new_link,
    request_new_link,
    user_by_id,
)
from capture.users.history import administration_history
from capture.users.sessions import open_sessions
from capture.web.desk.access import AGENCY, allow, user
from capture.web.desk.pages import desk, desk_page
from capture.web.desk.positions import read_number
from capture.web.services import services

blueprint = Blueprint("people", __name__)

PAGE_SIZE: Final = 100


@dataclass(frozen=True, slots=True)
class _Typed:
    """The form of a new user, as typed."""

    name: str = ""
    role: str = ""
    client: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class _Person:
    """A user and the user's open sessions, the newest first."""

    user: User
    sessions: Sequence[UserSession]

    @property
    def last_used_at(self) -> datetime | None:
        """The last use of a session that is still open."""
        return max((session.last_used_at for session in self.sessions), default=None)


@blueprint.get("/people")
@allow(AGENCY)
def show() -> ResponseReturnValue:
    """All users, and the form of a new one."""
    return _page(_Typed())


@blueprint.post("/people")
@allow(AGENCY)
def add() -> ResponseReturnValue:
    """Adds a user. The link to choose a passphrase is sent, or shown once."""
    typed = _Typed(*(cleaned_line(request.form.get(name, "")).strip() for name in _Typed.__slots__))
    now = datetime.now(UTC)

    def work(records: WriteTransaction) -> tuple[User, bool]:
        added = add_user(
            records,
            typed.name,
            _role(typed.role),
            now,
            client=typed.client,
            email=typed.email,
            by=user().name,
        )
        added = new_link(records, added, now, user().name)
        return added, request_new_link(records, added.name, now)

    try:
        if typed.client:
            services().catalogue.client(typed.client)
        added, is_sent = services().ledger.transact(work)
    except (Refused, NotFound) as error:
        return _page(typed, f"{error}."), 422
    return _invite(added, is_sent=is_sent, now=now)


@blueprint.post("/people/<user_id>/link")
@allow(AGENCY)
def link(user_id: str) -> ResponseReturnValue:
    """Gives a user a new link: sends it if asked to, or shows it once. Earlier links end."""
    now, by_letter = datetime.now(UTC), request.form.get("by") == "letter"

    def work(records: WriteTransaction) -> tuple[User, bool]:
        person = new_link(records, user_by_id(records, user_id), now, user().name)
        return person, by_letter and request_new_link(records, person.name, now)

    person, is_sent = services().ledger.transact(work)
    return _invite(person, is_sent=is_sent, now=now)


@blueprint.post("/people/<user_id>/deactivate")
@allow(AGENCY)
def deactivate(user_id: str) -> ResponseReturnValue:
    """Ends a user's access immediately."""
    now = datetime.now(UTC)

    def work(records: WriteTransaction) -> str:
        person = user_by_id(records, user_id)
        if not person.is_active:  # a second click
            return f"{person.name} is deactivated."
        ended = deactivate_user(records, person, now, user().name)
        return f"{person.name} is deactivated. {count_noun(ended, 'session')} ended."

    flash(services().ledger.transact(work))
    return redirect(url_for(".show"), 303)


@blueprint.get("/history")
@allow(AGENCY)
def history() -> ResponseReturnValue:
    """The acts of `ADMINISTRATION`, the newest first."""
    before = read_number(request.args.get("before", ""))
    found = services().ledger.read(
        lambda reading: administration_history(reading, limit=PAGE_SIZE + 1, before=before)
    )
    older = ""
    if len(found) > PAGE_SIZE:
        older = url_for(".history", before=found[PAGE_SIZE - 1].sequence)
    return desk_page(
        "history.html",
        entries=found[:PAGE_SIZE],
        newest=url_for(".history") if before else "",
        older=older,
    )


@blueprint.get("/access-log")
@allow(AGENCY)
def access_log() -> ResponseReturnValue:
    """Who looked at personal data, the newest first."""
    before = read_number(request.args.get("before", ""))

    def read(
        reading: ReadTransaction,
    ) -> tuple[Sequence[tuple[int, Access]], Mapping[str, str]]:
        entries = reading.users.accesses(limit=PAGE_SIZE + 1, before=before)
        return entries, {each.id: each.name for each in reading.users.select()}

    entries, names = services().ledger.read(read)
    older = ""
    if len(entries) > PAGE_SIZE:
        older = url_for(".access_log", before=entries[PAGE_SIZE - 1][0])
    return desk_page(
        "access_log.html",
        entries=[access for _, access in entries[:PAGE_SIZE]],
        names=names,
        newest=url_for(".access_log") if before else "",
        older=older,
    )


def _role(text: str) -> Role:
    """The role of this name. Raises `Refused`."""
    if text not in set(Role):
        raise Refused("choose a role")
    return Role(text)


def _page(typed: _Typed, problem: str = "", notice: str = "") -> str:
    now = datetime.now(UTC)

    def read(reading: ReadTransaction) -> list[_Person]:
        sessions = open_sessions(reading, now)
        return [
            _Person(person, [each for each in sessions if each.user_id == person.id])
            for person in reading.users.select()
        ]

    people = services().ledger.read(read)
    return desk_page(
        "people.html",
        people=sorted(people, key=lambda person: not person.user.is_active),
        roles={
            Role.AGENCY: "agency: everything",
            Role.CLIENT: "client: leads and statements of one client",
            Role.VIEWER: "viewer: figures only",
        },
        clients=sorted(services().catalogue.clients()),
        typed=typed,
        problem=problem,
        notice=notice,
        max_name=MAX_NAME_LENGTH,
    )


def _invite(person: User, *, is_sent: bool, now: datetime) -> ResponseReturnValue:
    """What follows for the user: a letter, or a page with the link.

    The link is in this answer alone. A redirect would carry it in the cookie of the browser's
    session, which is signed and not encrypted.
    """
    if is_sent:
        flash(f"A letter with a link for {person.name} goes to {person.email}.")
        return redirect(url_for(".show"), 303)
    grant = UserGrant(person.id, person.link_number, now + LINK_LIFE)
    address = f"{desk().origin}{passphrase_path(services().link_signer.user(grant))}"
    return _page(
        _Typed(),
        notice=f"Give this link to {person.name}. It works once, within 24 hours, and is not shown "
        f"again: {address}",
    )
