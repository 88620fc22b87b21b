"""What the operator's log says of a request that failed: where in our code, nothing of a person.

An address may carry a token, a query, a name; the message of an exception may repeat what somebody
typed. So neither is logged: the route stands for the address, the stack for the message.
"""

import logging
import traceback

from flask import request

log = logging.getLogger(__name__)


def route() -> str:
    """The request's method and route, such as `GET /d/<token>`."""
    rule = request.url_rule
    return f"{request.method} {request.root_path}{rule.rule if rule else ' (no route)'}"


def log_unexpected(error: Exception) -> None:
    """One entry for an exception that nobody foresaw: its type, and the lines that led there."""
    stack = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s: %s\n%s", route(), type(error).__name__, stack.rstrip())
