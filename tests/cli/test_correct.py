"""`gatepost correct` corrects answers and marks leads as not spam."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from capture.review.acts import accept
from tests.cli.conftest import Project
from tests.samples import CAMPAIGN, campaign, submission


def test_a_corrected_lead_shows_the_author_and_the_changed_fields(project: Project) -> None:
    lead_id = project.take(company_size="1-50")
    right = ("--set", "company_size=101+", "--set", "phone=+1 212 555 0100")
    ran = project.run("correct", lead_id[:6], *right, "--as", "Ada", "--note", "she told me")
    assert ran.out == (
        f"{lead_id} was judged again and is qualified; only an explicit acceptance makes it "
        "billable.\n"
    )
    output = project.run("lead", lead_id).out
    assert "stage        qualified [needs_explicit_acceptance]" in output
    assert "Z: company_size, phone\n" in output
    assert "corrected  Ada     she told me" in output
    assert "yes  Company size is at least 101  answered 101+" in output
    assert project.run("verify").code == 0


def test_a_lead_is_marked_as_not_spam(project: Project) -> None:
    signals = ("honeypot", "invalid_answers")
    lead_id = project.send(replace(submission(campaign()), spam_signals=signals))
    shown = project.run("lead", lead_id).out
    assert "It looked like spam: a field that people cannot see was filled in; its answers" in shown
    assert "is qualified" in project.run("correct", lead_id, "--not-spam", "--as", "Ada").out
    assert "Z: marked as not spam\n" in project.run("lead", lead_id).out


def test_a_discarded_lead_is_corrected_with_the_option_for_spam(project: Project) -> None:
    text = CAMPAIGN.replace("burst = 0", "honeypot = 100")
    (project.folder / "campaigns/guide.toml").write_text(text)
    lead_id = project.send(replace(submission(campaign()), spam_signals=("honeypot",)))
    assert "A field that people cannot see was filled in" in project.run("lead", lead_id).out
    project.run("quarantine", "discard", lead_id, "--as", "Ada")
    assert lead_id in project.run("leads", "--stage", "discarded").out
    refused = project.run("correct", lead_id, "--set", "full_name=Ann B. Lee", "--as", "Ada")
    assert "is discarded; mark it as not spam first: --not-spam" in refused.err
    assert "is qualified" in project.run("correct", lead_id, "--not-spam", "--as", "Ada").out
    assert project.run("verify").code == 0


def test_the_client_can_accept_a_corrected_lead(project: Project) -> None:
    lead_id = project.take(at=datetime.now(UTC))
    project.run("correct", lead_id, "--set", "full_name=Ann B. Lee", "--as", "Ada")
    refused = project.run("review", lead_id, "accept", "--as", "Ada")
    assert "silence never accepts it, so only the client itself can accept it" in refused.err
    project.client(accept, lead_id, datetime.now(UTC))
    facts = json.loads(project.run("lead", lead_id, "--json").out)
    assert (facts["lead"]["stage"], facts["answers"]["full_name"]) == ("accepted", "Ann B. Lee")


def test_a_refusal_has_one_line_for_each_mistake(project: Project) -> None:
    lead_id = project.take(company_size="1-50")
    ran = project.run("correct", lead_id, "--set", "email=x", "--set", "company_size=9", "--as=A")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 2)
    assert project.run("correct", "nobody", "--set", "a=b", "--as", "A").err.startswith("no lead")


@pytest.mark.parametrize(
    "args",
    [
        ["--as", "Ada"],
        ["--set", "email=a@b.example"],
        ["--set", "email", "--as", "Ada"],
        ["--set", "=x", "--as", "Ada"],
        ["--set", "email=a", "--set", "email=b", "--as", "Ada"],
    ],
)
def test_an_incomplete_or_malformed_command_is_wrong_use(project: Project, args: list[str]) -> None:
    ran = project.run("correct", project.take(), *args)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
