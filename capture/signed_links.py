"""Makes and checks signed links. Each token is valid for one purpose and a limited time.

Signed with itsdangerous. Each purpose has its own salt, so a token for one is not valid for
another. Tokens contain only ids; a reader can decode them but not change them.

A link in a client's letter is bound to one contact of the client. Its token has a keyed id of the
contact instead of the e-mail address, and the address is looked up in the client's file. So the
link stops working when the address is removed from the file.
"""

import base64
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from itsdangerous import (
    BadData,
    SignatureExpired,
    Signer,
    TimestampSigner,
    URLSafeSerializer,
    URLSafeTimedSerializer,
)

from capture.errors import Refused

TEST_LEAD_LIFE: Final = timedelta(days=1)
LIST_LINK_LIFE: Final = timedelta(days=7)
CONTACT_LINK_LIFE: Final = timedelta(days=90)
"""The longest life of a contact's link to a lead, a meeting or a debit. Its page ends earlier: with
the review window, or with the answer. The longest window is 720 hours of working days."""

OWN_DATA_LIFE: Final = timedelta(days=1)
"""How long the link to a person's own data works."""

OWN_DATA_PATH: Final = "/privacy/me"
"""The path of the page where a person requests the link to their own data."""

CONTACT_PREFIX: Final = "/r"
"""The path below which the pages behind a contact's links are."""


class TokenExpired(Refused):
    """The token is genuine but no longer valid."""

    def __init__(self, grant: "Grant | None" = None) -> None:
        super().__init__("this link has expired")
        self.grant = grant
        """What a visitor's token allowed, so that the page can lead back to the form."""


class TokenInvalid(Refused):
    """The token was not made by us, or was changed."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a visitor's token allows: a lead of a campaign may get a file, or see their page."""

    campaign: str
    lead_id: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmationGrant:
    """The right that a letter's link gives: to prove the address of a lead until `ends`."""

    campaign: str
    lead_id: str
    ends: datetime
    """UTC, in whole seconds."""
    address_tag: str
    """A keyed hash of the address of the letter; `LinkSigner.is_sent_to` compares it."""


class Subject(StrEnum):
    """What a contact's link opens."""

    LEAD = "lead"
    LIST = "list"
    """All leads of the client that wait for a review."""
    MEETING = "meeting"
    """The question whether the meeting with a lead was held."""
    DEBIT = "debit"


@dataclass(frozen=True, slots=True)
class ContactGrant:
    """What a contact's link allows: one contact of a client may act on one subject."""

    subject: Subject
    client: str
    contact: str
    """The keyed id of the contact's address: `LinkSigner.find_address` finds the address."""
    id: str = ""
    """The id of the lead or of the debit; empty for a list."""


@dataclass(frozen=True, slots=True)
class UnsubscribeGrant:
    """What a token allows: the owner of an address unsubscribes from a kind of letter."""

    letter: str
    address_id: str
    """A keyed hash of the address, as the outbox makes it; never the address."""


@dataclass(frozen=True, slots=True)
class UserGrant:
    """What a one-time link for a user of the desk allows: to choose a passphrase until `ends`."""

    user_id: str
    link_number: int
    """It works only while it is the number of the user's newest link."""
    ends: datetime
    """UTC, in whole seconds."""


def files_path(token: str) -> str:
    """The path of the page with a lead's files, for the letter to the visitor."""
    return f"/g/{token}"


def confirmation_path(token: str) -> str:
    """The path of the page on which a person proves the address."""
    return f"/c/{token}"


def unsubscribe_path(token: str) -> str:
    """The path of the page on which somebody unsubscribes from a kind of letter."""
    return f"/u/{token}"


def consent_path(token: str) -> str:
    """The path of the page with the receipt of a lead's consent."""
    return f"/consent/{token}"


def own_data_path(token: str) -> str:
    """The path of the page with all data that we store under an e-mail address."""
    return f"{OWN_DATA_PATH}/{token}"


def passphrase_path(token: str) -> str:
    """The path of the desk's page on which a user chooses a passphrase."""
    return f"/desk/passphrase/{token}"


def review_path(token: str) -> str:
    """The path of the page behind a contact's link."""
    return f"{CONTACT_PREFIX}/{token}"


