"""Which addresses a webhook may reach: the rules for URLs and for IP addresses.

A client chooses the URL of its webhooks, so the URL must not lead into our own network. The host is
looked up once, every address of it must be public, and the connection goes to one of the addresses
that were checked.
"""

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final
from urllib.parse import urlsplit

import idna

from capture.delivery.attempts import PermanentFailure, TemporaryFailure
from capture.errors import Refused
from capture.ledger.messages import Attempt

MAX_URL_LENGTH: Final = 1000
PORTS: Final = (443, 8443)

_VISIBLE_ASCII: Final = re.compile(r"[!-~]*")
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})
"""The third quarter of an address that ends with the IPv4 address of a tunnel (RFC 5214)."""
_NOT_PUBLIC: Final = (
    IPv4Network("168.63.129.16/32"),  # metadata and agents of a cloud
    IPv4Network("192.0.0.0/24"),  # also metadata of a cloud
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv6Network("2001::/23"),  # Teredo and other protocols
    IPv6Network("3fff::/20"),  # documentation
)
"""Ranges that `ipaddress` calls global, at least in some versions of Python."""

Resolve = Callable[[str, int], Sequence[str]]
"""The IP addresses of a host, for a port. Raises OSError."""


@dataclass(frozen=True, slots=True)
class WebhookUrl:
    """The parts of a URL that was checked."""

    is_https: bool
    host: str
    """A name in ASCII, or an IP address without brackets."""
    port: int
    target: str
    """Path and query."""


def read_url(text: str, *, allow_loopback: bool = False) -> WebhookUrl:
    """The parts of a webhook's URL. Raises `Refused` with the reason.

    `allow_loopback` also permits plain HTTP and any port, for tests on this machine.
    """
    scheme = "http://127.0.0.1:PORT or https://" if allow_loopback else "https://"
    if not 0 < len(text) <= MAX_URL_LENGTH or not text.isprintable() or " " in text:
        raise Refused(f"URL of a webhook: write 1 to {MAX_URL_LENGTH} characters without spaces")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Refused(f"{text}: not a valid URL; write it like https://crm.example/hook") from None
    if parts.scheme != "https" and not (allow_loopback and parts.scheme == "http"):
        raise Refused(f"{text}: a webhook needs HTTPS; write a URL that starts with {scheme}")
    if "@" in parts.netloc:
        raise Refused("URL of a webhook: leave out user name and password; webhooks are signed")
    if "#" in text:
        raise Refused(f"{text}: leave out the part after #, which is never sent")
    if not _VISIBLE_ASCII.fullmatch(f"{parts.path}?{parts.query}") or "\\" in text:
        raise Refused(f"{text}: write its path in ASCII, other characters as %XX")
    is_https = parts.scheme == "https"
    port = port if port is not None else 443 if is_https else 80
    if port not in PORTS and not allow_loopback:
        raise Refused(f"{text}: port {port} is not allowed; use port 443 or 8443")
    host = _ascii_host(parts.hostname or "", text)
    if _is_ip(host) and not is_allowed(host, allow_loopback=allow_loopback):
        raise Refused(f"{text}: {host} is not a public address; use a public one")
    query = f"?{parts.query}" if parts.query else ""
    return WebhookUrl(is_https, host, port, (parts.path or "/") + query)


def _ascii_host(host: str, url: str) -> str:
    """The host as DNS knows it. Raises `Refused`."""
    if _is_ip(host):
        return host
    try:
        return idna.encode(host.removesuffix("."), uts46=True).decode()
    except idna.IDNAError:
        raise Refused(f"{url}: not a valid host name; write it like crm.example") from None


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def resolve_host(host: str, port: int) -> Sequence[str]:
    """The host's addresses from the operating system, the preferred one first. Raises OSError."""
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


def checked_addresses(
    url: WebhookUrl, resolve: Resolve, *, seconds: float, allow_loopback: bool = False
) -> Sequence[str]:
    """Looks up the host once and returns its addresses if every one may be reached.

    Raises `TemporaryFailure` if there is no answer within `seconds`, `PermanentFailure` for an
    address that may not be reached.
    """
    addresses = _look_up(url, resolve, seconds)
    for address in addresses:
        is_loopback = _is_ip(address) and ipaddress.ip_address(address).is_loopback
        if not is_allowed(address, allow_loopback=allow_loopback):
            raise PermanentFailure(
                Attempt(f"{url.host} has the address {address}, which is not public")
            )
        if not url.is_https and not is_loopback:
            raise PermanentFailure(Attempt(f"{url.host}: HTTP without TLS is for loopback only"))
    return addresses


def _look_up(url: WebhookUrl, resolve: Resolve, seconds: float) -> Sequence[str]:
    """The addresses of the host. A thread looks them up, because the lookup has no timeout."""
    results: list[Sequence[str]] = []
    errors: list[Exception] = []

    def look_up() -> None:
        try:
            results.append(resolve(url.host, url.port))
        except (OSError, UnicodeError) as error:
            errors.append(error)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise TemporaryFailure(Attempt(f"{url.host}: no address found ({errors[0]})"))
    if not results:
        raise TemporaryFailure(Attempt(f"{url.host}: its address was not found in time"))
    if not results[0]:
        raise TemporaryFailure(Attempt(f"{url.host}: it has no address"))
    return results[0]


def is_allowed(address: str, *, allow_loopback: bool = False) -> bool:
    """Whether a webhook may connect to an IP address: a public one or, in tests, loopback.

    An address that contains an IPv4 address is judged by that one.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if ip.is_loopback:
        return allow_loopback
    if isinstance(ip, IPv4Address):
        return _is_public(ip)
    embedded = _embedded_ipv4(ip)
    if embedded is not None:
        return _is_public(embedded)
    return ip in _GLOBAL_UNICAST and _is_public(ip)


def _embedded_ipv4(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address to which packets for this address may go in the end."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip in _NAT64 or (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    return (
        ip.is_global and not ip.is_multicast and not any(ip in network for network in _NOT_PUBLIC)
    )
