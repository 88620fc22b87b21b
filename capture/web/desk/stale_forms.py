"""A form of an earlier login: what was typed is shown again, and is sent only if the user says so.

Each form of the desk names its author, the user to whom the desk showed it, with a signature. A
form whose CSRF token is of another login does nothing. If its author is the user who is logged in,
the page shows the values with a new token. Nobody else sees them, and a form that another site made
has no author.
"""

from typing import Final

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from capture.text import words_of_code
from capture.web.desk.access import logged_in, roles_of
from capture.web.desk.lead_forms import ANSWER, SHOWN
from capture.web.desk.pages import desk_page

_AUTHOR: Final = "author"
"""The name of the hidden input with the author."""
IN_EVERY_FORM: Final = frozenset({_AUTHOR, "csrf_token"})
"""The names of the hidden inputs of each form."""

_MOST_VALUES: Final = 200
_NOT_TYPED: Final = frozenset({"next", "once", "only", "seen", "seen_at", "sure"})
"""Hidden inputs that the page does not list."""


def form_author() -> str:
    """The signed author of a form, for templates; empty before the login."""
    found = logged_in()
    return "" if found is None else _serializer().dumps(found.user.id)


def stale_form_page() -> str | None:
    """The page that shows the values of the form again; None if it must not or cannot."""
    found, endpoint = logged_in(), request.endpoint
    roles = roles_of(current_app, endpoint) if endpoint else None
    if found is None or not roles or found.user.role not in roles:
        return None
    if _author() != found.user.id or any(file.filename for file in request.files.values()):
        return None
    values = [
        (name, value) for name, value in request.form.items(multi=True) if name not in IN_EVERY_FORM
    ]
    if len(values) > _MOST_VALUES:
        return None
    return desk_page(
        "stale_form.html",
        address=f"{request.script_root}{request.full_path}".rstrip("?"),
        values=values,
        typed=[(_label(name), value) for name, value in values if _is_typed(name) and value],
    )


def _author() -> object:
    try:
        return _serializer().loads(request.form.get(_AUTHOR, ""))
    except BadSignature:
        return None


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or b"", salt="author of a form")


def _is_typed(name: str) -> bool:
    return name not in _NOT_TYPED and not name.startswith((SHOWN, "seen-"))


def _label(name: str) -> str:
    return words_of_code(name.removeprefix(ANSWER)).replace("-", " ").capitalize()
