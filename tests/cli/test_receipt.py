"""`gatepost receipt` prints the wording that was shown and ticked, and the commit with the form."""

import hashlib
import json
import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest

from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.lead.consent import Consent
from capture.privacy.withdraw import withdraw_consent
from tests.cli.conftest import Project
from tests.samples import ANSWERS, CAMPAIGN, NOW, campaign, consent_to, submission

STAND = "signed at the stand"
WORDING = "I agree that Acme may call me."
NEWER = CAMPAIGN.replace(WORDING, "I agree to everything.")
PERSON = ("-c", "user.name=Ada", "-c", "user.email=ada@northgate.example")


def take(project: Project, sent: Submission) -> str:
    terms = campaign(text=(project.folder / "campaigns/guide.toml").read_text())
    return project.ledger.transact(
        lambda records: receive_submission(records, terms, sent, NOW)
    ).lead_id


def git(project: Project, *command: str) -> None:
    subprocess.run(["git", *PERSON, *command], cwd=project.folder, check=True, capture_output=True)


def test_a_receipt_says_what_was_shown_and_ticked(project: Project) -> None:
    terms = campaign()
    lead_id = take(project, replace(submission(terms), page="/a-post/"))
    result = project.run("receipt", lead_id[:8])
    assert result.code == 0
    for line in (
        f"lead             {lead_id}",
        "campaign         guide: The guide",
        "received         2026-11-23T15:00:00.000000Z",
        "page             /a-post/",
        "box              ticked",
        f"form version     {terms.version}",
        f"wording SHA-256  {hashlib.sha256(WORDING.encode()).hexdigest()}",
        "in git           no commit found in the repository; the ledger has this version",
        WORDING,
    ):
        assert line in result.out.splitlines(), line


def test_a_changed_wording_does_not_change_a_receipt_and_git_shows_the_old_form(
    project: Project,
) -> None:
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-qm", "first")
    lead_id = take(project, submission(campaign()))
    (project.folder / "campaigns/guide.toml").write_text(NEWER)
    git(project, "commit", "-qam", "new wording")
    receipt = json.loads(project.run("receipt", lead_id, "--json").out)
    assert (receipt["wording"], receipt["ticked"]) == (WORDING, True)
    assert receipt["form_version"] == campaign().version
    assert receipt["git"]["path"] == "campaigns/guide.toml"
    replay = receipt["git"]["replay"].split()
    shown = subprocess.run(replay, cwd=project.folder, check=True, capture_output=True).stdout
    assert shown.decode() == CAMPAIGN
    assert receipt["git"]["replay"] in project.run("receipt", lead_id).out


def test_a_receipt_has_the_wording_of_the_form_that_was_shown_and_not_of_the_terms(
    project: Project,
) -> None:
    """Rule 16 of docs/rules.md: a form that was opened before a change keeps its text."""
    shown, newer = campaign(), campaign(text=NEWER)
    project.ledger.transact(lambda records: records.campaigns.save_version(shown, NOW))
    sent = Submission(ANSWERS, consent_to(shown.version))
    lead_id = project.ledger.transact(
        lambda records: receive_submission(records, newer, sent, NOW)
    ).lead_id
    receipt = json.loads(project.run("receipt", lead_id, "--json").out)
    assert (receipt["form_version"], receipt["wording"]) == (shown.version, WORDING)


def test_a_receipt_finds_the_form_in_a_bare_repository(project: Project) -> None:
    git(project, "init", "-q")
    git(project, "add", "campaigns")
    git(project, "commit", "-qm", "first")
    git(project, "clone", "-q", "--bare", ".", "project.git")
    git(project, "update-ref", "-d", "HEAD")
    lead_id = take(project, submission(campaign()))
    assert json.loads(project.run("receipt", lead_id, "--json").out)["git"] is None
    found = project.run("receipt", lead_id, "--json", "--repository", "project.git")
    assert json.loads(found.out)["git"]["path"] == "campaigns/guide.toml"


@pytest.mark.parametrize(
    ("consent", "box", "basis"),
    [
        (consent_to(""), "ticked", None),
        (Consent(False, None, STAND), "no form of ours was shown", STAND),
    ],
)
def test_a_withdrawn_consent_keeps_its_receipt(
    project: Project, consent: Consent, box: str, basis: str | None
) -> None:
    if consent.basis is None:
        consent = consent_to(campaign().version)
    lead_id = take(project, Submission(ANSWERS, consent))
    later = NOW + timedelta(hours=1)
    project.ledger.transact(lambda records: withdraw_consent(records, lead_id, later))
    receipt = json.loads(project.run("receipt", lead_id, "--json").out)
    assert receipt["withdrawn_at"] == "2026-11-23T16:00:00.000000Z"
    assert receipt["basis"] == basis
    lines = [" ".join(line.split()) for line in project.run("receipt", lead_id).out.splitlines()]
    assert "withdrawn 2026-11-23T16:00:00.000000Z" in lines
    assert f"box {box}" in lines
    assert basis is None or f"lawful basis {basis}" in lines


def test_a_receipt_of_an_unknown_lead_is_refused(project: Project) -> None:
    result = project.run("receipt", "nothing")
    assert (result.code, "no lead 'nothing'" in result.err) == (1, True)


def test_a_folder_that_is_no_repository_is_refused_in_one_line(project: Project) -> None:
    lead_id = project.take()
    (project.folder / "empty").mkdir()
    result = project.run("receipt", lead_id, "--repository", "empty")
    assert (result.code, result.out) == (1, "")
    assert result.err == "empty: not a git repository; name a clone of the project\n"
