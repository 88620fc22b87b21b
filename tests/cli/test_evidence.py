"""`gatepost evidence`: one file that proves one statement, and tells of nobody else."""

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
from capture.intake.gate import Submission
from capture.lead.events import EventKind
from capture.review import accept
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
        ran = project.run("close", "guide", "--month", month)
    assert (ran.code, ran.err) == (0, "")


def rows(file: Path, query: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(file)) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(query)]


def made(project: Project, *more: str, number: str = "acme-0001") -> Path:
    """The evidence file of a statement."""
    file = project.folder / "proof.db"
    ran = project.run("evidence", number, "-o", str(file), *more)
    assert (ran.code, ran.err) == (0, "")
    return file


@pytest.fixture
def closed(project: Project) -> Project:
    """November with one lead on its bill."""
    project.send(
        Submission(ANSWERS, consent_to(""), first_touch=TOUCH, last_touch={"path": "/f/guide"})
    )
    close(project)
    return project


def test_the_file_holds_the_statement_under_the_hash_that_was_frozen(closed: Project) -> None:
    (row,) = rows(made(closed), "SELECT * FROM statement")
    assert sha256(row["json"].encode()).hexdigest() == row["sha256"]
    shown = closed.run("statement", "acme-0001")
    assert row["sha256"] in shown.out
    assert (row["number"], row["total"], row["total_minor"]) == ("acme-0001", "50.00", 5000)


def test_every_line_comes_with_what_its_lead_said_and_why_it_qualified(closed: Project) -> None:
    file = made(closed)
    (line,) = rows(file, "SELECT * FROM bill")
    assert (line["amount"], line["criteria_met"]) == ("50.00", "Company size is at least 101")
    (reason,) = rows(file, "SELECT * FROM why_qualified")
    assert (reason["value"], reason["met"], reason["reason"]) == ("101+", "yes", "answered 101+")
    answers = rows(file, "SELECT label, value FROM answers WHERE field = 'full_name'")
    assert answers == [{"label": "Name", "value": "Ann Lee"}]


def test_the_terms_and_the_consent_that_was_shown_stand_in_it(closed: Project) -> None:
    file = made(closed)
    (version,) = rows(file, "SELECT * FROM campaign_versions")
    assert sha256(version["text"].encode()).hexdigest() == version["version"]
    asked = "SELECT wording FROM leads JOIN consents ON version = consent_version"
    assert rows(file, asked) == [{"wording": "I agree that Acme may call me."}]


def test_each_event_proves_itself_and_leads_to_the_chains_head(closed: Project) -> None:
    file = made(closed)
    found = rows(file, "SELECT * FROM hashed_events")
    assert len(found) == len(rows(file, "SELECT * FROM events")) == 4
    assert [sha256(one["text"].encode()).hexdigest() for one in found] == [
        one["hash"] for one in found
    ]
    (bill,) = rows(file, "SELECT * FROM statement")
    assert bill["chain_head"] == found[bill["last_event"] - 1]["hash"]


def test_no_byte_of_another_lead_stands_in_it(project: Project) -> None:
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
    content = made(project).read_bytes()
    for stranger in (refused, rejected, other, "Bob Roe", "bob@", "Eve Doe", "eve@", "Long Ago"):
        assert stranger.encode() not in content, stranger
    for ours in (mine, "Ann Lee", "ann@clinic.example"):
        assert ours.encode() in content
    for internal in ("a fine one", "Carol"):
        assert internal.encode() not in content
    short = rows(project.folder / "proof.db", "SELECT * FROM events WHERE left_out <> ''")
    assert [(one["kind"], one["left_out"]) for one in short] == [("qualified", "earlier")]


def test_the_article_that_brought_the_lead_is_told_and_no_strangers_address(
    closed: Project,
) -> None:
    file = made(closed)
    first, last = rows(file, "SELECT * FROM touches ORDER BY which")
    assert (first["path"], first["utm_source"]) == ("/how-to-choose/", "news")
    assert last["path"] == "/f/guide"
    content = file.read_bytes()
    for left_out in (b"eve@third.example", b"mail.example", b"click-17"):
        assert left_out not in content


def test_nothing_that_tells_people_apart_or_leads_again_is_in_it(closed: Project) -> None:
    with closing(sqlite3.connect(closed.folder / "var/gatepost.db")) as db:
        macs = [row[0] for row in db.execute("SELECT mac FROM duplicate_keys")]
        macs += [row[0] for row in db.execute("SELECT answers FROM submissions")]
    content = made(closed).read_bytes()
    assert len(macs) > 2
    for mac in macs:
        assert mac not in content
        assert mac.hex().encode() not in content


def test_an_erased_lead_has_its_line_and_events_and_no_answers(closed: Project) -> None:
    with closing(sqlite3.connect(closed.folder / "var/gatepost.db")) as db, db:
        db.execute("DELETE FROM personal_data")
    file = made(closed)
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
    asked = "SELECT text FROM read_me WHERE topic = 'Erased persons'"
    assert ": 1 of 1 lead. " in rows(file, asked)[0]["text"]


