"""The sender of a request for the rate limit, and a log of errors that contains nothing personal.

A sender is one household or office, in whatever form its address is written.
"""

import logging
import re
import traceback
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from types import TracebackType
from typing import Final

from flask import Flask, request

UNKNOWN: Final = "unknown"
"""The sender of all requests without an address, such as those over a unix socket."""

_NAT64: Final = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are the IPv4 address behind the translator."""
_COMPATIBLE: Final = IPv6Network("::/96")
"""RFC 4291, section 2.5.5.1: IPv4 addresses in an old notation. The range includes :: and ::1."""
_CUSTOMER_PREFIX: Final = 64
"""Length of the network that is counted: an IPv6 customer has at least a /64."""
_THIS_MACHINE: Final = "::/64"
"""The network of ::1 and ::."""
_WITH_PORT: Final = re.compile(r"\[(?P<six>[^\]]*)\](:\d+)?|(?P<four>[\d.]+):\d+", re.ASCII)
"""Addresses in X-Forwarded-For of some proxies: `203.0.113.7:4711`, `[2001:db8::1]:4711`."""


def client_network(address: str | None) -> str:
    """The IPv4 address or IPv6 network under which a request is counted.

    An IPv4 address inside an IPv6 address (mapped, compatible, 6to4, Teredo, NAT64) is counted as
    the IPv4 address. A socket that listens on `::` sees every IPv4 visitor in that form, and they
    would all share the first 64 bits.
    """
    try:
        ip = ip_address(_without_port_and_zone(address or ""))
    except ValueError:
        return UNKNOWN
    if isinstance(ip, IPv4Address):
        return str(ip)
    inner = _embedded_ipv4(ip)
    return str(inner or IPv6Network((int(ip), _CUSTOMER_PREFIX), strict=False))


def visitor_network(address: str | None) -> str:
    """The network of a visitor, for risk signals; empty if the request does not show it.

    An address of this machine belongs to a proxy that does not pass on the visitor's address.
    """
    network = client_network(address)
    if network in {UNKNOWN, _THIS_MACHINE} or ip_network(network).is_loopback:
        return ""
    return network


def _embedded_ipv4(ip: IPv6Address) -> IPv4Address | None:
    embedded = ip.ipv4_mapped or ip.sixtofour
    if embedded is not None:
        return embedded
    if ip.teredo is not None:
        return ip.teredo[1]  # the client; the Teredo server is the first of the pair
    if ip in _NAT64 or (ip in _COMPATIBLE and int(ip) > 1):
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


def _without_port_and_zone(address: str) -> str:
    """The address alone. The zone in `fe80::1%eth0` names a local interface (RFC 4007)."""
    match = _WITH_PORT.fullmatch(address.strip())
    if match:
        address = match["six"] or match["four"] or ""
    return address.strip().partition("%")[0]


# The error log. A URL may contain a token or a name, and the message of an exception may repeat
# what a visitor typed. So the log has the route instead of the URL, and the stack without the
# message.

log = logging.getLogger(__name__)


class WebApp(Flask):
    """A Flask app that logs no personal data, whatever fails."""

    def __init__(self, name: str, template_folder: str | None = None) -> None:
        super().__init__(name, template_folder=template_folder, static_folder=None)
        self.logger.addFilter(without_messages)

    def log_exception(
        self,
        exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
    ) -> None:
        """Logs an error outside a view. Flask itself would log the URL and the message."""
        if exc_info[1] is not None:
            log_unexpected(exc_info[1])


def route() -> str:
    """The request's method and route, such as `GET /d/<token>`."""
    rule = request.url_rule
    return f"{request.method} {request.root_path}{rule.rule if rule else ' (no route)'}"


def log_unexpected(error: BaseException) -> None:
    """Logs an unexpected exception: its type and the stack, without its message."""
    log.error("%s: %s", route(), type_and_stack(error))


def without_messages(record: logging.LogRecord) -> bool:
    """A log filter that replaces the traceback of an exception by its type and stack."""
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text = type_and_stack(record.exc_info[1])
        record.exc_info = None
    return True


def type_and_stack(error: BaseException) -> str:
    """The type and stack of an exception, then those of each of its causes."""
    return "\ncaused by ".join(
        f"{type(cause).__name__}\n{''.join(traceback.format_tb(cause.__traceback__))}".rstrip()
        for cause in _causes(error)
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    visited_ids: set[int] = set()
    while cause is not None and id(cause) not in visited_ids:
        visited_ids.add(id(cause))
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
