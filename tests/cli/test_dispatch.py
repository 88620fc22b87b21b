"""`gatepost dispatch`: one line for each message, letters as files or by SMTP, ended by SIGTERM."""

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from capture.ledger.messages import VISITOR
from tests.capture.delivery.dns_server import serving_dns
from tests.capture.delivery.mail_server import MailServer
from tests.capture.ledger.contract_outbox import new_message
from tests.cli.conftest import ROOT, Project
from tests.samples import CAMPAIGN, GUIDE

GATEPOST = str(Path(sys.executable).with_name("gatepost"))
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def gated_campaign(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the project's campaign one with a file, and gives it our theme."""
    (project.folder / "content/gated/guide.pdf").write_text(GUIDE)
    gated = CAMPAIGN.replace('kind = "demo"', 'kind = "gated"\nassets = ["guide.pdf"]')
    (project.folder / "campaigns/guide.toml").write_text(gated)
    monkeypatch.setenv("GATEPOST_THEME_DIR", str(ROOT / "theme"))


def queue_guide(project: Project, local: str = "ann") -> None:
    """Queues the guide for a new lead."""
    lead_id = project.take(email=f"{local}@clinic.example")
    message = new_message(lead_id, kind="guide", recipient=VISITOR, due_at=LONG_AGO, data={})
    project.ledger.transact(lambda records: records.outbox.queue(message))


def queue_letter_to_former_contact(project: Project) -> None:
    message = new_message("a", recipient="former@acme.example", due_at=LONG_AGO)
    project.ledger.transact(lambda records: records.outbox.queue(message))


def test_without_a_mail_server_letters_are_files(project: Project) -> None:
    queue_guide(project)
    ran = project.run("dispatch", "--once")
    assert ran.code == 0
    assert "Letters are files in var/mail: set GATEPOST_SMTP_URL to send them.\n" in ran.out
    (file,) = (project.folder / "var" / "mail").glob("*-1.eml")
    assert f"guide 1: sent; written to {file.name}\n" in ran.out
    assert "@" not in ran.out
    assert project.run("dispatch", "--once").out == ""


def test_a_letter_to_a_former_contact_is_dropped(project: Project) -> None:
    queue_letter_to_former_contact(project)
    ran = project.run("dispatch", "--once")
    assert "lead_to_review 1: dropped; the address is no longer in the client's file\n" in ran.out


def test_the_settings_name_server_and_sender(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_guide(project, "later")
    queue_guide(project)
    with MailServer() as server:
        monkeypatch.setenv("GATEPOST_MAIL_FROM", "leads@agency.example")
        monkeypatch.setenv("GATEPOST_SMTP_URL", f"smtp://localhost:{server.port}")
        ran = project.run("dispatch", "--once")
    assert "guide 1: tried again at 20" in ran.out
    assert "UTC; the mail server refused the recipient (SMTP 451 4.7.1)\n" in ran.out
    letter, *_ = [letter for to, letter in server.letters if to == "ann@clinic.example"]
    assert str(letter["From"]).endswith("<leads@agency.example>")


def test_a_lead_whose_domain_takes_no_mail_is_quarantined_before_its_letters(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project.folder / "campaigns/guide.toml"
    file.write_text(file.read_text().replace("hours = 48", 'hours = 48\nnotice = "email"'))
    now = datetime.now(UTC)
    robot = project.take(at=now, email="ann@gone.test")
    person = project.take(at=now, email="ann@acme.test")
    monkeypatch.setenv("GATEPOST_MAIL_DOMAIN_CHECK", "on")
    with serving_dns({"acme.test.": ("MX 10 mail.acme.test.",)}) as server:
        monkeypatch.setenv("GATEPOST_DNS_SERVER", f"127.0.0.1:{server.port}")
        ran = project.run("dispatch", "--once")
    leads = project.ledger.read(lambda reading: list(reading.leads.select()))
    assert {lead.lead_id: lead.review for lead in leads} == {
        robot: "quarantined",
        person: "qualified",
    }
    messages = project.ledger.read(lambda reading: reading.outbox.select())
    assert {message.lead_id for message in messages} == {person}
    assert "gone.test" not in ran.out


def test_sigterm_ends_it_after_the_message_that_is_being_sent(project: Project) -> None:
    with subprocess.Popen([GATEPOST, "dispatch"], stdout=subprocess.PIPE, text=True) as process:
        queue_letter_to_former_contact(project)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("lead_to_review 1: dropped")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
