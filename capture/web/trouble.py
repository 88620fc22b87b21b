"""What the operator's log says of a request that failed: where in our code, nothing of a person.

An address may carry a token, a query, a name; the message of an exception may repeat what somebody
typed. So neither is logged: the route stands for the address, the stack for the message.
"""

import logging
import traceback
from collections.abc import Iterator
from types import TracebackType

from flask import Flask, request

log = logging.getLogger(__name__)


class WebApp(Flask):
    """A Flask app whose log names nobody, whatever fails and wherever."""

    def __init__(self, name: str, template_folder: str | None = None) -> None:
        super().__init__(name, template_folder=template_folder, static_folder=None)
        self.logger.addFilter(without_messages)

    def log_exception(
        self,
        exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
    ) -> None:
        """What fails outside a view: Flask itself would log the address and the message."""
        if exc_info[1] is not None:
            log_unexpected(exc_info[1])


def route() -> str:
    """The request's method and route, such as `GET /d/<token>`."""
    rule = request.url_rule
    return f"{request.method} {request.root_path}{rule.rule if rule else ' (no route)'}"


def log_unexpected(error: BaseException) -> None:
    """One entry for an exception that nobody foresaw: its type, and the lines that led there."""
    log.error("%s: %s", route(), type_and_stack(error))


def without_messages(record: logging.LogRecord) -> bool:
    """A filter for a log: an exception is logged by its type and stack, without its message."""
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text = type_and_stack(record.exc_info[1])
        record.exc_info = None
    return True


def type_and_stack(error: BaseException) -> str:
    """The type of an exception and the lines that led there, then those of what caused it."""
    return "\ncaused by ".join(
        f"{type(one).__name__}\n{''.join(traceback.format_tb(one.__traceback__))}".rstrip()
        for one in _causes(error)
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    seen: set[int] = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
