"""Who sends, as the rate limit counts: one household or office, however its address is written."""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

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


def household(address: str | None) -> str:
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
