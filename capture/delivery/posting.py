"""Sends one POST to a checked address, within a total time.

No redirect is followed, no proxy is used, and the host is not looked up again. TLS checks the
certificate for the host's name.
"""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final

from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from capture.delivery.addresses import Resolve, WebhookUrl, checked_addresses, resolve_host
from capture.delivery.attempts import TemporaryFailure
from capture.ledger.messages import Attempt

SECONDS: Final = 10.0
"""Total time of one attempt: look-up, connection, TLS, request and answer."""
MAX_ANSWER_BYTES: Final = 2048


@dataclass(frozen=True, slots=True)
class Network:
    """How webhooks reach their receivers. Only tests change the defaults."""

    resolve: Resolve = resolve_host
    seconds: float = SECONDS
    allow_loopback: bool = False
    """Webhooks may call this machine, also without TLS."""
    tls: ssl.SSLContext | None = None
    """None: the certificate authorities of the operating system."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The receiver's answer."""

    status: int
    text: str
    """The first `MAX_ANSWER_BYTES` of the body; bytes that are no text are replaced."""


def post(url: WebhookUrl, body: bytes, headers: Mapping[str, str], network: Network) -> Answer:
    """Sends the request and returns the answer, whatever its status.

    Raises `PermanentFailure` for an address that may not be reached, `TemporaryFailure` if there is
    no answer in time.
    """
    deadline = _Deadline(network.seconds)
    addresses = checked_addresses(
        url,
        network.resolve,
        seconds=deadline.remaining(),
        allow_loopback=network.allow_loopback,
    )
    connection = _connection(url, network, addresses, deadline)
    with deadline.closing():
        try:
            connection.request(
                "POST", url.target, body, {**headers}, preload_content=False, decode_content=False
            )
            response = connection.getresponse()
            deadline.check()  # the end of the connection also ends the headers
            return Answer(response.status, _read_start(response))
        except (OSError, HTTPException, HTTPError, ValueError) as error:
            raise TemporaryFailure(Attempt(_reason(error, deadline, network.seconds))) from None
        finally:
            connection.close()


class _Deadline:
    """Ends the connection when the total time is over.

    A socket's own timeout starts again with each byte, so a slow receiver could last for ever.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._socket: socket.socket | None = None
        self.has_passed = False

    def remaining(self) -> float:
        """Seconds that are left; never zero, which would mean no timeout."""
        return max(self._ends - time.monotonic(), 0.001)

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        """Connects to an IP address. Raises OSError."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(seconds)
            sock.connect((address, port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._watch(sock)
        except BaseException:
            sock.close()
            raise
        return sock

    def _watch(self, sock: socket.socket) -> None:
        self._socket = sock.dup()  # TLS takes the socket itself
        self.check()

    def check(self) -> None:
        """Raises TimeoutError if the time is over."""
        if self.has_passed:
            raise TimeoutError

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Watches the connection that is made in this block."""
        timer = threading.Timer(self.remaining(), self._shut_down)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            if self._socket is not None:
                self._socket.close()

    def _shut_down(self) -> None:
        self.has_passed = True
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:  # the receiver has closed it
                return


class _ToCheckedAddress:
    """Makes a connection of urllib3 go to addresses that were checked."""

    addresses: Sequence[str]
    deadline: _Deadline
    port: int

    def _new_conn(self) -> socket.socket:
        """Tries the addresses in their order. urllib3 calls this instead of a look-up."""
        last_error: OSError = OSError("no address")
        for number, address in enumerate(self.addresses):
            share = self.deadline.remaining() / (len(self.addresses) - number)
            try:
                return self.deadline.connect(address, self.port, share)
            except OSError as error:
                last_error = error
        raise last_error


class _Http(_ToCheckedAddress, HTTPConnection):
    pass


class _Https(_ToCheckedAddress, HTTPSConnection):
    pass


def _connection(
    url: WebhookUrl, network: Network, addresses: Sequence[str], deadline: _Deadline
) -> _Http | _Https:
    options: dict[str, Any] = {"timeout": network.seconds}
    connection: _Http | _Https
    if url.is_https:
        options["ssl_context"] = network.tls or ssl.create_default_context()
        connection = _Https(url.host, url.port, **options)
    else:
        connection = _Http(url.host, url.port, **options)
    connection.addresses, connection.deadline = addresses, deadline
    return connection


def _read_start(response: HTTPResponse) -> str:
    """The first bytes of the body. The status counts even if the body ends too early."""
    parts: list[bytes] = []
    missing = MAX_ANSWER_BYTES
    try:
        while missing > 0 and (part := response.read1(missing, decode_content=False)):
            parts.append(part[:missing])
            missing -= len(part)
    except (OSError, HTTPException, HTTPError, ValueError):
        pass
    return b"".join(parts).decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _reason(error: Exception, deadline: _Deadline, seconds: float) -> str:
    if deadline.has_passed or isinstance(error, TimeoutError):
        return f"no answer within {seconds:g} seconds"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    text = " ".join(str(error).split())[:200]
    return f"no answer: {text or type(error).__name__}"
