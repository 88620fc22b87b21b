"""Finds and authorises: who is logged in at the desk, and which pages each role may open.

Every view states its roles with `allow`, and `check_rules` refuses an app with a view that does
not. So a page that is added later without a rule stops the start instead of being open.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user

from capture.ledger.protocol import WriteTransaction
from capture.ledger.users import Role, User, UserSession
from capture.users.looks import record_look
from capture.users.sessions import find_session, is_last_use_stale, record_use
from capture.web.services import services

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

ANYBODY: Final = frozenset[Role]()
"""The rule of pages that need no login."""
ALL_ROLES: Final = frozenset(Role)
AGENCY: Final = frozenset({Role.AGENCY})
CLIENT: Final = frozenset({Role.CLIENT})
AGENCY_AND_VIEWER: Final = frozenset({Role.AGENCY, Role.VIEWER})
AGENCY_AND_CLIENT: Final = frozenset({Role.AGENCY, Role.CLIENT})

_ROLES: Final = "allowed_roles"
NEXT_PAGE: Final = "next_page"
"""The key in the browser's session of the page that somebody wanted before the login."""

_LONGEST_PAGE: Final = 1000
"""Most characters of that page. A browser drops a cookie of more than 4,096 bytes."""


@dataclass(frozen=True, slots=True)
class LoggedIn(UserMixin):  # type: ignore[misc]  # Flask-Login ships no types
    """The user of a request. `get_id` is what Flask-Login stores in the cookie."""

    user: User
    session: UserSession
    token: str

    def get_id(self) -> str:
        return self.token


class NotForRole(Exception):
    """The page is not for the role of the user who is logged in."""


def allow(roles: frozenset[Role]) -> Callable[[View], View]:
    """Declares which roles may use a view; `ANYBODY` needs no login."""

    def mark(view: View) -> View:
        setattr(view, _ROLES, roles)
        return view

    return mark


def roles_of(app: Flask, endpoint: str) -> frozenset[Role] | None:
    """The roles of a view; None if it has no rule."""
    return getattr(app.view_functions[endpoint], _ROLES, None)


def check_rules(app: Flask) -> None:
    """Raises `RuntimeError` if a view has no rule."""
    missing = [endpoint for endpoint in app.view_functions if roles_of(app, endpoint) is None]
    if missing:
        raise RuntimeError(f"views without a rule who may use them: {', '.join(sorted(missing))}")


def install_login(app: Flask) -> None:
    """Lets Flask-Login find the session of each request, and checks the rule of its view."""
    manager = LoginManager(app)
    manager.session_protection = None  # people change networks; the session ends by other rules
    manager.user_loader(_load_session)

    @app.before_request
    def check_role() -> ResponseReturnValue | None:
        if request.endpoint is None:  # no such page: answered after login only
            roles: frozenset[Role] | None = ALL_ROLES
        else:
            roles = roles_of(app, request.endpoint)
        if roles == ANYBODY:
            return None
        if not current_user.is_authenticated:
            _note_page()
            return redirect(url_for("login.show"), 303)
        if roles is None or user().role not in roles:
            raise NotForRole
        return None


def _note_page() -> None:
    """Notes the page to which the login leads: the wanted one, or the one whose form was sent."""
    page = request.full_path.rstrip("?")
    if request.method == "POST":
        page = _page_of_form()
        if request.endpoint != "login.leave":
            flash("You are not logged in any more, so nothing was recorded. Log in and try again.")
    is_usable = len(page) <= _LONGEST_PAGE and page.isprintable()  # no line breaks
    if page and is_usable and request.method in {"GET", "POST"}:
        session[NEXT_PAGE] = page


def _page_of_form() -> str:
    """The page of the desk from which a form was sent; empty if it is unknown."""
    try:
        referrer = urlsplit(request.referrer or "")
    except ValueError:  # such as `http://[`
        return ""
    root, path = request.script_root, referrer.path
    adapter = current_app.create_url_adapter(request)
    if referrer.netloc != request.host or not path.startswith(f"{root}/") or adapter is None:
        return ""
    page = path.removeprefix(root)
    if not adapter.test(page, "GET"):  # the answer to an earlier form
        return ""
    return f"{page}?{referrer.query}" if referrer.query else page


def _load_session(token: str) -> LoggedIn | None:
    now, ledger = datetime.now(UTC), services().ledger
    found = ledger.read(lambda reading: find_session(reading, token, now))
    if found is None:
        return None
    user_found, user_session = found
    if is_last_use_stale(user_session, now):
        ledger.transact(lambda records: record_use(records, user_session, now))
    return LoggedIn(user_found, user_session, token)


def logged_in() -> LoggedIn | None:
    """User and session of this request; None if nobody is logged in."""
    return cast("LoggedIn", current_user) if current_user.is_authenticated else None


def user() -> User:
    """The user who is logged in. The rule of the view has made sure that there is one."""
    found = logged_in()
    if found is None:
        raise NotForRole
    return found.user


def own_client() -> str | None:
    """The only client whose data the user may see; None for the agency and viewers."""
    return user().client or None


def log_access(
    records: WriteTransaction, page: str, lead_ids: Iterable[str], now: datetime
) -> None:
    """Records that the user looks at personal data: one entry for a lead, or one for a list."""
    record_look(records, user(), page, lead_ids, now)


def template_user() -> dict[str, Any]:
    """What each template knows of the user: `user`, or None before the login."""
    found = logged_in()
    return {"user": None if found is None else found.user}
