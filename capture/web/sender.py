"""Who sends, as the rate limit counts: one household or office, however its address is written."""

import logging
import re
import traceback
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from types import TracebackType
from typing import Final

from flask import Flask, request

UNKNOWN: Final = "unknown"
"""A peer without an address, such as one on a unix socket: all of them count as one."""

_NAT64: Final = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are the IPv4 address that a translator speaks for."""
_COMPATIBLE: Final = IPv6Network("::/96")
"""RFC 4291, section 2.5.5.1: an old way to write an IPv4 address; :: and ::1 are of that range."""
_ONE_CUSTOMER: Final = 64
"""An IPv6 customer has at least a whole /64 to send from, so that is what is counted."""
_WITH_PORT: Final = re.compile(r"\[(?P<six>[^\]]*)\](:\d+)?|(?P<four>[\d.]+):\d+", re.ASCII)
"""As some proxies write X-Forwarded-For: `203.0.113.7:4711`, `[2001:db8::1]:4711`."""


def client_network(address: str | None) -> str:
    """The IPv4 address, or the IPv6 network, that a request is counted for.

    An IPv4 address inside an IPv6 one (mapped, compatible, 6to4, Teredo, NAT64) is counted as
    itself: a socket that listens on `::` sees every IPv4 visitor so, and they would all share the
    first 64 bits.
    """
    try:
        ip = ip_address(_bare(address or ""))
    except ValueError:
        return UNKNOWN
    if isinstance(ip, IPv4Address):
        return str(ip)
    inner = _ipv4_in(ip)
    return str(inner or IPv6Network((int(ip), _ONE_CUSTOMER), strict=False))


def _ipv4_in(ip: IPv6Address) -> IPv4Address | None:
    known = ip.ipv4_mapped or ip.sixtofour
    if known is not None:
        return known
    if ip.teredo is not None:
        return ip.teredo[1]  # the server that it came through is the first
    if ip in _NAT64 or (ip in _COMPATIBLE and int(ip) > 1):
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


def _bare(address: str) -> str:
    """Without a port, and without a zone: `fe80::1%eth0` names our own interface (RFC 4007)."""
    found = _WITH_PORT.fullmatch(address.strip())
    if found:
        address = found["six"] or found["four"] or ""
    return address.strip().partition("%")[0]


# What the operator's log says of a request that failed: where in our code, nothing of a person.
#
# An address may carry a token, a query, a name; the message of an exception may repeat what
# somebody typed. So neither is logged: the route stands for the address, the stack for the
# message.


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
