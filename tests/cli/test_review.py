"""`gatepost review`, `lapse` and `notify`: the review of leads."""

import json
import multiprocessing
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from capture.campaign.model import Campaign
from capture.cli import review
from capture.errors import Unavailable
from capture.lead.model import Lead
from capture.ledger.protocol import WriteTransaction
from gatepost.cli import main
from tests.cli.conftest import Project
from tests.samples import CAMPAIGN, NOW

NOTICE_BY_MAIL = CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"')


def just_now() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=1)


def test_a_rejection_is_shown_with_its_note_and_can_be_withdrawn(project: Project) -> None:
    lead_id = project.take(at=just_now())
    reject = ("review", lead_id, "reject", "--reason", "too_small", "--note", "7 people")
    assert project.run(*reject, "--as", "Carol").code == 0
    shown = project.run("lead", lead_id).out
    assert "rejected  Carol   7 people" in shown
    assert project.run("review", lead_id, "withdraw", "--as", "Carol").code == 0
    assert json.loads(project.run("lead", lead_id, "--json").out)["lead"]["stage"] == "qualified"


def test_a_rejection_without_a_reason_is_wrong_use(project: Project) -> None:
    lead_id = project.take(at=just_now())
    ran = project.run("review", lead_id, "reject", "--as", "Carol")
    assert (ran.code, ran.out) == (2, "")
    assert "reject needs --reason CODE" in ran.err


def test_after_the_deadline_a_rejection_is_refused_in_one_line(project: Project) -> None:
    lead_id = project.take(at=just_now() - timedelta(days=3))
    ran = project.run("review", lead_id, "reject", "--reason", "too_small", "--as", "Carol")
    assert ran.code == 1
    assert "its review window ended at" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_lapse_lists_the_leads_that_silence_has_accepted(project: Project) -> None:
    assert "No unrecorded acceptance" in project.run("lapse").out
    old = project.take(at=NOW - timedelta(days=365))
    project.take(at=just_now(), email="bob@other.example")
    (row,) = json.loads(project.run("lapse", "--json").out)
    assert row["lead_id"] == old
    assert old in project.run("lapse", "guide").out


def test_a_notice_is_written_without_the_campaigns_file(project: Project) -> None:
    (project.folder / "campaigns/guide.toml").write_text(NOTICE_BY_MAIL)
    lead_id = project.take()
    (project.folder / "campaigns/guide.toml").unlink()
    assert project.run("notify", "guide", "-o", "notice.txt").out.startswith("1 lead in notice")
    assert lead_id in (project.folder / "notice.txt").read_text()


def test_a_notice_is_a_file_and_starts_the_window(project: Project) -> None:
    (project.folder / "campaigns/guide.toml").write_text(NOTICE_BY_MAIL)
    lead_id = project.take(full_name="Ann\nLee")
    message = project.run("notify", "guide", "-o", "notice.txt").out
    assert message.startswith("1 lead in notice.txt")
    text = (project.folder / "notice.txt").read_text()
    assert f"Lead {lead_id}" in text
    assert "Name: Ann Lee" in text
    assert "Accepted if you say nothing by" in text
    assert "too_small: The company is smaller than it said." in text
    assert json.loads(project.run("lead", lead_id, "--json").out)["lead"]["deadline"]
    assert "No lead of guide waits" in project.run("notify", "guide", "-o", "again.txt").out


def test_a_notice_that_cannot_be_written_starts_no_window(project: Project) -> None:
    (project.folder / "campaigns/guide.toml").write_text(NOTICE_BY_MAIL)
    lead_id = project.take()
    assert project.run("notify", "guide", "-o", "nowhere/notice.txt").code == 1
    assert not json.loads(project.run("lead", lead_id, "--json").out)["lead"]["notified"]
    (project.folder / "notice.txt").write_text("an older one")
    assert project.run("notify", "guide", "-o", "notice.txt").code == 1
    assert (project.folder / "notice.txt").read_text() == "an older one"


class Killed(BaseException):
    """Stands for the end of the process at this place."""


@pytest.fixture
def by_mail(project: Project) -> Project:
    """A project with a campaign whose review window starts with a notice."""
    (project.folder / "campaigns/guide.toml").write_text(NOTICE_BY_MAIL)
    return project


@pytest.mark.parametrize("nth_write", [1, 2])
def test_a_second_run_completes_the_notice_of_a_killed_run(
    by_mail: Project, monkeypatch: pytest.MonkeyPatch, nth_write: int
) -> None:
    """The run is killed while it writes its marker, before the commit, or the notice, after it."""
    lead_id = by_mail.take()
    write, left = review.write_output, iter(range(nth_write - 1))

    def write_or_die(content: bytes, output: Path) -> None:
        if next(left, None) is None:
            raise Killed
        write(content, output)

    with monkeypatch.context() as patched:
        patched.setattr(review, "write_output", write_or_die)
        with pytest.raises(Killed):
            by_mail.run("notify", "guide", "-o", "notice.txt")
    ran = by_mail.run("notify", "guide", "-o", "notice.txt")
    assert (ran.code, ran.out[:20]) == (0, "1 lead in notice.txt")
    text = (by_mail.folder / "notice.txt").read_text()
    assert f"Lead {lead_id}" in text
    assert "not complete" not in text
    assert by_mail.run("notify", "guide", "-o", "notice.txt").code == 1


def test_a_run_killed_before_its_commit_starts_no_window(
    by_mail: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_id = by_mail.take()

    def die(*_: object) -> Sequence[Lead]:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(review, "notify_client", die)
        with pytest.raises(Killed):
            by_mail.run("notify", "guide", "-o", "notice.txt")
    assert "is not complete" in (by_mail.folder / "notice.txt").read_text()
    assert not json.loads(by_mail.run("lead", lead_id, "--json").out)["lead"]["notified"]
    assert by_mail.run("notify", "guide", "-o", "notice.txt").out.startswith("1 lead in")


def test_no_notice_is_written_inside_the_transaction_nor_unlinked_by_a_run_that_fails(
    by_mail: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_mail.take()
    notice = by_mail.folder / "notice.txt"

    def fail(records: WriteTransaction, terms: Campaign, now: datetime, by: str) -> Sequence[Lead]:
        del records, terms, now, by
        notice.write_text("another program's")
        raise Unavailable("the disk is full")

    monkeypatch.setattr(review, "notify_client", fail)
    assert by_mail.run("notify", "guide", "-o", "notice.txt").code == 1
    assert notice.read_text() == "another program's"


def test_simultaneous_runs_make_one_complete_notice_of_each_lead(
    by_mail: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_id = by_mail.take()
    monkeypatch.setattr(sys, "argv", ["gatepost", "notify", "guide", "-o", "notice.txt"])
    fork = multiprocessing.get_context("fork")
    runs = [fork.Process(target=main) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert sorted(run.exitcode or 0 for run in runs) == [0, 1, 1, 1]
    assert (by_mail.folder / "notice.txt").read_text().count(f"Lead {lead_id}") == 1


def test_a_run_without_leads_leaves_no_file(by_mail: Project) -> None:
    assert by_mail.run("notify", "guide", "-o", "notice.txt").code == 0
    assert not (by_mail.folder / "notice.txt").exists()
