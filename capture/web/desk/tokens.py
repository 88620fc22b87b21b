"""API tokens of clients: create one, shown once, and revoke."""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from capture.client_access.api_tokens import MAX_NAME_LENGTH, add_token, new_token, revoke_token
from capture.errors import NotFound, Refused
from capture.form.text import cleaned_line
from capture.ledger.protocol import WriteTransaction
from capture.web.desk.access import AGENCY, allow, user
from capture.web.desk.pages import desk_page
from capture.web.services import services

blueprint = Blueprint("tokens", __name__)


@dataclass(frozen=True, slots=True)
class _Typed:
    """The form of a new token, as typed."""

    client: str = ""
    name: str = ""


@blueprint.get("/tokens")
@allow(AGENCY)
def show() -> ResponseReturnValue:
    """All tokens, and the form of a new one."""
    return _page(_Typed())


@blueprint.post("/tokens")
@allow(AGENCY)
def add() -> ResponseReturnValue:
    """Creates a token and shows it once, in this answer and in no cookie."""
    typed = _Typed(*(cleaned_line(request.form.get(name, "")).strip() for name in _Typed.__slots__))
    token, now = new_token(), datetime.now(UTC)
    try:
        services().catalogue.client(typed.client)
        services().ledger.transact(
            lambda records: add_token(records, typed.client, typed.name, token, now, by=user().name)
        )
    except (Refused, NotFound) as error:
        return _page(typed, f"{error}."), 422
    return _page(
        _Typed(),
        notice=f"Copy the token {typed.name} of {typed.client} now. It is not shown again: {token}",
    )


@blueprint.post("/tokens/<token_id>/revoke")
@allow(AGENCY)
def revoke(token_id: str) -> ResponseReturnValue:
    """Revokes a token immediately."""
    now = datetime.now(UTC)

    def work(records: WriteTransaction) -> str:
        token = revoke_token(records, token_id, now, user().name)
        return f"The token {token.name} of {token.client} is revoked."

    flash(services().ledger.transact(work))
    return redirect(url_for(".show"), 303)


def _page(typed: _Typed, problem: str = "", notice: str = "") -> str:
    tokens = services().ledger.read(lambda reading: reading.api.tokens())
    return desk_page(
        "tokens.html",
        tokens=sorted(tokens, key=lambda token: token.revoked_at is not None),
        clients=sorted(services().catalogue.clients()),
        typed=typed,
        problem=problem,
        notice=notice,
        max_name=MAX_NAME_LENGTH,
    )
