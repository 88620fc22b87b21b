"""`gatepost evidence` writes one file that proves one statement and names no other lead."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import time_machine

from capture.campaign.model import Answer
from capture.intake.submission import Submission
from capture.lead.events import EventKind
from capture.review.acts import accept
from tests.cli.conftest import Project
from tests.samples import ANSWERS, CAMPAIGN, NOW, consent_to, later_event

DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
BOB: dict[str, Answer] = {"full_name": "Bob Roe", "email": "bob@other.example"}
TOUCH = {
    "path": "/how-to-choose/?who=eve@third.example",
    "referrer": "https://mail.example/?user=eve@third.example",
    "utm_source": "news",
    "gclid": "click-17",
    "time": "2026-11-20T10:00:00Z",
}


def close(project: Project, month: str = "2026-11", at: datetime = DECEMBER) -> None:
    with time_machine.travel(at, tick=False):
        ran = project.run("close", "acme", "--month", month)
    assert (ran.code, ran.err) == (0, "")


def rows(file: Path, query: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(file)) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(query)]


def write_evidence(project: Project, *more: str, number: str = "acme-0001") -> Path:
    """Writes the evidence file of a statement. Returns its path."""
    file = project.folder / "proof.db"
    ran = project.run("evidence", number, "-o", str(file), *more)
    assert (ran.code, ran.err) == (0, "")
    return file


@pytest.fixture
def closed_project(project: Project) -> Project:
    """A project with a closed November and one bill line."""
    project.send(
        Submission(ANSWERS, consent_to(""), first_touch=TOUCH, last_touch={"path": "/f/guide"})
    )
    close(project)
    return project


def test_the_file_has_the_statement_with_its_stored_hash(closed_project: Project) -> None:
    (row,) = rows(write_evidence(closed_project), "SELECT * FROM statement")
    assert sha256(row["json"].encode()).hexdigest() == row["sha256"]
    result = closed_project.run("statement", "acme-0001")
    assert row["sha256"] in result.out
    assert (row["number"], row["total"], row["total_minor"]) == ("acme-0001", "50.00", 5000)


def test_every_line_has_the_answers_and_the_verdict_of_its_lead(closed_project: Project) -> None:
    file = write_evidence(closed_project)
    (line,) = rows(file, "SELECT * FROM bill")
    assert (line["amount"], line["criteria_met"]) == ("50.00", "Company size is at least 101")
    (reason,) = rows(file, "SELECT * FROM why_qualified")
    assert (reason["value"], reason["met"], reason["reason"]) == ("101+", "yes", "answered 101+")
    answers = rows(file, "SELECT label, value FROM answers WHERE field = 'full_name'")
    assert answers == [{"label": "Name", "value": "Ann Lee"}]


def test_the_file_has_the_terms_and_the_consent_text(closed_project: Project) -> None:
    file = write_evidence(closed_project)
    (version,) = rows(file, "SELECT * FROM campaign_versions")
    assert sha256(version["text"].encode()).hexdigest() == version["version"]
    query = "SELECT wording FROM leads JOIN consents ON version = consent_version"
    assert rows(file, query) == [{"wording": "I agree that Acme may call me."}]


def test_each_event_can_be_checked_up_to_the_chains_head(closed_project: Project) -> None:
    file = write_evidence(closed_project)
    events = rows(file, "SELECT * FROM hashed_events")
    assert len(events) == len(rows(file, "SELECT * FROM events")) == 4
    assert [sha256(event["text"].encode()).hexdigest() for event in events] == [
        event["hash"] for event in events
    ]
    (bill,) = rows(file, "SELECT * FROM statement")
    assert bill["chain_head"] == events[bill["last_event"] - 1]["hash"]


def test_the_file_has_no_data_of_another_lead(project: Project) -> None:
    refused = project.take(company_size="1-50", full_name="Ann Long Ago")
    mine = project.take(at=NOW + timedelta(hours=1))  # the same person, now qualified
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        rejected = project.take(full_name="Eve Doe", email="eve@third.example")
        text = project.run("review", rejected, "reject", "--reason", "too_small", "--as", "Carol")
    project.client(accept, mine, NOW + timedelta(hours=2))
    assert text.code == 0
    other = project.take(at=DECEMBER, **BOB)
    close(project)
    close(project, "2026-12", datetime(2027, 1, 5, tzinfo=UTC))
    content = write_evidence(project).read_bytes()
    for stranger in (refused, rejected, other, "Bob Roe", "bob@", "Eve Doe", "eve@", "Long Ago"):
        assert stranger.encode() not in content, stranger
    for ours in (mine, "Ann Lee", "ann@clinic.example"):
        assert ours.encode() in content
    for internal in ("a fine one", "Carol"):
        assert internal.encode() not in content
    short = rows(project.folder / "proof.db", "SELECT * FROM events WHERE left_out <> ''")
    assert [(event["kind"], event["left_out"]) for event in short] == [("qualified", "earlier")]


def test_the_file_names_the_article_but_no_referrer_and_no_click_id(
    closed_project: Project,
) -> None:
    file = write_evidence(closed_project)
    first, last = rows(file, "SELECT * FROM touches ORDER BY which")
    assert (first["path"], first["utm_source"]) == ("/how-to-choose/", "news")
    assert last["path"] == "/f/guide"
    content = file.read_bytes()
    for left_out in (b"eve@third.example", b"mail.example", b"click-17"):
        assert left_out not in content


def test_the_file_has_no_duplicate_keys_and_no_submission_keys(closed_project: Project) -> None:
    with closing(sqlite3.connect(closed_project.folder / "var/gatepost.db")) as db:
        macs = [row[0] for row in db.execute("SELECT mac FROM duplicate_keys")]
        macs += [row[0] for row in db.execute("SELECT answers FROM submissions")]
    content = write_evidence(closed_project).read_bytes()
    assert len(macs) > 2
    for mac in macs:
        assert mac not in content
        assert mac.hex().encode() not in content


def test_an_erased_lead_has_its_line_and_events_and_no_answers(closed_project: Project) -> None:
    with closing(sqlite3.connect(closed_project.folder / "var/gatepost.db")) as db, db:
        db.execute("DELETE FROM personal_data")
    file = write_evidence(closed_project)
    (lead,) = rows(file, "SELECT answers FROM leads")
    assert lead == {"answers": "erased"}
    assert rows(file, "SELECT * FROM answers") == rows(file, "SELECT * FROM touches") == []
    (reason,) = rows(file, "SELECT * FROM why_qualified")
    assert (reason["rule"], reason["met"], reason["value"]) == (
        "Company size is at least 101",
        "yes",
        None,
    )
    assert len(rows(file, "SELECT * FROM events")) == 4
    assert b"Ann Lee" not in file.read_bytes()
    query = "SELECT text FROM read_me WHERE topic = 'Erased persons'"
    assert ": 1 of 1 lead. " in rows(file, query)[0]["text"]


def test_credit_notes_on_the_statement_are_in_it(closed_project: Project) -> None:
    (line,) = rows(write_evidence(closed_project), "SELECT lead_id FROM lines")
    command = ("credit", "acme-0001", "--lead", line["lead_id"], "--reason", "goodwill")
    assert closed_project.run(*command, "--amount", "20.00", "--as", "Ada").code == 0
    file = write_evidence(closed_project, "--force")
    (credit,) = rows(file, "SELECT * FROM corrections")
    assert (credit["number"], credit["amount"]) == ("acme-0002", "20.00")
    assert rows(file, "SELECT corrected_minor FROM bill") == [{"corrected_minor": -2000}]
    assert [event["kind"] for event in rows(file, "SELECT kind FROM events")][-1] == "credited"


def test_each_of_several_choices_is_a_row(project: Project) -> None:
    field = '[fields.uses]\nlabel = "Uses"\ntype = "multiple_choice"\nchoices = ["Mail", "Chat"]\n'
    text = CAMPAIGN.replace("[criteria]", f"{field}[criteria]")
    (project.folder / "campaigns/guide.toml").write_text(text)
    project.take(uses=("Mail", "Chat"))
    close(project)
    query = "SELECT number, value FROM answers WHERE field = 'uses'"
    assert [tuple(row.values()) for row in rows(write_evidence(project), query)] == [
        (1, "Mail"),
        (2, "Chat"),
    ]


def test_later_events_do_not_change_the_bytes_of_the_file(closed_project: Project) -> None:
    file = write_evidence(closed_project)
    first = file.read_bytes()
    (line,) = rows(file, "SELECT lead_id FROM lines")
    later = later_event(line["lead_id"], EventKind.SCHEDULED, at=DECEMBER)
    closed_project.ledger.transact(lambda records: records.append(later))
    closed_project.take(at=DECEMBER, **BOB)
    assert write_evidence(closed_project, "--force").read_bytes() == first


def test_the_database_is_intact_and_its_foreign_keys_are_valid(closed_project: Project) -> None:
    file = write_evidence(closed_project)
    assert rows(file, "PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert rows(file, "PRAGMA foreign_key_check") == []
    tables = {row["name"] for row in rows(file, "SELECT name FROM sqlite_master")}
    assert {"read_me", "statement", "lines", "leads", "bill"} <= tables
    for table in ("lines", "answers", "verdicts", "events", "corrections", "touches"):
        assert rows(file, f"PRAGMA foreign_key_list({table})"), table


def test_only_the_owner_can_read_the_file(closed_project: Project) -> None:
    assert write_evidence(closed_project).stat().st_mode & 0o777 == 0o600


def test_an_existing_file_is_replaced_only_if_it_is_evidence_and_forced(
    closed_project: Project,
) -> None:
    file = write_evidence(closed_project)
    before = file.read_bytes()
    ran = closed_project.run("evidence", "acme-0001", "-o", str(file))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"{file} exists already: name another file, or replace it with --force\n"
    ledger = closed_project.folder / "var/gatepost.db"
    ran = closed_project.run("evidence", "acme-0001", "-o", str(ledger), "--force")
    assert ran.code == 1
    assert "is not an evidence file, and --force replaces only those" in ran.err
    assert file.read_bytes() == before
    assert closed_project.run("verify").code == 0


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (("acme-0099", "-o", "x.db"), "no statement 'acme-0099': `gatepost statements` lists them"),
        (("acme-0001", "-o", "nowhere/x.db"), "No such file or directory; choose another file"),
    ],
)
def test_a_refusal_prints_one_line_and_leaves_no_file(
    closed_project: Project, args: tuple[str, ...], line: str
) -> None:
    before = sorted(closed_project.folder.iterdir())
    ran = closed_project.run("evidence", *args)
    assert (ran.code, ran.out) == (1, "")
    assert line in ran.err
    assert sorted(closed_project.folder.iterdir()) == before


def test_a_failed_write_leaves_no_partial_file(closed_project: Project) -> None:
    """The kernel's limit of file size stands for a full disk."""
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000));"
        "from gatepost.cli import main; main()"
    )
    before = sorted(closed_project.folder.iterdir())
    ran = subprocess.run(
        [sys.executable, "-c", limited, "evidence", "acme-0001", "-o", "proof.db"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == ("proof.db: disk I/O error; the file was not written; choose another\n")
    assert sorted(closed_project.folder.iterdir()) == before


def test_the_largest_accepted_amount_is_in_the_evidence(project: Project) -> None:
    price = 'model = "cpa"\npercent = 100\nbillable = "won"\nrefund_days = 30'
    old = 'model = "cpl"\nrate = 50\nbillable = "accepted"'
    (project.folder / "campaigns/guide.toml").write_text(CAMPAIGN.replace(old, price))
    lead_id = project.take()
    command = ("outcome", lead_id, "won", "--as", "Ada", "--amount")
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        beyond = project.run(*command, "93000000000000000.00")
        assert (beyond.code, beyond.out) == (1, "")
        assert beyond.err == (
            "the amount is over 10,000,000,000,000.00 USD, the maximum; check its digits\n"
        )
        assert project.run(*command, "10000000000000.00").code == 0
    close(project)
    (row,) = rows(write_evidence(project), "SELECT total_minor FROM statement")
    assert row == {"total_minor": 10**15}
