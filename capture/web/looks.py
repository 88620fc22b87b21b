"""Looks at personal data outside the desk: by API tokens, and by the links of letters."""

import logging
from collections.abc import Iterable
from datetime import datetime

from flask import request

from capture.errors import Unavailable
from capture.users.looks import record_look
from capture.web.services import services

log = logging.getLogger(__name__)


def log_outside_look(who: str, page: str, lead_ids: Iterable[str], now: datetime) -> None:
    """Records the look of somebody who is no user of the desk; see `record_look`.

    A ledger that cannot be written, such as on a full disk, keeps nobody from reading: the log of
    the service then says that a look is missing. Nobody reads the answer to a HEAD request.
    """
    ids = list(lead_ids)
    if not ids or request.method == "HEAD":
        return
    try:
        services().ledger.transact(lambda records: record_look(records, who, page, ids, now))
    except Unavailable as error:
        log.error("a look at personal data is not in the access log: %s: %s", page, error)
