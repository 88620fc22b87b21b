"""The life of two leads as people see it: a form, letters, links in letters, a closed month."""

import io
import signal
from collections.abc import Callable, Iterator
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from zoneinfo import ZoneInfo

import pypdf
import pytest
from playwright.sync_api import Browser, Page, expect

from capture.lead.events import EventKind
from capture.lead.model import Lead
from capture.ledger.messages import MessageState
from capture.ledger.protocol import ReadTransaction
from tests.capture.delivery.mail_server import MailServer
from tests.faketime import faketime
from tests.service import GUIDE, Service, make_project, person
from tests.waiting import wait_until

pytestmark = pytest.mark.server

NEW_YORK = ZoneInfo("America/New_York")
CONTACT = "leads@acme-cloud.example.com"
BILLS = {"accounts@acme-cloud.example.com", "marketing@acme-cloud.example.com"}
AGENCY = "office@agency.example"
PHONE = {"width": 390, "height": 844}

# The service starts again at each of these times, all in UTC. New York is five hours behind.
FORMS_ARRIVE = "2026-11-10 15:00:00"
LAST_HOURS = "2026-11-12 10:30:00"
"""4 h 30 min before silence accepts, and so after the time of the reminder."""
MONTH_IS_OVER = "2026-12-01 15:00:00"
CLOSE = "2026-12-01 15:10:00"

Start = Callable[..., Service]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts the service, with its dispatcher inside, at a time of the system's clock."""
    monkeypatch.setenv("TZ", "UTC")
    project = make_project(tmp_path)
    services: list[Service] = []

    def start_at(moment: str, **settings: str) -> Service:
        if services:
            services[0].end()
        else:
            settings |= {"agency": "Lead Agency", "agency_address": "1 Main Street"}
            settings |= {"agency_email": AGENCY, "min_fill_seconds": "0", "workers": "1"}
            services.append(Service(project, dispatch="inside", **settings))
        return services[0].start(*faketime(moment))

    yield start_at
    for service in services:
        service.end(signal.SIGKILL)


