"""Log in, log out, and choose a passphrase behind a one-time link."""

import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user

from capture.errors import NotFound, Refused, Unavailable
from capture.form.text import cleaned_line
from capture.ledger.protocol import ReadTransaction
from capture.ledger.users import User
from capture.signed_links import TokenExpired, TokenInvalid, UserGrant
from capture.text import fold_case, wait_in_words
from capture.users.accounts import (
    MAX_NAME_LENGTH,
    LinkUsed,
    choose_passphrase,
    request_new_link,
    user_of_link,
)
from capture.users.devices import device_in_words
from capture.users.passphrase import SHORTEST, TooManyHashes
from capture.users.sessions import end_session, find_session, log_in
from capture.web.desk.access import (
    ALL_ROLES,
    ANYBODY,
    NEXT_PAGE,
    LoggedIn,
    allow,
    logged_in,
)
from capture.web.desk.pages import desk_page, login_limits
from capture.web.desk.times import ZONE, known_zone
from capture.web.sender import type_and_stack, visitor_network
from capture.web.services import services

blueprint = Blueprint("login", __name__)

log = logging.getLogger(__name__)

_WRONG: Final = "Name or passphrase is wrong."
_TOO_OFTEN: Final = "Too many attempts. Wait {}, and try again."
_BUSY: Final = "Many people log in at this moment. Try again in a few seconds."
_RETRY_SOON: Final = {"Retry-After": "5"}
_LETTER: Final = (
    "If there is a user with this name who has an e-mail address here, a letter with a link is on "
    "its way."
)


@blueprint.get("/login")
@allow(ANYBODY)
def show() -> ResponseReturnValue:
    """The form to log in."""
    return desk_page("login.html", name="", problem="")


@blueprint.post("/login")
@allow(ANYBODY)
def enter() -> ResponseReturnValue:
    """Logs in, and leads to the page that was wanted."""
    now = datetime.now(UTC)
    name = _typed_name()
    wait = _seconds_to_wait(name)
    if wait is not None:
        page = desk_page("login.html", name=name, problem=_TOO_OFTEN.format(wait_in_words(wait)))
        return page, 429, {"Retry-After": str(wait)}
    ledger = services().ledger
    try:
        token = log_in(
            ledger,
            name,
            request.form.get("passphrase", ""),
            now,
            device=device_in_words(request.headers.get("User-Agent", "")),
            network=visitor_network(request.remote_addr),
            run_hash=services().run_hash,
        )
    except TooManyHashes:
        return desk_page("login.html", name=name, problem=_BUSY), 503, _RETRY_SOON
    found = token and ledger.read(lambda reading: find_session(reading, token, now))
    if not token or not found:
        return desk_page("login.html", name=name, problem=_WRONG), 422
    _end_this_session()  # of somebody who logs in again without logging out
    next_page = session.get(NEXT_PAGE, "/")
    session.clear()  # nothing that was set before the login, such as a CSRF token, goes on
    session[ZONE] = known_zone(request.form.get("zone", ""))
    login_user(LoggedIn(*found, token))
    return redirect(f"{request.script_root}{next_page}", 303)


@blueprint.post("/logout")
@allow(ALL_ROLES)
def leave() -> ResponseReturnValue:
    """Logs out: the session ends here and in the ledger."""
    _end_this_session()
    logout_user()
    session.clear()
    return redirect(url_for("login.show"), 303)


@blueprint.get("/forgot")
@allow(ANYBODY)
def forgot() -> ResponseReturnValue:
    """The form to ask for a link to choose another passphrase."""
    return desk_page("forgot.html", name="", problem="")


