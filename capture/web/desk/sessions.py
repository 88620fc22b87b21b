"""Sessions: where a user is logged in. Each user ends their own, the agency those of everybody."""

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from capture.errors import NotFound
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.users import User
from capture.text import count_noun
from capture.users.accounts import user_by_id
from capture.users.sessions import end_session, end_sessions, open_sessions
from capture.web.desk.access import AGENCY, ALL_ROLES, allow, logged_in, user
from capture.web.desk.pages import desk_page
from capture.web.services import services

blueprint = Blueprint("sessions", __name__)


@blueprint.get("/sessions")
@allow(ALL_ROLES)
def show() -> ResponseReturnValue:
    """The user's own sessions."""
    return _page(user())


@blueprint.post("/sessions/<session_id>/end")
@allow(ALL_ROLES)
def end_own(session_id: str) -> ResponseReturnValue:
    """Ends one of the user's own sessions."""
    flash(_end_one(user(), session_id))
    return redirect(url_for(".show"), 303)


@blueprint.post("/sessions/end-others")
@allow(ALL_ROLES)
def end_others() -> ResponseReturnValue:
    """Ends all of the user's own sessions except this one."""
    person, now = user(), datetime.now(UTC)
    ended = services().ledger.transact(
        lambda records: end_sessions(records, person, now, person, keep=_own_session())
    )
    flash(f"{count_noun(ended, 'other session')} ended.")
    return redirect(url_for(".show"), 303)


@blueprint.get("/people/<user_id>/sessions")
@allow(AGENCY)
def show_of(user_id: str) -> ResponseReturnValue:
    """The sessions of any user."""
    return _page(services().ledger.read(lambda reading: user_by_id(reading, user_id)))


@blueprint.post("/people/<user_id>/sessions/<session_id>/end")
@allow(AGENCY)
def end_of(user_id: str, session_id: str) -> ResponseReturnValue:
    """Ends one session of any user."""
    person = services().ledger.read(lambda reading: user_by_id(reading, user_id))
    flash(_end_one(person, session_id))
    return redirect(url_for(".show_of", user_id=user_id), 303)


@blueprint.post("/people/<user_id>/sessions/end")
@allow(AGENCY)
def end_all_of(user_id: str) -> ResponseReturnValue:
    """Logs a user out everywhere."""
    now, by = datetime.now(UTC), user()

    def work(records: WriteTransaction) -> str:
        person = user_by_id(records, user_id)
        ended = end_sessions(records, person, now, by)
        return f"{count_noun(ended, 'session')} of {person.name} ended."

    flash(services().ledger.transact(work))
    return redirect(url_for("people.show"), 303)


def _end_one(person: User, session_id: str) -> str:
    """Ends a session; returns what was done, also after a second click."""
    now, by = datetime.now(UTC), user()
    try:
        services().ledger.transact(
            lambda records: end_session(records, person, session_id, now, by)
        )
    except NotFound:
        return "This session has ended."
    return f"1 session of {person.name} ended."


def _own_session() -> str:
    found = logged_in()
    return "" if found is None else found.session.id


def _page(person: User) -> str:
    now = datetime.now(UTC)

    def read(reading: ReadTransaction) -> object:
        return open_sessions(reading, now, person.id)

    return desk_page(
        "sessions.html",
        person=person,
        sessions=services().ledger.read(read),
        own_session=_own_session(),
        is_own=person.id == user().id,
    )
