"""Consent, from post to export, is what the visitor ticked (rule 35 of docs/rules.md)."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

from capture.errors import Refused
from gatepost.cli import gatepost
from tests.service import GUIDE, make_project, person
from tests.web.command_site import CommandSite, let_command_share_keys

BASIS = "consent, GDPR art. 6(1)(a), given on the phone"


class Site(CommandSite):
    """The service and the command in this process, over one project."""

    def __init__(self, folder: Path) -> None:
        self.file = make_project(folder) / "campaigns" / f"{GUIDE}.toml"
        super().__init__(folder)

    def post(self, form: dict[str, str]) -> TestResponse:
        return self.client.post(f"/f/{GUIDE}", data=form)

    def trap(self, **changes: str) -> str:
        """Sends a post with a filled honeypot, and returns the lead's id."""
        form = {**person(homepage="https://ann.example"), **changes}
        assert self.post({name: value for name, value in form.items() if value}).status_code == 303
        return self.ledger.read(
            lambda reading: next(reading.leads.select(newest_first=True)).lead_id
        )


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.chdir(tmp_path)
    let_command_share_keys(monkeypatch)
    created = Site(tmp_path)
    yield created
    assert created.ledger.verify().problems == ()


@pytest.fixture
def run() -> Callable[..., str]:
    """Runs `gatepost ...` and returns its output."""

    def command(*words: str) -> str:
        return CliRunner().invoke(gatepost, words, catch_exceptions=False).output

    return command


def consent(run: Callable[..., str], lead_id: str) -> dict[str, object]:
    """The consent as it came, of a lead whose consent was not withdrawn."""
    lead: dict[str, dict[str, object]] = json.loads(run("lead", lead_id, "--json"))
    assert lead["consent"].pop("withdrawn") is False
    return lead["consent"]


def test_releasing_a_lead_from_spam_is_no_consent(site: Site, run: Callable[..., str]) -> None:
    lead_id = site.trap(consent="")
    version = person()["gp_version"]
    assert f"consent      not given; version {version[:12]} was shown" in run("lead", lead_id)
    with pytest.raises(Refused, match="state the lawful basis"):
        run("correct", lead_id, "--not-spam", "--as", "Ada")
    run("correct", lead_id, "--not-spam", "--as", "Ada", "--basis", BASIS)
    output = run("lead", lead_id)
    assert (f"basis        {BASIS}" in output, "consent given" in output) == (True, False)
    assert consent(run, lead_id) == {"given": False, "version": version, "basis": BASIS}


def test_an_older_form_keeps_its_consent_text_in_a_honeypot_post_too(
    site: Site, run: Callable[..., str]
) -> None:
    version = person()["gp_version"]
    site.file.write_text(site.file.read_text().replace("I agree that", "I hereby agree that"))
    lead_id = site.trap(gp_version=version)
    assert consent(run, lead_id) == {"given": True, "version": version, "basis": None}
    assert json.loads(run("lead", lead_id, "--json"))["lead"]["stage"] == "quarantined"


@pytest.mark.parametrize("version", ["", "0" * 64, "no version!"])
def test_a_honeypot_post_with_an_unknown_version_was_shown_no_consent_text(
    site: Site, run: Callable[..., str], version: str
) -> None:
    lead_id = site.trap(gp_version=version)
    assert consent(run, lead_id) == {"given": True, "version": None, "basis": None}
    assert "given to words that are not known" in run("lead", lead_id)
    assert json.loads(run("lead", lead_id, "--json"))["lead"]["stage"] == "spam"


def test_a_post_without_a_version_gets_the_form_first(site: Site) -> None:
    form = {name: value for name, value in person().items() if name != "gp_version"}
    answer = site.post(form)
    assert (answer.status_code, "look it over and send it again" in answer.text) == (422, True)
    assert site.ledger.read(lambda reading: list(reading.leads.select())) == []


def test_a_honeypot_post_keeps_its_answers_so_that_a_person_can_be_released(
    site: Site, run: Callable[..., str]
) -> None:
    lead_id = site.trap(
        email="ann@clinic", company_size="a\x00b" + "x" * 300, phone="12", unknown="x", country="US"
    )
    assert "ann@clinic (unverified)" in run("leads", "--stage", "spam")
    unverified = json.loads(run("lead", lead_id, "--json"))["unverified"]
    assert (unverified["email"], unverified["phone"]) == ("ann@clinic", "12")
    assert "unknown" not in unverified
    assert "\x00" not in unverified["company_size"]
    assert "Not verified" in run("lead", lead_id)
    with pytest.raises(Refused) as refused:
        run("correct", lead_id, "--not-spam", "--as", "Ada")
    assert [line.split(" ")[0] for line in str(refused.value).splitlines()] == [
        "email",
        "company_size",
    ]
    right = ("--set", "email=ann@clinic77.example", "--set", "company_size=101-500")
    assert "is qualified" in run("correct", lead_id, "--not-spam", *right, "--as", "Ada")


def test_an_optional_phone_that_cannot_be_verified_blocks_nobody(
    site: Site, run: Callable[..., str]
) -> None:
    assert site.post(person(phone="+1 624 305 1111")).status_code == 303
    lead_id = site.ledger.read(
        lambda reading: next(reading.leads.select(newest_first=True)).lead_id
    )
    facts = json.loads(run("lead", lead_id, "--json"))
    assert facts["unverified"] == {"phone": "+1 624 305 1111"}
    assert facts["lead"]["stage"] == "qualified"