def test_credit_notes_on_the_statement_are_in_it(closed: Project) -> None:
    (line,) = rows(made(closed), "SELECT lead_id FROM lines")
    asked = ("credit", "acme-0001", "--lead", line["lead_id"], "--reason", "goodwill")
    assert closed.run(*asked, "--amount", "20.00", "--as", "Ada").code == 0
    file = made(closed, "--force")
    (credit,) = rows(file, "SELECT * FROM corrections")
    assert (credit["number"], credit["amount"]) == ("acme-0002", "20.00")
    assert rows(file, "SELECT corrected_minor FROM bill") == [{"corrected_minor": -2000}]
    assert [one["kind"] for one in rows(file, "SELECT kind FROM events")][-1] == "credited"


def test_several_choices_are_a_row_each(project: Project) -> None:
    field = '[fields.uses]\nlabel = "Uses"\ntype = "multiple_choice"\nchoices = ["Mail", "Chat"]\n'
    text = CAMPAIGN.replace("[criteria]", f"{field}[criteria]")
    (project.folder / "campaigns/guide.toml").write_text(text)
    project.take(uses=("Mail", "Chat"))
    close(project)
    asked = "SELECT number, value FROM answers WHERE field = 'uses'"
    assert [tuple(row.values()) for row in rows(made(project), asked)] == [(1, "Mail"), (2, "Chat")]


def test_the_same_statement_gives_the_same_bytes_whatever_came_later(closed: Project) -> None:
    file = made(closed)
    first = file.read_bytes()
    (line,) = rows(file, "SELECT lead_id FROM lines")
    later = later_event(line["lead_id"], EventKind.SCHEDULED, at=DECEMBER)
    closed.ledger.transact(lambda records: records.append(later))
    closed.take(at=DECEMBER, **BOB)
    assert made(closed, "--force").read_bytes() == first


def test_the_file_is_sound_and_its_keys_lead_somewhere(closed: Project) -> None:
    file = made(closed)
    assert rows(file, "PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert rows(file, "PRAGMA foreign_key_check") == []
    tables = {row["name"] for row in rows(file, "SELECT name FROM sqlite_master")}
    assert {"read_me", "statement", "lines", "leads", "bill"} <= tables
    for table in ("lines", "answers", "verdicts", "events", "corrections", "touches"):
        assert rows(file, f"PRAGMA foreign_key_list({table})"), table


def test_only_its_owner_reads_it(closed: Project) -> None:
    assert made(closed).stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_stays_unless_it_is_evidence_and_forced(closed: Project) -> None:
    file = made(closed)
    before = file.read_bytes()
    ran = closed.run("evidence", "acme-0001", "-o", str(file))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"{file} exists already: name another file, or replace it with --force\n"
    ledger = closed.folder / "var/gatepost.db"
    ran = closed.run("evidence", "acme-0001", "-o", str(ledger), "--force")
    assert ran.code == 1
    assert "is not an evidence file, and --force replaces only those" in ran.err
    assert file.read_bytes() == before
    assert closed.run("verify").code == 0


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (("acme-0099", "-o", "x.db"), "no statement 'acme-0099': `gatepost statements` lists them"),
        (("acme-0001", "-o", "nowhere/x.db"), "No such file or directory; choose another file"),
    ],
)
def test_a_refusal_is_one_line_and_leaves_no_file(
    closed: Project, args: tuple[str, ...], line: str
) -> None:
    before = sorted(closed.folder.iterdir())
    ran = closed.run("evidence", *args)
    assert (ran.code, ran.out) == (1, "")
    assert line in ran.err
    assert sorted(closed.folder.iterdir()) == before


def test_what_fails_in_the_midst_leaves_no_half_file(closed: Project) -> None:
    """The disk ends, as the kernel's limit of file size plays it."""
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000));"
        "from gatepost.cli import main; main()"
    )
    before = sorted(closed.folder.iterdir())
    ran = subprocess.run(
        [sys.executable, "-c", limited, "evidence", "acme-0001", "-o", "proof.db"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == ("proof.db: disk I/O error; the file was not written; choose another\n")
    assert sorted(closed.folder.iterdir()) == before


def test_the_largest_amount_that_is_taken_is_proven_like_any_other(project: Project) -> None:
    price = 'model = "cpa"\npercent = 100\nbillable = "won"\nrefund_days = 30'
    old = 'model = "cpl"\nrate = 50\nbillable = "accepted"'
    (project.folder / "campaigns/guide.toml").write_text(CAMPAIGN.replace(old, price))
    lead_id = project.take()
    asked = ("outcome", lead_id, "won", "--as", "Ada", "--amount")
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        beyond = project.run(*asked, "93000000000000000.00")
        assert (beyond.code, beyond.out) == (1, "")
        assert beyond.err == (
            "the amount is over 10,000,000,000,000.00 USD, the maximum; check its digits\n"
        )
        assert project.run(*asked, "10000000000000.00").code == 0
    close(project)
    (row,) = rows(made(project), "SELECT total_minor FROM statement")
    assert row == {"total_minor": 10**15}
