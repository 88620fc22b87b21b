"""E-mail: a letter as a message of RFC 5322, and the folder that takes letters without a server."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from pathlib import Path
from typing import Final, Protocol

from capture.delivery.attempts import PermanentFailure, TemporaryFailure
from capture.email_domains import domain_of
from capture.files import atomic_write, make_private_folder
from capture.ledger.messages import Attempt
from capture.letters.letter import Letter


class _UnfoldedHeader(UnstructuredHeader, BaseHeader):
    """A header without spaces, such as a URL. The library would encode a long one as a word."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def _strict_policy() -> "EmailPolicy[EmailMessage]":
    headers = HeaderRegistry()
    for name in ("list-unsubscribe", "message-id"):
        headers.map_to_type(name, _UnfoldedHeader)
    return EmailPolicy(linesep="\r\n", raise_on_defect=True, header_factory=headers)


_POLICY: Final = _strict_policy()
_UNSAFE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
"""White space and control characters, none of which may reach a header except a single space."""
_ENCODED_WORD: Final = "=?"
"""The start of an encoded word (RFC 2047). The library decodes such a word when a header is set,
and a line break in it would begin another header."""
_UNSUBSCRIBE_URL: Final = re.compile(r"https?://[!#$%&'()*+,./0-9:;=?@A-Z_a-z~\[\]-]+")
_LONGEST_LINE: Final = 990
"""Octets of a line. RFC 5322 allows 998."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who letters come from."""

    name: str
    """The agency's name."""
    address: str
    """The address that letters come from; its domain is in each Message-ID."""
    reply_to: str = ""
    """Where answers go; empty: to `address`."""


class MailTransport(Protocol):
    """Takes e-mails. One transport may keep a connection for several of them."""

    def send(self, email: EmailMessage, message_id: int, now: datetime) -> Attempt:
        """Sends one e-mail to the address in its header `To`.

        `message_id` is its id in the outbox. Raises `DeliveryError` if it was not taken.
        """

    def close(self) -> None:
        """Ends the connection."""


def build_email(letter: Letter, sender: Sender, to: str, key: str, at: datetime) -> EmailMessage:
    """The e-mail of a letter. `key` identifies the message: equal keys give equal Message-IDs.

    Line breaks in a header's text become spaces. Raises `PermanentFailure` if the address cannot be
    written in a header.
    """
    email = EmailMessage(_POLICY)
    email["From"] = _address(sender.address, sender.name)
    email["To"] = _address(to)
    email["Subject"] = _header_text(letter.subject)
    email["Date"] = at.astimezone(UTC)
    email["Message-ID"] = message_id(key, sender.address)
    if sender.reply_to and sender.reply_to != sender.address:
        email["Reply-To"] = _address(sender.reply_to, sender.name)
    email["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notes in return
    if letter.unsubscribe_url:
        email["List-Unsubscribe"] = f"<{_checked_url(letter.unsubscribe_url)}>"
        email["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    email.set_content(letter.text, cte="quoted-printable")
    email.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    for attachment in letter.attachments:
        main_type, _, subtype = attachment.content_type.partition("/")
        email.add_attachment(
            attachment.content,
            maintype=main_type,
            subtype=subtype,
            filename=_header_text(attachment.name),
        )
    return email


def message_id(key: str, address: str) -> str:
    """The Message-ID of a message: stable, so that a receiver can drop one that comes twice."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:40]
    return f"<{digest}@{domain_of(address)}>"


def recipient_of(email: EmailMessage) -> str:
    """The address in the header `To`, with an ASCII domain."""
    address: str = email["To"].addresses[0].addr_spec
    return address


def email_bytes(email: EmailMessage, *, utf8: bool = False) -> bytes:
    """The e-mail as it travels; with `utf8` its addresses may have characters outside ASCII."""
    return email.as_bytes(policy=_POLICY.clone(utf8=utf8))


def _address(text: str, name: str = "") -> Address:
    local, host = text.rpartition("@")[0], domain_of(text)
    is_safe = not _UNSAFE.search(text) and _ENCODED_WORD not in text
    if not local or not host.isascii() or not host or not is_safe:
        raise PermanentFailure(Attempt("the address is not one that mail can be sent to"))
    try:
        return Address(_header_text(name), local, host)
    except ValueError:
        raise PermanentFailure(Attempt("the address is not one that mail can be sent to")) from None


def _header_text(text: str) -> str:
    return _UNSAFE.sub(" ", text).replace(_ENCODED_WORD, "= ?").strip()[:_LONGEST_LINE]


def _checked_url(url: str) -> str:
    if not _UNSUBSCRIBE_URL.fullmatch(url) or len(url) > _LONGEST_LINE - len("List-Unsubscribe: "):
        raise ValueError(f"the unsubscribe URL is not a URL in ASCII: {url!r}")
    return url


class MailFolder:
    """A folder that takes each e-mail as a file `.eml`, while no SMTP server is set."""

    def __init__(self, folder: Path, report: Callable[[str], None]) -> None:
        """`report` gets one line, once, that says where the letters are."""
        self._folder = folder
        self._report = report
        self._is_reported = False

    def send(self, email: EmailMessage, message_id: int, now: datetime) -> Attempt:
        """Writes the file, durable on disk. Its name begins with the time, so names sort by it."""
        if not self._is_reported:
            self._report(
                f"Letters are files in {self._folder}: set GATEPOST_SMTP_URL to send them."
            )
            self._is_reported = True
        path = self._folder / f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{message_id}.eml"
        try:
            make_private_folder(self._folder)
            with atomic_write(path) as draft:
                draft.write_bytes(email_bytes(email, utf8=True))
        except OSError as error:
            raise TemporaryFailure(Attempt(f"{path}: {error.strerror}")) from None
        return Attempt(f"written to {path.name}")

    def close(self) -> None:
        """Does nothing: a folder has no connection."""
