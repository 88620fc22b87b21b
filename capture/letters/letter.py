"""A letter before it becomes an e-mail."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is sent with a letter."""

    name: str
    content_type: str
    """Such as `application/pdf`."""
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to one person, as text and as HTML."""

    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()
    unsubscribe_url: str = ""
    """Where the recipient can unsubscribe with one POST (RFC 8058); empty if nobody would."""
