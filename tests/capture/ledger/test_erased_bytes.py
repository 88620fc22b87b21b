"""After an erasure, no byte of a person's texts remains in the files of the database."""

import random
from contextlib import closing
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from capture.lead.events import EventKind
from capture.ledger import open_ledger
from capture.ledger.messages import Attempt
from capture.ledger.protocol import Ledger, WriteTransaction
from capture.ledger.types import Note, PersonalData
from tests.capture.ledger.contract_outbox import new_message
from tests.samples import NOW, campaign, later_event, received_event

KEY = b"a key for tests only"
MINUTE = timedelta(minutes=1)
LEADS = 150


def word_of(lead_id: str, number: int) -> str:
    """A text that occurs nowhere else."""
    return f"typed-{lead_id}-{number}-"


def save(records: WriteTransaction, lead_id: str, size: int) -> None:
    records.append(received_event(lead_id), later_event(lead_id, EventKind.QUALIFIED))
    records.people.save_personal_data("guide", lead_id, data_of(lead_id, 0, size))
    note = Note(lead_id, "accepted", word_of(lead_id, 1), word_of(lead_id, 1) * size, NOW)
    records.people.save_note(note)
    records.outbox.queue(new_message(lead_id))


def data_of(lead_id: str, number: int, size: int) -> PersonalData:
    text = word_of(lead_id, number)
    return PersonalData(
        {"email": f"{text}@x.example", "text": text * size},
        judged={"size": text},
        reasons={"size": text},
        first_touch={"path": text},
        last_touch={"path": text},
        unverified={"phone": text},
        page=f"/{text}/",
    )


def test_the_samples_of_this_module_have_every_kind_of_personal_data() -> None:
    data = data_of("a", 0, 1)
    assert all(getattr(data, field.name) for field in fields(data))


def attempt(ledger: Ledger, rng: random.Random) -> None:
    """Tries to send the next message once; the receiver's answer repeats the lead's texts."""
    now = NOW + timedelta(days=1)
    is_last, size = rng.random() < 0.5, rng.randrange(1, 60)

    def work(records: WriteTransaction) -> None:
        for message in records.outbox.claim(now, now + MINUTE, limit=1):
            result = Attempt("it answered 500", 500, word_of(message.lead_id, 2) * size)
            if is_last:
                records.outbox.record_failed(message, now, result)
            else:
                records.outbox.record_retry(message, now, result)

    ledger.transact(work)


@pytest.mark.parametrize("seed", range(3))
def test_no_byte_of_erased_leads_remains_after_random_changes(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    lead_ids = [f"{rng.randrange(36**8):012x}" for _ in range(LEADS)]
    with closing(open_ledger(f"sqlite:///{tmp_path}/ledger.db", KEY)) as ledger:
        ledger.transact(lambda records: records.campaigns.save_version(campaign(), NOW))
        erased: set[str] = set()
        for number, lead_id in enumerate(lead_ids):
            size = rng.randrange(1, 250)  # up to two pages of the database
            ledger.transact(
                lambda records, lead_id=lead_id, size=size: save(records, lead_id, size)
            )
            other = rng.choice(lead_ids[: number + 1])
            data = data_of(other, 3, rng.randrange(1, 250))
            ledger.transact(
                lambda records, other=other, data=data: records.people.replace_personal_data(
                    other, data
                )
            )
            attempt(ledger, rng)
            if rng.random() < 0.3:
                other = rng.choice(lead_ids[: number + 1])
                ledger.transact(lambda records, other=other: records.erasure.erase([other], NOW))
                erased.add(other)
        assert ledger.empty_log()
        content = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
        left = {lead_id for lead_id in erased if f"typed-{lead_id}".encode() in content}
        kept = [lead_id for lead_id in lead_ids if lead_id not in erased]
        assert left == set()
        assert all(f"typed-{lead_id}".encode() in content for lead_id in kept)
        assert ledger.verify().problems == ()


def test_no_byte_remains_in_cases_where_deleted_rows_leave_some(tmp_path: Path) -> None:
    """If rows are deleted, even with `PRAGMA secure_delete`, bytes of about 0.3 % remain."""
    rng = random.Random(7)
    lead_ids = [f"{rng.randrange(36**8):012x}" for _ in range(1500)]

    def save_all(records: WriteTransaction) -> None:
        for lead_id in lead_ids:
            data = data_of(lead_id, 0, rng.randrange(1, 60))
            records.people.save_personal_data("guide", lead_id, data)
            records.people.save_note(Note(lead_id, "accepted", word_of(lead_id, 1), "", NOW))

    with closing(open_ledger(f"sqlite:///{tmp_path}/ledger.db", KEY)) as ledger:
        ledger.transact(save_all)
        erased = rng.sample(lead_ids, 1000)
        for start in range(0, len(erased), 10):
            batch = erased[start : start + 10]
            ledger.transact(lambda records, batch=batch: records.erasure.erase(batch, NOW))
        assert ledger.empty_log()
    content = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert [lead_id for lead_id in erased if f"typed-{lead_id}".encode() in content] == []
