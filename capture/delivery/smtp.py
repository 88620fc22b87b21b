"""Mail over SMTP, with TLS and one connection for several e-mails.

What the server answers decides: 2xx is taken, 4xx is not now, 5xx is never. Whatever fails before
an e-mail is handed over (no connection, no TLS, a wrong password) is the operator's to solve, so
the e-mail waits.
"""

import contextlib
import re
import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

from capture.delivery.attempts import PermanentFailure, TemporaryFailure
from capture.delivery.mail import email_bytes, recipient_of
from capture.email_domains import domain_of
from capture.ledger.messages import Attempt

TIMEOUT: Final = 30
"""Seconds that each answer of the server may take."""
_MOST_TIMEOUTS: Final = 2
"""E-mails in a row without an answer in time, after which a server is not asked again in a pass.
One alone may be the fault of its content, which the server examines for too long."""
_URL_EXAMPLE: Final = "smtp://user:password@mail.example.com:587"
_ENHANCED_CODE: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")
"""RFC 3463."""
_ABOUT_US: Final = re.compile(r"5\.7\.")
"""Enhanced codes of refusals by policy: about the sender, not about the recipient's address."""
_FIRST_PERMANENT: Final = 500


class Security(StrEnum):
    """How the connection is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"
    """Only to this machine."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A mail server that takes our letters."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)


class AddressRefused(PermanentFailure):
    """The server refused the recipient's address: there is no such mailbox."""


