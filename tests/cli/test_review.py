"""`gatepost review`, `lapse` and `notify`."""

import json
from datetime import UTC, datetime, timedelta

from tests.cli.conftest import Project
from tests.samples import CAMPAIGN, NOW

TOLD_BY_MAIL = CAMPAIGN.replace("hours = 48", 'hours = 48\nnotice = "email"')


def just_now() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=1)


def test_a_rejection_is_shown_with_its_note_and_can_be_taken_back(project: Project) -> None:
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


def test_lapse_shows_what_silence_has_accepted(project: Project) -> None:
    assert "nothing" in project.run("lapse").out
    old = project.take(at=NOW - timedelta(days=365))
    project.take(at=just_now(), email="bob@other.example")
    (row,) = json.loads(project.run("lapse", "--json").out)
    assert row["lead_id"] == old
    assert old in project.run("lapse", "guide").out


def test_a_notice_is_written_though_the_campaigns_file_is_gone(project: Project) -> None:
    (project.folder / "campaigns/guide.toml").write_text(TOLD_BY_MAIL)
    lead_id = project.take()
    (project.folder / "campaigns/guide.toml").unlink()
    assert project.run("notify", "guide", "-o", "notice.txt").out.startswith("1 lead in notice")
    assert lead_id in (project.folder / "notice.txt").read_text()


def test_a_notice_is_a_file_and_begins_the_window(project: Project) -> None:
    (project.folder / "campaigns/guide.toml").write_text(TOLD_BY_MAIL)
    lead_id = project.take(full_name="Ann\nLee")
    told = project.run("notify", "guide", "-o", "notice.txt").out
    assert told.startswith("1 lead in notice.txt")
    text = (project.folder / "notice.txt").read_text()
    assert f"Lead {lead_id}" in text
    assert "Name: Ann Lee" in text
    assert "Accepted if you say nothing by" in text
    assert "too_small: The company is smaller than it said." in text
    assert json.loads(project.run("lead", lead_id, "--json").out)["lead"]["deadline"]
    assert "No lead of guide waits" in project.run("notify", "guide", "-o", "again.txt").out


def test_a_notice_that_cannot_be_written_begins_no_window(project: Project) -> None:
    (project.folder / "campaigns/guide.toml").write_text(TOLD_BY_MAIL)
    lead_id = project.take()
    assert project.run("notify", "guide", "-o", "nowhere/notice.txt").code == 1
    assert not json.loads(project.run("lead", lead_id, "--json").out)["lead"]["told"]
    (project.folder / "notice.txt").write_text("an older one")
    assert project.run("notify", "guide", "-o", "notice.txt").code == 1
    assert (project.folder / "notice.txt").read_text() == "an older one"
