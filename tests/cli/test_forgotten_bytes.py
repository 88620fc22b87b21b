"""After `gatepost forget`, no file under `var/` contains a text that the person typed."""

import base64
import json
import quopri
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from capture.intake.submission import Submission
from capture.jobs.lead_export import export_details
from capture.jobs.model import JobKind, JobRequest
from capture.jobs.store import JobStore
from capture.ledger.messages import Attempt, Channel, NewMessage
from capture.ledger.protocol import WriteTransaction
from capture.ledger.types import LeadListQuery
from capture.review.acts import reject
from tests.cli.conftest import ROOT, Project
from tests.samples import ANSWERS, NOW, consent_to

HOUR = timedelta(hours=1)
TYPED = {
    "full_name": "Zoë Quisťová-Ångström",
    "email": "zoë.quist@klinik-ångström.example",
    "phone": "+493012345678",
}
TOUCH = {"path": "/unique-landing-page/", "referrer": "https://forum.example/zoë-asks"}
NAME, REMARK = "Carol Ünique", "spoke to Zoë, she is leaving"
ECHO = "unknown person Zoë Quisťová-Ångström"
CHARSETS = ("utf-8", "utf-16-le", "latin-1")


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW + 3 * HOUR, tick=False):
        yield


def spellings(text: str) -> set[bytes]:
    """The possible bytes of a stored text: plain, escaped, in base64, quoted-printable."""
    plain = text.encode()
    forms = {text.encode(charset, "ignore") for charset in CHARSETS}
    forms |= {json.dumps(text)[1:-1].encode(), quopri.encodestring(plain)}
    forms |= {text.casefold().encode(), text.upper().encode(), plain.hex().encode()}
    for offset in range(3):  # base64 depends on the offset of the text
        encoded = base64.b64encode(b"\0" * offset + plain)
        forms.add(encoded[4 : len(encoded) // 4 * 4 - 4] if offset else encoded[:-4])
    return {form for form in forms if len(form) > 5}


def texts_left(folder: Path, texts: list[str]) -> dict[str, list[str]]:
    """By file: the texts that it contains in one of these forms."""
    left = {}
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        found = [text for text in texts if any(form in content for form in spellings(text))]
        if found:
            left[str(path.relative_to(folder))] = found
    return left


def leave_traces(project: Project) -> str:
    """A lead with letters, a note, a webhook that its receiver answered, a correction, and an
    export of the desk."""
    submission = Submission(
        {**ANSWERS, **TYPED}, consent_to(""), first_touch=TOUCH, last_touch=TOUCH
    )
    lead_id = project.send(submission)
    assert project.run("dispatch", "--once").code == 0
    project.client(reject, lead_id, NOW + HOUR, "too_small")
    result = project.run("review", lead_id, "dispute", "--as", NAME, "--note", REMARK)
    assert result.code == 0, result.err
    webhook = NewMessage(
        key="webhook:1",
        channel=Channel.WEBHOOK,
        kind="lead.updated",
        recipient="1",
        queued_at=NOW,
        due_at=NOW,
        client="acme",
        lead_id=lead_id,
    )

    def work(records: WriteTransaction) -> None:
        records.outbox.queue(webhook)
        (message,) = records.outbox.claim(NOW + 2 * HOUR, NOW + 3 * HOUR, limit=1)
        records.outbox.record_failed(message, NOW + 2 * HOUR, Attempt("it failed", 500, ECHO))

    project.ledger.transact(work)
    request = JobRequest(
        kind=JobKind.EXPORT,
        title="Export",
        user_id="1",
        user_name="Ada",
        client="",
        details=export_details(LeadListQuery(NOW, 1, search=TYPED["full_name"]), "csv"),
    )
    JobStore(project.folder / "var/jobs").add(request, NOW)
    assert ": done" in project.run("jobs").out
    return lead_id


def test_no_file_contains_a_byte_of_an_erased_persons_texts(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.nice", lambda _: 0)  # the command runs in the process of the tests
    monkeypatch.setenv("GATEPOST_THEME_DIR", str(ROOT / "theme"))
    monkeypatch.setenv("GATEPOST_DNS_SERVER", "127.0.0.1:9")  # nothing answers
    terms = (project.folder / "campaigns/guide.toml").read_text()
    (project.folder / "campaigns/guide.toml").write_text(
        terms.replace("hours = 48", 'hours = 48\nnotice = "email"')
    )
    others = [project.take(email=f"bob{number}@other.example") for number in range(20)]
    lead_id = leave_traces(project)
    texts = [*TYPED.values(), *TOUCH.values(), NAME, REMARK, ECHO]
    before = texts_left(project.folder / "var", texts)
    assert {text for found in before.values() for text in found} == set(texts)
    assert any(name.startswith("mail/") for name in before)
    assert any(name.startswith("jobs/") for name in before)

    result = project.run("forget", TYPED["email"], "--json")
    assert result.code == 0, result.err
    assert json.loads(result.out)["log_is_empty"]
    assert texts_left(project.folder / "var", texts) == {}
    assert project.run("verify").code == 0
    assert project.run("dispatch", "--once").code == 0
    assert texts_left(project.folder / "var", texts) == {}
    for other in others:
        assert project.ledger.read(
            lambda reading, other=other: reading.people.personal_data(other) is not None
        )
    shown = project.run("lead", lead_id)
    assert "erased" in shown.out
    assert not any(text in result.out + shown.out for text in texts)
