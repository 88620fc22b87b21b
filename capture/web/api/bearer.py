"""Who asks: a bearer token in the `Authorization` header (RFC 6750), and nowhere else."""

import contextlib
from datetime import datetime

from flask import request

from capture.access import find_access, is_use_old
from capture.counted import counted
from capture.errors import Unavailable
from capture.ledger import Access
from capture.web.api.problems import TOO_MANY, UNAUTHORIZED, ProblemFound
from capture.web.parts import parts

_REALM = 'Bearer realm="Gatepost"'


def caller(now: datetime) -> Access:
    """Raises a 401, or a 429 if the token asks too often."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise ProblemFound(
            UNAUTHORIZED,
            "Send `Authorization: Bearer TOKEN`.",
            headers={"WWW-Authenticate": _REALM},
        )
    ledger = parts().ledger
    access = ledger.read(lambda reading: find_access(reading, token.strip()))
    if access is None:
        raise ProblemFound(
            UNAUTHORIZED,
            "This token opens nothing, or no longer. Ask the agency for another.",
            headers={"WWW-Authenticate": f'{_REALM}, error="invalid_token"'},
        )
    wait = parts().api_limit.retry_after_of(f"token {access.id}")
    if wait is not None:
        wish = f"Wait {counted(wait, 'second')}."
        raise ProblemFound(TOO_MANY, wish, headers={"Retry-After": str(wait)})
    if is_use_old(access, now):
        with contextlib.suppress(Unavailable):  # who only reads needs no writable ledger
            ledger.transact(lambda records: records.api.note_use(access.id, now))
    return access
