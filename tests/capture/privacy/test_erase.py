"""An erasure records an event, deletes personal data, and keeps everything else."""

from datetime import timedelta
from pathlib import Path

import pytest

from capture.campaign.model import Campaign
from capture.errors import NotFound, Refused
from capture.intake.receive import receive_submission
from capture.jobs.model import JobKind, JobRequest, JobResult
from capture.jobs.store import JobStore
from capture.lead.events import Actor, EventKind
from capture.lead.model import Lead
from capture.ledger.messages import Channel, NewMessage
from capture.ledger.protocol import Ledger
from capture.privacy.erase import PersonToErase, erase_leads, erase_person, preview_erasure
from capture.review.acts import find_lead
from tests.capture.desk import Desk
from tests.samples import CAMPAIGN, NOW, campaign, submission

NO_JOBS = JobStore(Path("no such folder"))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANN = "ann@clinic.example"
BY_MAIL = campaign(text=CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"'))


def receive(ledger: Ledger, terms: Campaign | None = None, **answers: str) -> str:
    terms = terms or campaign()
    return ledger.transact(
        lambda records: receive_submission(records, terms, submission(terms, **answers), NOW)
    ).lead_id


def find(ledger: Ledger, lead_id: str) -> Lead:
    return ledger.read(lambda reading: find_lead(reading, lead_id))


def kinds(ledger: Ledger, lead_id: str) -> list[EventKind]:
    """The kinds of the lead's events after its verdict."""
    return ledger.read(
        lambda reading: [recorded.event.kind for recorded in reading.events.select(lead_id=lead_id)]
    )[2:]


def test_an_earlier_acceptance_by_silence_remains_and_is_billed(ledger: Ledger) -> None:
    lead_id = receive(ledger)
    later = NOW + 3 * DAY
    ledger.transact(lambda records: erase_leads(records, [lead_id], later, address=ANN, by="Ada"))
    assert kinds(ledger, lead_id) == [EventKind.ACCEPTED, EventKind.ERASED]
    assert find(ledger, lead_id).review == "accepted"
    statement = Desk(ledger).close("2026-11", NOW + 20 * DAY)
    assert [line.lead_id for line in statement.lines] == [lead_id]


@pytest.mark.parametrize(
    ("terms", "stage"), [(campaign(), "qualified"), (BY_MAIL, "consent_withdrawn")]
)
def test_a_request_withdraws_the_consent_of_an_undecided_lead(
    ledger: Ledger, terms: Campaign, stage: str
) -> None:
    lead_id = receive(ledger, terms)
    for _ in range(2):  # the second time changes nothing
        ledger.transact(
            lambda records: erase_leads(records, [lead_id], NOW + HOUR, address=ANN, by="Ada")
        )
        assert kinds(ledger, lead_id) == [EventKind.CONSENT_WITHDRAWN, EventKind.ERASED]
    events = ledger.read(lambda reading: list(reading.events.select(lead_id=lead_id)))
    assert [recorded.event.actor for recorded in events[-2:]] == [Actor.AGENCY, Actor.AGENCY]
    assert find(ledger, lead_id).review_at(NOW + 9 * DAY) == stage


def test_an_erasure_names_its_person_by_a_keyed_hash(ledger: Ledger) -> None:
    lead_id = receive(ledger, BY_MAIL)
    erase_person(ledger, PersonToErase(ANN), Path("no such folder"), NO_JOBS, NOW + HOUR, by="Ada")
    author = ledger.read(lambda reading: reading.people.pseudonym("acme", "Ada"))
    events = ledger.read(lambda reading: list(reading.events.select(lead_id=lead_id)))
    assert [recorded.event.data["by"] for recorded in events[-2:]] == [author, author]


def test_a_request_without_a_name_erases_nothing(ledger: Ledger) -> None:
    lead_id = receive(ledger)
    with pytest.raises(Refused, match="give the name of the person who does it"):
        ledger.transact(lambda records: erase_leads(records, [lead_id], NOW, address=ANN))
    assert not find(ledger, lead_id).erased


def test_erasure_by_age_withdraws_nothing(ledger: Ledger) -> None:
    lead_id = receive(ledger, company_size="1-50")
    ledger.transact(lambda records: erase_leads(records, [lead_id], NOW + HOUR))
    assert kinds(ledger, lead_id) == [EventKind.ERASED]


def test_an_unknown_lead_raises_an_error_and_erases_nothing(ledger: Ledger) -> None:
    lead_id = receive(ledger)
    with pytest.raises(NotFound):
        ledger.transact(lambda records: erase_leads(records, [lead_id, "none"], NOW))
    assert not find(ledger, lead_id).erased


def test_only_the_letters_to_or_about_the_person_are_deleted(
    ledger: Ledger, tmp_path: Path
) -> None:
    lead_id = receive(ledger)
    other = receive(ledger, email="joann@clinic.example")
    digest = NewMessage(
        key="digest",
        channel=Channel.MAIL,
        kind="leads_digest",
        recipient="leads@acme.example",
        queued_at=NOW,
        due_at=NOW,
        data={"leads": [other, lead_id]},
    )
    ledger.transact(lambda records: records.outbox.queue(digest))
    folder = tmp_path / "mail"
    folder.mkdir()
    letters = {
        "20261123T150000.000000Z-1.eml": "To: leads@acme.example\n\nTwo leads wait.",
        "to-ann.eml": f"To: {ANN}\n\nYour guide.",
        "about-ann.eml": f"To: leads@acme.example\n\nLead {lead_id} waits.",
        "encoded.eml": "To: x@acme.example\nContent-Transfer-Encoding: base64\n\n"
        "RnJvbSBhbm5AY2xpbmljLmV4YW1wbGU=\n",
        ".0123456789abcdef.part": f"To: {ANN}\n\nYour gui",
        "to-joann.eml": "To: joann@clinic.example\n\nYour guide.",
        "about-joann.eml": f"To: leads@acme.example\n\nLead {other} waits.",
        "not-a-letter.eml": "\udcff\n".encode("utf-8", "surrogateescape").decode("latin-1"),
    }
    for name, text in letters.items():
        (folder / name).write_text(text)
    erasure = erase_person(ledger, PersonToErase(ANN), folder, NO_JOBS, NOW + HOUR, by="Ada")
    assert (erasure.lead_ids, erasure.letter_files) == ([lead_id], 5)
    assert sorted(path.name for path in folder.iterdir()) == [
        "about-joann.eml",
        "not-a-letter.eml",
        "to-joann.eml",
    ]


def test_a_letter_that_was_queued_after_the_erasure_is_kept(ledger: Ledger, tmp_path: Path) -> None:
    lead_id = receive(ledger)
    folder = tmp_path / "mail"
    folder.mkdir()
    erase_person(ledger, PersonToErase(ANN), folder, NO_JOBS, NOW + HOUR, by="Ada")
    later = NewMessage(
        key="consent_withdrawn",
        channel=Channel.MAIL,
        kind="consent_withdrawn",
        recipient="leads@acme.example",
        queued_at=NOW + 2 * HOUR,
        due_at=NOW,
        lead_id=lead_id,
    )
    ledger.transact(lambda records: records.outbox.queue(later))
    letter = folder / "20261123T170000.000000Z-1.eml"
    letter.write_text(f"To: leads@acme.example\n\nLead {lead_id}: the consent was withdrawn.")
    assert (
        erase_person(
            ledger, PersonToErase(ANN), folder, NO_JOBS, NOW + 3 * HOUR, by="Ada"
        ).letter_files
        == 0
    )
    assert letter.exists()


def test_an_erasure_deletes_the_exports_of_the_desk(ledger: Ledger, tmp_path: Path) -> None:
    jobs = JobStore(tmp_path / "jobs")
    request = JobRequest(
        kind=JobKind.EXPORT, title="Export", user_id="1", user_name="Ada", client="", details={}
    )
    job = jobs.add(request, NOW)
    with jobs.next_waiting(NOW):
        jobs.finish(job.id, JobResult(ended_at=NOW), lambda: True)
    erase_person(ledger, PersonToErase(ANN), tmp_path / "mail", jobs, NOW, by="Ada")
    assert jobs.get(job.id) is not None  # it holds nothing of a person without a lead
    receive(ledger)
    assert preview_erasure(ledger, PersonToErase(ANN), tmp_path / "mail", jobs).jobs == 1
    assert (
        erase_person(ledger, PersonToErase(ANN), tmp_path / "mail", jobs, NOW, by="Ada").jobs == 1
    )
    assert jobs.get(job.id) is None