def parse_smtp_url(text: str) -> SmtpServer:
    """The server that a URL names: `smtp:` requires STARTTLS except to loopback, `smtps:` is TLS.

    Raises ValueError, whose text does not contain the URL, since that holds a password.
    """
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise ValueError(f"must be like {_URL_EXAMPLE}") from None
    is_bare = url.path in {"", "/"} and not url.query and not url.fragment
    if url.scheme not in {"smtp", "smtps"} or not url.hostname or not is_bare or port == 0:
        raise ValueError(
            f"must be like {_URL_EXAMPLE}, or smtps://...; write special characters of the "
            "password as %40 for @"
        )
    if (url.username is None) != (url.password is None):
        raise ValueError("must have a user and a password, or neither")
    if url.scheme == "smtps":
        security, default_port = Security.TLS, 465
    elif _is_loopback(url.hostname):
        security, default_port = Security.NONE, 25
    else:
        security, default_port = Security.STARTTLS, 587
    return SmtpServer(
        url.hostname,
        port or default_port,
        security,
        unquote(url.username or ""),
        unquote(url.password or ""),
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class SmtpTransport:
    """Sends e-mails over one connection. `close` ends it; the next e-mail opens another one."""

    def __init__(
        self,
        server: SmtpServer,
        sender: str,
        *,
        tls: ssl.SSLContext | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        """`sender` is the envelope's address. `tls` is by default one that verifies certificates.
        `timeout` is in seconds."""
        self._server = server
        self._sender = sender
        self._tls = tls
        self._timeout = timeout
        self._connection: smtplib.SMTP | None = None
        self._problem: TemporaryFailure | None = None
        self._timeouts = 0

    def send(self, email: EmailMessage, message_id: int, now: datetime) -> Attempt:  # noqa: ARG002
        """Hands one e-mail over. Raises `AddressRefused`, or another `DeliveryError`.

        If the server cannot be reached, or stalls over and over, further e-mails fail immediately
        until `close`, so that webhooks do not wait for them.
        """
        recipient = recipient_of(email)
        connection = self._connected()
        needs_utf8 = not recipient.isascii()
        if needs_utf8 and not connection.has_extn("smtputf8"):
            raise PermanentFailure(
                Attempt(
                    "the address has characters outside ASCII before the @, and the mail server "
                    "does not offer SMTPUTF8"
                )
            )
        options = ["SMTPUTF8", "BODY=8BITMIME"] if needs_utf8 else []
        content = email_bytes(email, utf8=needs_utf8)
        try:
            attempt = self._hand_over(connection, recipient, content, options)
        except (OSError, smtplib.SMTPException) as error:
            self._drop_connection()
            failure = TemporaryFailure(
                Attempt(f"the connection to the mail server broke: {_error_name(error)}")
            )
            self._count_timeout(error, failure)
            raise failure from None
        else:
            self._timeouts = 0
            return attempt
        finally:
            connection.command_encoding = "ascii"  # smtplib leaves it at UTF-8

    def _count_timeout(self, error: Exception, failure: TemporaryFailure) -> None:
        """Gives the server up after too many e-mails in a row whose answers did not come."""
        # smtplib turns a timeout while it reads an answer into an SMTPServerDisconnected.
        is_timeout = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
        self._timeouts = self._timeouts + 1 if is_timeout else 0
        if self._timeouts == _MOST_TIMEOUTS:
            self._problem = failure

    def close(self) -> None:
        """Says goodbye to the server."""
        self._problem = None
        self._timeouts = 0
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                connection.quit()
            connection.close()

    def _hand_over(
        self, connection: smtplib.SMTP, recipient: str, content: bytes, options: list[str]
    ) -> Attempt:
        self._check(connection.mail(self._sender, options), "the sender")
        answer = connection.rcpt(recipient)
        if _is_no_mailbox(answer):
            self._reset()
            raise AddressRefused(_attempt("the mail server refused the address", answer))
        self._check(answer, "the recipient")
        try:
            answer = connection.data(content)
        except smtplib.SMTPDataError as error:
            answer = (error.smtp_code, _as_bytes(error.smtp_error))
        self._check(answer, "the letter")
        return _attempt("taken by the mail server", answer)

    def _check(self, answer: tuple[int, bytes], subject: str) -> None:
        """Raises a `DeliveryError` unless the server accepted the command."""
        code = answer[0]
        if code in {250, 251}:
            return
        attempt = _attempt(f"the mail server refused {subject}", answer)
        if code == 421 or code < 0:  # the server closes the connection
            self._drop_connection()
        else:
            self._reset()
        raise PermanentFailure(attempt) if code >= _FIRST_PERMANENT else TemporaryFailure(attempt)

    def _reset(self) -> None:
        if self._connection is not None:
            try:
                self._connection.rset()
            except (OSError, smtplib.SMTPException):
                self._drop_connection()

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self) -> smtplib.SMTP:
        """The open connection, or a new one."""
        if self._problem is not None:
            raise TemporaryFailure(self._problem.attempt)
        if self._connection is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                if self._connection.noop()[0] == 250:
                    return self._connection
            self._drop_connection()
        try:
            self._connection = self._connect()
        except TemporaryFailure as failure:
            self._problem = failure
            raise
        return self._connection

    def _connect(self) -> smtplib.SMTP:
        server, place = self._server, f"{self._server.host}:{self._server.port}"
        connection: smtplib.SMTP | None = None
        try:
            tls = self._tls or ssl.create_default_context()
            # Our name in the greeting. By default, smtplib asks DNS for it and may wait long.
            name = domain_of(self._sender)
            if server.security is Security.TLS:
                connection = smtplib.SMTP_SSL(
                    server.host, server.port, name, timeout=self._timeout, context=tls
                )
            else:
                connection = smtplib.SMTP(server.host, server.port, name, timeout=self._timeout)
            if server.security is Security.STARTTLS:
                connection.starttls(context=tls)
            connection.ehlo_or_helo_if_needed()
            if server.user:
                connection.login(server.user, server.password)
        except (OSError, smtplib.SMTPException) as error:
            if connection is not None:
                connection.close()
            raise TemporaryFailure(Attempt(f"{place}: {_connection_problem(error)}")) from None
        return connection


def _connection_problem(error: Exception) -> str:
    """What failed, without the server's text: an answer to a login may repeat what was sent."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return (
                f"the mail server refused user and password (SMTP {error.smtp_code}); "
                "check GATEPOST_SMTP_URL"
            )
        case smtplib.SMTPNotSupportedError():
            return "the mail server does not offer TLS or a login, so nothing was sent"
        case smtplib.SMTPResponseException():
            return f"the mail server refused the connection (SMTP {error.smtp_code})"
        case ssl.SSLCertVerificationError():
            return f"the mail server's certificate is not valid: {error.verify_message}"
        case ssl.SSLError():
            return "no TLS connection to the mail server"
        case _:
            return f"no connection to the mail server: {_error_name(error)}"


def _error_name(error: Exception) -> str:
    if isinstance(error, TimeoutError | smtplib.SMTPServerDisconnected):
        return "it was closed, or no answer came in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def _is_no_mailbox(answer: tuple[int, bytes]) -> bool:
    return answer[0] >= _FIRST_PERMANENT and not _ABOUT_US.match(_text(answer))


def _attempt(what: str, answer: tuple[int, bytes]) -> Attempt:
    """The result with the codes of RFC 5321 and RFC 3463, and the server's whole text apart.

    The text may repeat the recipient's address.
    """
    enhanced = _ENHANCED_CODE.match(_text(answer))
    codes = f"{answer[0]} {enhanced[0]}" if enhanced else str(answer[0])
    return Attempt(f"{what} (SMTP {codes})", answer[0], _text(answer))


def _text(answer: tuple[int, bytes]) -> str:
    return answer[1].decode("utf-8", "replace")


def _as_bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
