"""What a letter is written from: a message, the ledger and the current files."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from capture.campaign.client import Client
from capture.campaign.model import Campaign
from capture.delivery.context import DeliveryContext
from capture.ledger.messages import Message
from capture.ledger.protocol import ReadTransaction
from capture.letters.render import Letterhead
from capture.signed_links import UnsubscribeGrant, unsubscribe_path


class Dropped(Exception):
    """The message must not be sent any more. The text is the reason, as a sentence part."""


@dataclass(frozen=True, slots=True)
class Request:
    """A message that becomes a letter now."""

    reading: ReadTransaction
    context: DeliveryContext
    message: Message
    now: datetime

    @property
    def letterhead(self) -> Letterhead:
        """The agency and the theme's templates."""
        return Letterhead(self.context.agency.party, self.context.templates)

    @property
    def client(self) -> Client:
        """The client's current file. Raises `Dropped` if there is none."""
        client = self.context.catalogue().clients.get(self.message.client)
        if client is None:
            raise Dropped("the client has no file any more")
        return client

    @property
    def campaign(self) -> Campaign:
        """The campaign's current file. Raises `Dropped` if there is none."""
        campaign = self.context.catalogue().campaigns.get(self.message.campaign)
        if campaign is None:
            raise Dropped("the campaign has no file any more")
        return campaign

    def check_contact(self, addresses: Iterable[str]) -> None:
        """Raises `Dropped` unless the recipient is among the client's addresses of this kind."""
        if self.message.recipient not in addresses:
            raise Dropped("the address is no longer in the client's file")

    def check_agency(self) -> None:
        """Raises `Dropped` if the agency has another address now."""
        if self.message.recipient != self.context.agency.party.email:
            raise Dropped("the address is no longer the agency's")

    def url(self, path: str) -> str:
        """The absolute URL of a page of the lead service."""
        return f"{self.context.service_url}{path}"

    def unsubscribe_url(self, address: str, letter: str = "") -> str:
        """The URL to unsubscribe the address from letters of a kind; default: this message's kind.

        Raises `Dropped` if they have done so.
        """
        letter, outbox = letter or self.message.kind, self.reading.outbox
        address_id = outbox.address_id(address)
        if outbox.is_unsubscribed(address_id, letter):
            raise Dropped("the recipient has unsubscribed from letters of this kind")
        token = self.context.link_signer.unsubscribe(UnsubscribeGrant(letter, address_id))
        return self.url(unsubscribe_path(token))