class LinkSigner:
    """Makes and reads the signed tokens of one installation."""

    def __init__(self, secret: bytes, lifetime: timedelta) -> None:
        """`lifetime` is how long a visitor's links are valid."""
        self._secret = secret
        self._lifetime = lifetime
        self._thanks = TimestampSigner(secret, salt="thanks")
        self._sent = TimestampSigner(secret, salt="sent")
        self._confirmation = Signer(secret, salt="confirmation")
        self._files = TimestampSigner(secret, salt="files")
        self._download = URLSafeTimedSerializer(secret, salt="download")
        self._test = URLSafeTimedSerializer(secret, salt="test-lead")
        self._contact = URLSafeTimedSerializer(secret, salt="contact")
        self._unsubscribe = URLSafeSerializer(secret, salt="unsubscribe")
        self._consent = Signer(secret, salt="consent")
        self._own_data = TimestampSigner(secret, salt="own-data")
        self._user = Signer(secret, salt="user")

    @property
    def lifetime(self) -> timedelta:
        """How long a visitor's links are valid."""
        return self._lifetime

    def thanks(self, campaign: str, lead_id: str) -> str:
        """A token for the thanks page. Every lead gets one, so it uses a faster format."""
        return self._thanks.sign(f"{lead_id}-{campaign}").decode()

    def read_thanks(self, token: str, now: datetime) -> Grant:
        """Raises `TokenExpired` or `TokenInvalid`."""
        return self._read_lead(self._thanks, token, now)

    def sent(self, campaign: str, lead_id: str) -> str:
        """A token for the page after the form if `confirm = "email"`."""
        return self._sent.sign(f"{lead_id}-{campaign}").decode()

    def read_sent(self, token: str, now: datetime) -> Grant:
        """Raises `TokenExpired` or `TokenInvalid`."""
        return self._read_lead(self._sent, token, now)

    def confirmation(self, campaign: str, lead_id: str, address: str, ends: datetime) -> str:
        """A token for `confirmation_path`. The letter with it goes to `address` only, so its use
        proves the address."""
        tag = self._address_tag(lead_id, address)
        return self._confirmation.sign(
            f"{lead_id}-{int(ends.timestamp()):x}-{tag}-{campaign}"
        ).decode()

    def read_confirmation(self, token: str) -> ConfirmationGrant:
        """The grant of the token, even if it has ended. Raises `TokenInvalid`."""
        content: bytes = _load_signed(lambda: self._confirmation.unsign(token))
        lead_id, ends, tag, campaign = content.decode().split("-", 3)
        return ConfirmationGrant(campaign, lead_id, datetime.fromtimestamp(int(ends, 16), UTC), tag)

    def is_sent_to(self, grant: ConfirmationGrant, address: str) -> bool:
        """Whether the letter with this link went to this address."""
        return hmac.compare_digest(self._address_tag(grant.lead_id, address), grant.address_tag)

    def browser_proof(self, lead_id: str) -> str:
        """The value that shows that a browser sent the form of this lead."""
        return self._keyed_id(f"browser\0{lead_id}")

    def is_browser_proof(self, lead_id: str, value: str) -> bool:
        """Whether the value is the browser proof of this lead."""
        return hmac.compare_digest(self.browser_proof(lead_id).encode(), value.encode())

    def files(self, campaign: str, lead_id: str) -> str:
        """A token for the page with the lead's files: `files_path`."""
        return self._files.sign(f"{lead_id}-{campaign}").decode()

    def read_files(self, token: str, now: datetime) -> Grant:
        """Raises `TokenExpired` or `TokenInvalid`."""
        return self._read_lead(self._files, token, now)

    def download(self, grant: Grant) -> str:
        """A token for the download of one gated file."""
        return str(self._download.dumps([grant.campaign, grant.lead_id, grant.file]))

    def read_download(self, token: str, now: datetime) -> Grant:
        """Raises `TokenExpired` or `TokenInvalid`."""
        parts, signed_at = _load_signed(lambda: self._download.loads(token, return_timestamp=True))
        return self._unexpired(Grant(*parts), signed_at, now)

    def _read_lead(self, signer: TimestampSigner, token: str, now: datetime) -> Grant:
        content, signed_at = _load_signed(lambda: signer.unsign(token, return_timestamp=True))
        lead_id, _, campaign = content.decode().partition("-")
        return self._unexpired(Grant(campaign, lead_id), signed_at, now)

    def _unexpired(self, grant: Grant, signed_at: datetime, now: datetime) -> Grant:
        if now - signed_at > self._lifetime:
            raise TokenExpired(grant)
        return grant

    def test_lead(self, campaign: str) -> str:
        """A token that marks a submission of the campaign's form as a test.

        See rule 5 of docs/rules.md.
        """
        return str(self._test.dumps([campaign]))

    def is_test_lead(self, token: str, campaign: str) -> bool:
        """Whether the token marks a test of this campaign and is at most one day old."""
        if not token:
            return False
        age = int(TEST_LEAD_LIFE.total_seconds())
        try:
            content: list[str] = _load_signed(lambda: self._test.loads(token, max_age=age))
        except Refused:
            return False
        return content == [campaign]

    def lead_link(self, client: str, address: str, lead_id: str) -> str:
        """A token for the review of one lead by the contact with this e-mail address."""
        return self._contact_link(Subject.LEAD, client, address, lead_id)

    def list_link(self, client: str, address: str) -> str:
        """A token for the list of all leads that wait for the contact's client. Valid 7 days."""
        return self._contact_link(Subject.LIST, client, address)

    def meeting_link(self, client: str, address: str, lead_id: str) -> str:
        """A token for the question whether the meeting with the lead was held."""
        return self._contact_link(Subject.MEETING, client, address, lead_id)

    def debit_link(self, client: str, address: str, debit_id: str) -> str:
        """A token for the answer to a proposed debit note."""
        return self._contact_link(Subject.DEBIT, client, address, debit_id)

    def read_contact_link(self, token: str, now: datetime) -> ContactGrant:
        """What the token of a contact's link allows. Raises `TokenExpired` or `TokenInvalid`."""
        parts, signed_at = _load_signed(lambda: self._contact.loads(token, return_timestamp=True))
        try:
            subject, client, contact, subject_id = parts
            grant = ContactGrant(Subject(subject), client, contact, subject_id)
        except (TypeError, ValueError):
            raise TokenInvalid("this link is not one of ours") from None
        life = LIST_LINK_LIFE if grant.subject is Subject.LIST else CONTACT_LINK_LIFE
        if now - signed_at > life:
            raise TokenExpired
        return grant

    def find_address(self, grant: ContactGrant, addresses: Iterable[str]) -> str | None:
        """The address that the link was sent to; None if it is not among the given ones."""
        for address in addresses:
            if hmac.compare_digest(self._contact_id(grant.client, address), grant.contact):
                return address
        return None

    def unsubscribe(self, grant: UnsubscribeGrant) -> str:
        """A token for unsubscribing from a kind of letter. It has no end: nobody must be forced to
        get more letters."""
        return str(self._unsubscribe.dumps([grant.letter, grant.address_id]))

    def read_unsubscribe(self, token: str) -> UnsubscribeGrant:
        """Raises `TokenInvalid`."""
        letter, address_id = _load_signed(lambda: self._unsubscribe.loads(token))
        return UnsubscribeGrant(letter, address_id)

    def consent(self, lead_id: str) -> str:
        """A token for the receipt of a lead's consent. It does not expire: a person may look at any
        time what they agreed to."""
        return self._consent.sign(lead_id).decode()

    def read_consent(self, token: str) -> str:
        """The lead's id. Raises `TokenInvalid`."""
        lead_id: bytes = _load_signed(lambda: self._consent.unsign(token))
        return lead_id.decode()

    def own_data(self, address_key: str) -> str:
        """A token for the page with all data that we store under an e-mail address. Valid 24 hours.

        `address_key` is the keyed hash from `PeopleQueries.address_key`, never the address.
        """
        return self._own_data.sign(address_key).decode()

    def read_own_data(self, token: str, now: datetime) -> str:
        """The keyed hash of the address. Raises `TokenExpired` or `TokenInvalid`."""
        key, signed_at = _load_signed(lambda: self._own_data.unsign(token, return_timestamp=True))
        if now - signed_at > OWN_DATA_LIFE:
            raise TokenExpired
        return str(key.decode())

    def user(self, grant: UserGrant) -> str:
        """A token for `passphrase_path`."""
        return self._user.sign(
            f"{grant.user_id}-{grant.link_number}-{int(grant.ends.timestamp()):x}"
        ).decode()

    def read_user(self, token: str, now: datetime) -> UserGrant:
        """Raises `TokenExpired` or `TokenInvalid`."""
        content: bytes = _load_signed(lambda: self._user.unsign(token))
        user_id, number, ends = content.decode().split("-")
        grant = UserGrant(user_id, int(number), datetime.fromtimestamp(int(ends, 16), UTC))
        if now >= grant.ends:
            raise TokenExpired
        return grant

    def _contact_link(self, subject: Subject, client: str, address: str, about: str = "") -> str:
        contact = self._contact_id(client, address)
        return str(self._contact.dumps([subject.value, client, contact, about]))

    def _contact_id(self, client: str, address: str) -> str:
        return self._keyed_id(f"contact\0{client}\0{address.strip().casefold()}")

    def _address_tag(self, lead_id: str, address: str) -> str:
        digest = hmac.digest(self._secret, f"address\0{lead_id}\0{address}".encode(), "sha256")
        return digest[:8].hex()

    def _keyed_id(self, text: str) -> str:
        digest = hmac.digest(self._secret, text.encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:15]).decode()


def _load_signed(check: Callable[[], Any]) -> Any:
    """Runs a check of a signature and turns its errors into ours."""
    try:
        return check()
    except SignatureExpired:
        raise TokenExpired from None
    except BadData:
        raise TokenInvalid("this link is not one of ours") from None