def test_two_leads_from_form_to_statement_with_letters_as_files(
    browser: Browser, start: Start, tmp_path: Path
) -> None:
    service = start(FORMS_ARRIVE)
    visitor = phone(browser, service)
    send_form(visitor)
    assert service.post(person(full_name="Bob Ray", company="Ray Hospital")).status == 303
    wait_for_sent(service, 4)
    assert "Letters are files in var/mail: set GATEPOST_SMTP_URL" in service.log.read_text()

    # The visitor's letter leads to the guide.
    guide = letter_to(service, "ann@clinic.example", "Your download")
    assert "Ann Lee" not in guide.as_string(), "a stranger may have typed it"
    follow(visitor, guide, "Open your download page")
    with visitor.expect_download() as download:
        visitor.get_by_role("link", name="cloud-guide.pdf").click()
    download.value.save_as(tmp_path / "guide.pdf")
    assert (tmp_path / "guide.pdf").read_bytes() == (
        service.folder / "content/gated/cloud-guide.pdf"
    ).read_bytes()
    visitor.context.close()

    # The client reads one letter for each lead, and rejects Ann's on a phone.
    letter = letter_to(service, CONTACT, "Lead to review: Lee Clinic")
    assert stated_deadline(letter) <= deadline_of(service, "Ann Lee")
    assert "ann@clinic.example" in text_of(letter)
    client = phone(browser, service)
    open_review(client, letter, service, "Ann Lee", "1 day 23 hours left")
    client.get_by_label("The company has 100 employees or fewer.").check()
    client.get_by_label("Note").fill("Seven people.")
    client.get_by_role("button", name="Reject this lead").click()
    expect_heading(client, "You rejected it")
    client.context.close()
    assert rejection_of(service, "Ann Lee") == (True, "too_small")

    # Nobody answers for Bob's, so a reminder comes.
    start(LAST_HOURS)
    wait_for_sent(service, 5)
    reminder = letter_to(service, CONTACT, "Reminder, lead to review: Ray Hospital")
    deadline = deadline_of(service, "Bob Ray")
    assert stated_deadline(reminder) == deadline
    assert deadline.date().isoformat() == "2026-11-12"
    silence = "If nobody answers by then, the lead counts as accepted and is charged: $50.00"
    assert silence in words(reminder)
    client = phone(browser, service)
    open_review(client, reminder, service, "Bob Ray", "4 hours")
    address = client.url

    # Silence accepts it. The month ends, and the agency closes it.
    start(MONTH_IS_OVER)
    wait_for_sent(service, 6)
    assert "November 2026" in letter_to(service, AGENCY, "")["Subject"]
    client.goto(address)
    expect_heading(client, "Silence accepted it")
    assert "Bob Ray" not in client.content()
    client.context.close()
    close_month(service)
    wait_for_sent(service, 8)
    for recipient in BILLS:
        assert_statement(letter_to(service, recipient, "Invoice acme-0001"))
    verified = service.run("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_the_letters_travel_by_smtp_and_their_link_accepts_a_lead(
    browser: Browser, start: Start
) -> None:
    with MailServer() as server:
        smtp = {"smtp_url": f"smtp://127.0.0.1:{server.port}", "mail_from": AGENCY}
        service = start(FORMS_ARRIVE, **smtp)
        form = person(email="ann@clinic.example", full_name="Ann Lee")
        assert service.post(form).status == 303
        wait_for_sent(service, 2)
        received = dict(server.letters)
        assert "Your download" in received["ann@clinic.example"]["Subject"]
        assert AGENCY in received[CONTACT]["From"]
        assert stated_deadline(received[CONTACT]) <= deadline_of(service, "Ann Lee")
        client = phone(browser, service)
        follow(client, received[CONTACT], "Review this lead")
        client.get_by_role("button", name="Accept this lead").click()
        expect_heading(client, "You accepted it")
        client.context.close()
        service.end()
        close_month(service)
        dispatched = service.run("dispatch", "--once", wrapper=faketime(CLOSE))
        assert dispatched.returncode == 0, dispatched.stderr
        received = dict(server.letters)
        for recipient in BILLS:
            assert_statement(received[recipient])
    with service.ledger() as ledger:
        assert ledger.verify().problems == ()
    assert not (service.folder / "var" / "mail").exists()


def phone(browser: Browser, service: Service) -> Page:
    """A page on a phone's width, without script."""
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{service.port}",
        viewport=PHONE,
        java_script_enabled=False,
        has_touch=True,
    )
    return context.new_page()


def expect_heading(page: Page, text: str) -> None:
    """Waits for the page with a heading that contains the text, also on a busy machine."""
    expect(page.get_by_role("heading", name=text)).to_be_visible()


def send_form(page: Page) -> None:
    page.goto(f"/f/{GUIDE}")
    form = page.locator("form.lead")
    form.get_by_label("Full name").fill("Ann Lee")
    form.get_by_label("Work e-mail").fill("ann@clinic.example")
    form.get_by_label("Company", exact=True).fill("Lee Clinic")
    form.get_by_label("Job title").fill("Director")
    form.get_by_label("Industry").select_option("Healthcare")
    form.get_by_label("Number of employees").select_option("101-500")
    form.get_by_label("Country").select_option("US")
    form.get_by_label("I agree").check()
    form.get_by_role("button").click()
    expect_heading(page, "Thank you")


def follow(page: Page, letter: EmailMessage, name: str) -> None:
    """Opens the letter as a mail program does, and clicks on a link that its text has as well."""
    html = letter.get_body(("html",))
    assert html is not None
    page.goto("about:blank")
    page.set_content(html.get_content())
    link = page.get_by_role("link", name=name)
    assert link.get_attribute("href") in text_of(letter).split()
    link.click()


