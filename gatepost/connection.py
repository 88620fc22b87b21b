"""How a connection is treated: bounded in what it may hold up, and closed so that it is read."""

import contextlib
import socket as plain
from typing import Any, Final

import gevent

SEND_SECONDS: Final = 30
"""How long a client may leave an answer unread before the kernel gives the connection up."""
LINGER_SECONDS: Final = 10.0
"""How long we go on taking what a client sends, after our last word."""
LINGER_QUIET_SECONDS: Final = 2.0
"""The same, of a client that sends nothing and does not close."""
LINGER_BYTES: Final = 8 * 1024 * 1024
_PIECE: Final = 64 * 1024


def bound_sending(sock: Any) -> None:
    """Ends, by the kernel, a connection whose client does not read (RFC 5482; Linux alone)."""
    option = getattr(plain, "TCP_USER_TIMEOUT", None)
    if option is not None and sock.family != getattr(plain, "AF_UNIX", None):
        sock.setsockopt(plain.IPPROTO_TCP, option, SEND_SECONDS * 1000)


def close_gently(sock: Any) -> None:
    """Says that no more will come, takes a bounded amount of what the client still sends, closes.

    A socket that is closed with bytes unread resets the connection (RFC 9112, section 9.6), and
    the client may lose an answer that it has not read yet: a 413 above all.
    """
    with contextlib.suppress(OSError):
        sock.shutdown(plain.SHUT_WR)
        with gevent.Timeout(LINGER_SECONDS, exception=False):
            _drain(sock)


def _drain(sock: Any) -> None:
    taken = 0
    while taken < LINGER_BYTES:
        piece = b""
        with gevent.Timeout(LINGER_QUIET_SECONDS, exception=False):
            piece = sock.recv(_PIECE)
        if not piece:
            return
        taken += len(piece)
