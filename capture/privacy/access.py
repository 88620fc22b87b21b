"""A person sees the data that we store under their e-mail address, and saves a copy.

The address is compared exactly. The reader of a mailbox sees the forms that were sent with its
address, but not those that were sent with another spelling.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from capture.client_access.answers import labelled_answers
from capture.lead.events import EventKind, show_time
from capture.lead.identity import NEWEST, mailbox_of
from capture.lead.model import Lead
from capture.ledger.messages import LETTERS_A_DAY, VISITOR, Channel, MessageState, NewMessage
from capture.ledger.protocol import ReadTransaction, WriteTransaction
from capture.ledger.terms import saved_campaign
from capture.ledger.types import PersonalData, email_of
from capture.letters.render import moment_in_words
from capture.privacy.receipt import Receipt, consent_receipt
from capture.signed_links import OWN_DATA_LIFE

LETTER: Final = "own_data"
"""The kind of the letter with the link."""

_DAY: Final = timedelta(days=1)
_LETTERS: Final[Mapping[str, str]] = {
    "guide": "The letter with your files",
    "confirmation": "The letter to confirm your address",
    LETTER: "The letter with the link to this page",
}
"""By kind of letter to a person: the name that the page shows."""


def request_own_data(records: WriteTransaction, address: str, now: datetime) -> bool:
    """Queues the letter with the link, if we store data under exactly this address.

    A mailbox gets at most `LETTERS_A_DAY` of these letters in 24 hours. Other letters do not count,
    so nobody can block this letter by sending forms in another person's name.
    """
    lead_id = _newest_with_address(records, address)
    recipient = f"{LETTER}:{mailbox_of(address, NEWEST)}"
    if not lead_id or records.outbox.count_letters_to(recipient, now - _DAY) >= LETTERS_A_DAY:
        return False
    message = NewMessage(
        key=f"{LETTER}:{lead_id}:{show_time(now)}",
        channel=Channel.MAIL,
        kind=LETTER,
        recipient=VISITOR,
        queued_at=now,
        due_at=now,
        expires_at=now + OWN_DATA_LIFE,
        lead_id=lead_id,
    )
    return records.outbox.queue(message, address=recipient)


def _newest_with_address(reading: ReadTransaction, address: str) -> str:
    """The newest lead whose answers have the address, so that a letter can go to it; "" if none."""
    for lead_id in reversed(reading.people.leads_of_address(address)):
        if email_of(reading.people.personal_data(lead_id)):
            return lead_id
    return ""


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """One answer of the person."""

    field: str
    label: str
    text: str
    is_verified: bool


@dataclass(frozen=True, slots=True)
class OwnVisit:
    """One visit that led to the form, as the browser stored it."""

    name: str
    """`First visit` or `Latest visit`."""
    facts: Mapping[str, str]
    """Path, referrer and campaign labels by name."""


@dataclass(frozen=True, slots=True)
class OwnLetter:
    """A letter that we sent to the person."""

    kind: str
    name: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class OwnDownload:
    """A file that the person downloaded."""

    file: str
    first_at: datetime
    last_at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class OwnLead:
    """The data that we store from one form that was sent with the address.

    It does not contain the verdict (rule 6 of docs/rules.md).
    """

    lead_id: str
    receipt: Receipt
    answers: Sequence[OwnAnswer]
    visits: Sequence[OwnVisit]
    letters: Sequence[OwnLetter]
    downloads: Sequence[OwnDownload]
    client: str
    """The slug of the client for which the form was run."""
    passed_on_at: datetime | None
    """When the client got the data; None if it did not."""
    meeting_at: datetime | None
    may_withdraw: bool
    """Whether there is a consent or a lawful basis to withdraw."""

    @property
    def zone(self) -> ZoneInfo:
        """The campaign's time zone."""
        return self.receipt.zone

    def in_words(self, moment: datetime) -> str:
        """A time in the campaign's zone."""
        return moment_in_words(moment, self.zone)

    def as_dict(self, client_name: str) -> dict[str, Any]:
        """The lead as the file for the person contains it."""
        return {
            **self.receipt.as_dict(),
            "answers": {answer.field: answer.text for answer in self.answers},
            "not_verified": [answer.field for answer in self.answers if not answer.is_verified],
            "visits": {visit.name: dict(visit.facts) for visit in self.visits},
            "letters": [
                {"letter": letter.kind, "sent_at": show_time(letter.sent_at)}
                for letter in self.letters
            ],
            "downloads": [
                {
                    "file": download.file,
                    "first_at": show_time(download.first_at),
                    "last_at": show_time(download.last_at),
                    "count": download.count,
                }
                for download in self.downloads
            ],
            "client": client_name,
            "passed_on_to": client_name if self.passed_on_at else None,
            "passed_on_at": self.passed_on_at and show_time(self.passed_on_at),
            "meeting_at": self.meeting_at and show_time(self.meeting_at),
        }


def own_leads(reading: ReadTransaction, address_key: str) -> list[OwnLead]:
    """All data that we store under an address, the newest form first. `address_key` is the keyed
    hash from `PeopleQueries.address_key`."""
    lead_ids = reading.people.leads_with_address_key(address_key)
    return [_own_lead(reading, lead_id) for lead_id in reversed(lead_ids)]


def _own_lead(reading: ReadTransaction, lead_id: str) -> OwnLead:
    receipt = consent_receipt(reading, lead_id)
    lead, data = reading.leads.get(lead_id), reading.people.personal_data(lead_id)
    if lead is None or data is None:  # for the type checker: the data contains the address's key
        raise ValueError(f"lead {lead_id} has no personal data")
    return OwnLead(
        lead_id=lead_id,
        receipt=receipt,
        answers=tuple(_answers(reading, lead, data)),
        visits=tuple(_visits(data)),
        letters=tuple(_letters(reading, lead_id)),
        downloads=tuple(
            OwnDownload(download.file, download.first_at, download.last_at, download.count)
            for download in reading.downloads.of_lead(lead_id)
        ),
        client=lead.client,
        passed_on_at=_passed_on_at(reading, lead),
        meeting_at=None if lead.appointment == "none" else lead.meeting_at,
        may_withdraw=lead.consent.is_lawful,
    )


def _answers(reading: ReadTransaction, lead: Lead, data: PersonalData) -> Iterator[OwnAnswer]:
    terms = saved_campaign(reading, lead.campaign, lead.version)
    for answer in labelled_answers(terms, data):
        yield OwnAnswer(answer.field, answer.label, answer.text, answer.is_verified)


def _visits(data: PersonalData) -> Iterator[OwnVisit]:
    for name, touch in (("First visit", data.first_touch), ("Latest visit", data.last_touch)):
        if touch:
            yield OwnVisit(name, touch)


def _letters(reading: ReadTransaction, lead_id: str) -> Iterator[OwnLetter]:
    for message in reading.outbox.select(MessageState.SENT, lead_id=lead_id, recipient=VISITOR):
        if message.finished_at is not None:
            name = _LETTERS.get(message.kind, "A letter")
            yield OwnLetter(message.kind, name, message.finished_at)


def _passed_on_at(reading: ReadTransaction, lead: Lead) -> datetime | None:
    """When the client was first notified of the lead: by the notice, or by a qualification that
    starts the review window itself."""
    for recorded in reading.events.select(lead_id=lead.lead_id):
        event = recorded.event
        is_notice = event.kind is EventKind.NOTIFIED
        if is_notice or (event.kind is EventKind.QUALIFIED and "deadline" in event.data):
            return event.occurred_at
    return None
