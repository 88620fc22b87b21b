"""Finds and authorises: who acts through a contact's link, and for which client.

The link names a contact by a keyed id. The contact is looked up in the client's current file, so
the link stops working when the address is taken off the file.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import request

from capture.campaign.client import Client
from capture.errors import NotFound
from capture.form.text import cleaned_text
from capture.signed_links import ContactGrant, TokenExpired, TokenInvalid
from capture.web.looks import log_outside_look
from capture.web.services import services

MAX_NOTE: Final = 2000
"""Most characters of a note, as in the API."""
TOO_LATE: Final = (
    "Your answer was not recorded, because this was decided before. This page shows what counts."
)
HELD_BACK: Final = (
    "Your answer was not recorded, because the agency is checking this lead now. This page shows "
    "what counts."
)
UNKNOWN_REASON: Final = "Choose one of the reasons. The agreement allows no other."


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an act was not recorded: the status of the answer, and a sentence for the page."""

    status: int
    notice: str


class LinkEnded(Exception):
    """The link is genuine, but allows nothing now. The message is for its reader."""


class LinkUnknown(Exception):
    """The link is not one of ours, or does not lead to this page."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """The contact who opened the link."""

    client: Client
    address: str
    """The address that the link was sent to. Acts are recorded under it."""
    grant: ContactGrant

    @property
    def client_slug(self) -> str:
        return self.client.slug


def find_visitor(token: str, now: datetime) -> Visitor:
    """The contact behind a link. Raises `LinkEnded` or `LinkUnknown`."""
    signer = services().link_signer
    try:
        grant = signer.read_contact_link(token, now)
    except TokenInvalid:
        raise LinkUnknown from None
    except TokenExpired:
        raise LinkEnded("This link has ended. A newer letter has a newer one.") from None
    client, address = _find_contact(grant)
    if client is None or address is None:
        raise LinkEnded(
            "This link no longer works: the address that it was sent to is not on your company's "
            "list of contacts any more."
        )
    return Visitor(client, address, grant)


def log_contact_look(visitor: Visitor, lead_ids: Iterable[str], now: datetime) -> None:
    """Records that the contact looks at personal data."""
    who = f"{visitor.address}, contact of {visitor.client_slug}"
    log_outside_look(who, "page behind a letter's link", lead_ids, now)


def typed_note() -> str:
    """The note of the form, cleaned as in the API: line feeds, no control characters."""
    return cleaned_text(request.form.get("note", ""))


def _find_contact(grant: ContactGrant) -> tuple[Client | None, str | None]:
    try:
        client = services().catalogue.client(grant.client)
    except NotFound:
        return None, None
    contacts = client.contacts
    addresses = (*contacts.notices, *contacts.bills)
    return client, services().link_signer.find_address(grant, addresses)