def open_review(
    page: Page, letter: EmailMessage, service: Service, name: str, time_left: str
) -> None:
    """Follows the letter's link to the lead, which records nothing."""
    head = head_of(service)
    follow(page, letter, "Review this lead")
    expect_heading(page, name)
    expect_heading(page, f"Waits for you: {time_left}")
    assert head_of(service) == head


def close_month(service: Service) -> None:
    closed = service.run("close", "acme", "--month", "2026-11", wrapper=faketime(CLOSE))
    assert closed.returncode == 0, closed.stderr


def assert_statement(letter: EmailMessage) -> None:
    """The letter and its PDF say that one lead costs $50.00."""
    assert letter["Subject"].endswith("November 2026, $50.00")
    assert "Please pay $50.00 by 31 December 2026." in words(letter)
    assert "Details: No VAT: services supplied to a business" in words(letter)
    (attachment,) = letter.iter_attachments()
    assert attachment.get_filename() == "acme-0001.pdf"
    document = "\n".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(attachment.get_content())).pages
    )
    assert "acme-0001" in document
    assert "$50.00" in document
    assert "Seven people." not in document


# --- letters ---


def wait_for_sent(service: Service, number: int) -> None:
    """Waits until so many messages are recorded as sent, and with them what follows."""
    with service.ledger() as ledger:
        wait_until(lambda: ledger.read(count_sent) >= number, service.log.read_text)
        assert ledger.read(count_sent) == number


def count_sent(reading: ReadTransaction) -> int:
    states = [message.state for message in reading.outbox.select()]
    return states.count(MessageState.SENT)


def letters(service: Service) -> list[EmailMessage]:
    """The letters in `var/mail`, which a strict parser reads."""
    policy = default.clone(raise_on_defect=True)
    files = sorted((service.folder / "var" / "mail").glob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=policy) for file in files]  # type: ignore[misc]


def letter_to(service: Service, recipient: str, subject: str) -> EmailMessage:
    """The only letter to the address whose subject starts with that text."""
    (letter,) = (
        letter
        for letter in letters(service)
        if letter["To"] == recipient and letter["Subject"].startswith(subject)
    )
    return letter


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text


def words(letter: EmailMessage) -> str:
    """The letter's text in one line."""
    return " ".join(text_of(letter).split())


def stated_deadline(letter: EmailMessage) -> datetime:
    """The deadline in the subject, in the campaign's zone."""
    stated = letter["Subject"].rpartition(", by ")[2]
    return datetime.strptime(f"2026 {stated}", "%Y %a, %d %b, %H:%M").replace(tzinfo=NEW_YORK)


# --- what the ledger says ---


def lead_of(reading: ReadTransaction, name: str) -> Lead:
    """The only lead of the person with that name."""
    people = {lead: reading.people.personal_data(lead.lead_id) for lead in reading.leads.select()}
    (lead,) = (lead for lead, data in people.items() if data and data.answers["full_name"] == name)
    return lead


def deadline_of(service: Service, name: str) -> datetime:
    """The deadline of the person's lead, to the minute."""
    with service.ledger() as ledger:
        deadline = ledger.read(lambda reading: lead_of(reading, name).deadline)
    assert deadline is not None
    return deadline.astimezone(NEW_YORK).replace(second=0, microsecond=0)


def head_of(service: Service) -> tuple[int, str]:
    with service.ledger() as ledger:
        return ledger.read(lambda reading: reading.events.head())


def rejection_of(service: Service, name: str) -> tuple[bool, str]:
    """Whether the client's contact rejected the person's lead, and the reason."""
    with service.ledger() as ledger:

        def read(reading: ReadTransaction) -> tuple[bool, str]:
            events = reading.events.select(lead_id=lead_of(reading, name).lead_id)
            (event,) = (r.event for r in events if r.event.kind is EventKind.REJECTED)
            contact = reading.people.pseudonym("acme", CONTACT)
            return event.data["by"] == contact, event.data["reason"]

        return ledger.read(read)
