"""The receipt of a consent: what a person was shown and ticked, as it was recorded (rule 35).

The agency's command, the page behind each letter's link and the page with the files show the same
receipt. It does not use the present campaign file, so it shows the wording that the person saw.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from capture.client_access.answers import labelled_answers
from capture.lead.events import Event, EventKind, show_time
from capture.lead.model import Lead
from capture.ledger.protocol import ReadTransaction
from capture.ledger.terms import saved_campaign
from capture.letters.render import moment_in_words
from capture.review.acts import find_lead

_PAGE: Final = re.compile(r"(/[a-z0-9/_-]{0,120}(\.html)?)")
"""The pattern of the path of a page of our site."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one person was shown and ticked. Times are UTC."""

    lead_id: str
    campaign: str
    title: str
    """The title of the campaign, in the version that was valid when the lead was received."""
    received_at: datetime
    zone: ZoneInfo
    source: str
    """`form`, or the source of an imported lead."""
    page: str
    """The path of the page with the form; empty if it is unknown or was erased."""
    is_ticked: bool
    """Whether the box was ticked."""
    form_version: str | None
    """The version of the form that was shown: the SHA-256 of the campaign file. None if it was not
    our form, or an unknown version."""
    wording: str
    """The text beside the box in that version; empty if `form_version` is None."""
    basis: str | None
    """The lawful basis that the agency stated instead of a consent."""
    basis_stated_at: datetime | None
    withdrawn_at: datetime | None
    """When the person withdrew the consent or the basis; None if they did not."""
    is_erased: bool

    @property
    def page_of_ours(self) -> str:
        """The page if its path looks like a path of our site; otherwise empty. A browser may send
        any text as a path, and the owner of the address may be another person than the sender."""
        return self.page if _PAGE.fullmatch(self.page) else ""

    @property
    def wording_sha256(self) -> str:
        """The SHA-256 of the wording in UTF-8; empty without a wording."""
        return hashlib.sha256(self.wording.encode()).hexdigest() if self.wording else ""

    @property
    def sent_at(self) -> str:
        """When the form was sent, in words, in the campaign's zone."""
        return moment_in_words(self.received_at, self.zone)

    @property
    def withdrawn(self) -> str:
        """When the consent was withdrawn, in words; empty if it was not."""
        return "" if self.withdrawn_at is None else moment_in_words(self.withdrawn_at, self.zone)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "lead": self.lead_id,
            "campaign": self.campaign,
            "title": self.title,
            "received_at": show_time(self.received_at),
            "source": self.source,
            "page": self.page,
            "ticked": self.is_ticked,
            "wording": self.wording,
            "wording_sha256": self.wording_sha256,
            "form_version": self.form_version,
            "basis": self.basis,
            "basis_stated_at": self.basis_stated_at and show_time(self.basis_stated_at),
            "withdrawn_at": self.withdrawn_at and show_time(self.withdrawn_at),
            "erased": self.is_erased,
        }


@dataclass(frozen=True, slots=True)
class OwnData:
    """The answers that a person sent with a form, and the receipt of the consent."""

    answers: tuple[tuple[str, str], ...]
    """Label and answer, in the form's order; empty after erasure."""
    receipt: Receipt


def consent_receipt(reading: ReadTransaction, lead_id: str) -> Receipt:
    """The receipt of one lead. Raises `NotFound`."""
    lead = find_lead(reading, lead_id)
    events = [recorded.event for recorded in reading.events.select(lead_id=lead_id)]
    data = reading.people.personal_data(lead_id)
    terms = saved_campaign(reading, lead.campaign, lead.version)
    stated = _last_basis(events)
    return Receipt(
        lead_id=lead_id,
        campaign=lead.campaign,
        title=terms.title,
        received_at=lead.received_at,
        zone=terms.zone,
        source=lead.source,
        page="" if data is None else data.page,
        is_ticked=lead.consent_given,
        form_version=lead.consent_version,
        wording=_wording(reading, lead),
        basis=None if stated is None else stated.data["basis"],
        basis_stated_at=None if stated is None else stated.occurred_at,
        withdrawn_at=next(
            (event.occurred_at for event in events if event.kind is EventKind.CONSENT_WITHDRAWN),
            None,
        ),
        is_erased=data is None or lead.erased,
    )


def own_data(reading: ReadTransaction, lead_id: str) -> OwnData | None:
    """The person's answers and receipt; None if the lead is unknown or its data was erased."""
    lead, data = reading.leads.get(lead_id), reading.people.personal_data(lead_id)
    if lead is None or data is None:
        return None
    terms = saved_campaign(reading, lead.campaign, lead.version)
    answers = ((answer.label, answer.text) for answer in labelled_answers(terms, data))
    return OwnData(tuple(answers), consent_receipt(reading, lead_id))


def _wording(reading: ReadTransaction, lead: Lead) -> str:
    if lead.consent_version is None:
        return ""
    return saved_campaign(reading, lead.campaign, lead.consent_version).consent


def _last_basis(events: list[Event]) -> Event | None:
    """The event that stated the lawful basis; None if there is none."""
    return next((event for event in reversed(events) if event.data.get("basis")), None)