@blueprint.post("/forgot")
@allow(ANYBODY)
def send_link() -> ResponseReturnValue:
    """Sends the link. The answer does not tell whether there is such a user."""
    name, now = _typed_name(), datetime.now(UTC)
    wait = _seconds_to_wait(name)
    if wait is not None:
        page = desk_page("forgot.html", name=name, problem=_TOO_OFTEN.format(wait_in_words(wait)))
        return page, 429, {"Retry-After": str(wait)}
    ledger = services().ledger
    ledger.read(lambda reading: reading.events.head())  # raises `Unavailable` for everybody

    def queue() -> None:
        try:
            ledger.transact(lambda records: request_new_link(records, name, now))
        except Unavailable as error:
            log.error("a link to choose a passphrase was not queued: %s", error)
        except Exception as error:
            log.error("a link to choose a passphrase was not queued: %s", type_and_stack(error))

    services().run_later(queue)
    flash(_LETTER)
    return redirect(url_for("login.show"), 303)


@blueprint.get("/passphrase/<token>")
@allow(ANYBODY)
def choose(token: str) -> ResponseReturnValue:
    """The form to choose a passphrase."""
    return _choose_page(_user_of(token))


@blueprint.post("/passphrase/<token>")
@allow(ANYBODY)
def store(token: str) -> ResponseReturnValue:
    """Stores the passphrase; all sessions of the user end, and the link works no more."""
    grant, found = _grant_of(token), _user_of(token)
    passphrase = request.form.get("passphrase", "")
    if passphrase != request.form.get("repeated", ""):
        return _choose_page(found, "The two passphrases are different. Write the same twice."), 422
    try:
        choose_passphrase(
            services().ledger,
            grant.user_id,
            grant.link_number,
            passphrase,
            datetime.now(UTC),
            run_hash=services().run_hash,
        )
    except LinkUsed:
        raise
    except TooManyHashes:
        return _choose_page(found, _BUSY), 503, _RETRY_SOON
    except Refused as error:
        return _choose_page(found, str(error)), 422
    logout_user()
    session.clear()
    flash("Your passphrase is stored. Log in with it.")
    return redirect(url_for("login.show"), 303)


def _end_this_session() -> None:
    """Ends the session of this browser in the ledger, if there is one."""
    found, now = logged_in(), datetime.now(UTC)
    if found is not None:
        with suppress(NotFound):  # it ended meanwhile
            services().ledger.transact(
                lambda records: end_session(records, found.user, found.session.id, now, found.user)
            )


def _choose_page(found: User, problem: str = "") -> str:
    return desk_page("passphrase.html", name=found.name, shortest=SHORTEST, problem=problem)


def _grant_of(token: str) -> UserGrant:
    return services().link_signer.read_user(token, datetime.now(UTC))


def _user_of(token: str) -> User:
    """The user of a link. Raises `TokenInvalid`, `TokenExpired` or `LinkUsed`."""
    grant = _grant_of(token)

    def find(reading: ReadTransaction) -> User | None:
        return user_of_link(reading, grant.user_id, grant.link_number)

    found = services().ledger.read(find)
    if found is None:
        raise LinkUsed
    return found


@blueprint.app_errorhandler(TokenExpired)
@blueprint.app_errorhandler(LinkUsed)
def link_ended(_: Exception) -> ResponseReturnValue:
    """The page of a link that is no longer valid."""
    text = (
        "This link has ended: it was used, a newer one replaced it, or its time is over. Ask for "
        "another one."
    )
    return desk_page("message.html", title="Link ended", text=text, link="login.forgot"), 410


@blueprint.app_errorhandler(TokenInvalid)
def link_unknown(_: Exception) -> ResponseReturnValue:
    """The page of a link that is not one of ours."""
    text = "This link is not complete. Copy all of it, and try again."
    return desk_page("message.html", title="Not found", text=text, link="login.show"), 404


def _typed_name() -> str:
    return cleaned_line(request.form.get("name", "")).strip()[: MAX_NAME_LENGTH + 1]


def _seconds_to_wait(name: str) -> int | None:
    """Counts an attempt by address and by name. None if it is allowed, else the seconds to wait."""
    by_address, by_name = login_limits()
    return by_address.retry_after(request.remote_addr) or by_name.retry_after_of(
        f"user\0{fold_case(name)}"
    )
