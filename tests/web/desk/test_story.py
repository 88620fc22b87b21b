"""The story of one month in a browser: forms, review, quarantine, close, statement, evidence.

The site, the desk, the mail server and the ledger are the real ones.
"""

import csv
import io
import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.capture.delivery.mail_server import MailServer
from tests.service import ROOT, Service, free_port, person
from tests.waiting import wait_until

pytestmark = pytest.mark.server

POST = "/four-numbers-that-matter/"
WORDS = "four easy words here"
CAROL = "carol@acme-cloud.example.com"
NOTICES = "leads@acme-cloud.example.com"
BILLS = "accounts@acme-cloud.example.com"

IN_NOVEMBER = datetime(2026, 11, 10, 15, tzinfo=UTC)
MONTH_IS_OVER = datetime(2026, 12, 1, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the real content and campaigns, whose site is built."""
    folder = tmp_path_factory.mktemp("site")
    for name in ("content", "campaigns", "clients", "theme", "pelicanconf.py"):
        (folder / name).symlink_to(ROOT / name)
    built = Service(folder).run("build")
    assert built.returncode == 0, built.stderr
    return folder


class Desk(Service):
    """The process with the desk."""

    command = ("serve", "--desk")


@dataclass
class Installation:
    """The processes of one installation, and the letters that its mail server took."""

    site: Service
    desk: Desk
    mail: MailServer

    def start(self, *processes: Service, at: datetime) -> None:
        """Stops both processes, and starts these at this time. Their clock stands still."""
        for process in (self.site, self.desk):
            process.end()
            process.stopped_at = at
        for process in processes:
            process.start()

    def letter(self, recipient: str, subject: str) -> EmailMessage:
        """The only letter to the address whose subject starts with the text; waits for it."""

        def found() -> list[EmailMessage]:
            return [
                letter
                for address, letter in self.mail.letters
                if address == recipient and letter["Subject"].startswith(subject)
            ]

        wait_until(found, lambda: [(to, str(one["Subject"])) for to, one in self.mail.letters])
        (letter,) = found()
        return letter


@pytest.fixture
def installation(site: Path, tmp_path: Path) -> Iterator[Installation]:
    """An installation with an empty ledger on the built site; not started."""
    for entry in site.iterdir():
        if entry.name != "var":
            (tmp_path / entry.name).symlink_to(entry)
    desk_port = free_port()
    with MailServer() as mail, ExitStack() as stack:
        settings = {
            "agency": "Lead Agency",
            "agency_address": "1 Main Street",
            "agency_email": "office@agency.example",
            "desk_port": str(desk_port),
            "desk_url": f"http://127.0.0.1:{desk_port}",
            "mail_from": "office@agency.example",
            "min_fill_seconds": "0",
            "smtp_url": f"smtp://127.0.0.1:{mail.port}",
            "workers": "1",
        }
        service = Service(tmp_path, dispatch="inside", **settings)
        desk = Desk(tmp_path, **settings)
        desk.port = desk_port
        for process in (service, desk):
            stack.callback(process.end, signal.SIGKILL)
        yield Installation(service, desk, mail)


@dataclass
class Reader:
    """Somebody with one tab of a browser, on a phone or at a desktop, with or without script."""

    page: Page
    has_script: bool

    def open(self, address: str) -> Page:
        self.page.goto(address)
        return self.page


@pytest.mark.parametrize(
    ("width", "has_script"),
    [(390, True), (1280, True), (390, False)],
    ids=["phone", "desktop", "phone without script"],
)
def test_leads_from_the_form_to_the_statement_and_its_evidence(
    browser: Browser, installation: Installation, width: int, has_script: bool, tmp_path: Path
) -> None:
    installation.start(installation.site, installation.desk, at=IN_NOVEMBER)
    context = browser.new_context(
        viewport={"width": width, "height": 844}, java_script_enabled=has_script
    )
    context.clock.set_fixed_time(IN_NOVEMBER)  # the button Undo is shown for ten seconds
    complaints: list[str] = []
    context.on(
        "console", lambda message: message.type == "error" and complaints.append(message.text)
    )
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    reader = Reader(context.new_page(), has_script)

    # Ann sends the form of a published page. Two more leads arrive; one looks like a robot's.
    send_form(reader, f"http://127.0.0.1:{installation.site.port}{POST}")
    robot = {"full_name": "Cy Roe", "company": "Roe Clinic", "homepage": "x"}
    for form in (person(full_name="Bob Ray", company="Ray Hospital"), person(**robot)):
        assert installation.site.post(form).status == 303
    installation.letter(NOTICES, "Lead to review: Lee Clinic")
    installation.letter(NOTICES, "Lead to review: Ray Hospital")

    # Carol of the client rejects Ann's lead, and accepts Bob's after she has undone that once.
    add_user(installation, "Carol", "client", "--client", "acme", "--email", CAROL)
    client = log_in(reader, link_in(installation.letter(CAROL, "")), "Carol")
    review(client, reader)
    assert installation.site.stages()["ann@clinic.example"] == "rejected"

    # The agency releases the third lead, and the client gets a letter about it.
    link = re.findall(r"http\S+", add_user(installation, "Ada", "agency"))[-1]
    agency = log_in(reader, link, "Ada")
    release_from_quarantine(agency)
    installation.letter(NOTICES, "Lead to review: Roe Clinic")

    # Silence accepts it. The month ends, and the agency closes it.
    installation.start(installation.desk, at=MONTH_IS_OVER)
    agency = log_in(reader, f"{installation.desk.settings['desk_url']}/desk/login", "Ada")
    close_month(agency)
    sent = installation.site.run("dispatch", "--once")
    assert sent.returncode == 0, sent.stderr
    assert "$100.00" in installation.letter(BILLS, "Invoice acme-0001")["Subject"]

    # Carol opens the statement, its files, and the lead behind a line.
    client = log_in(reader, f"{installation.desk.settings['desk_url']}/desk/login", "Carol")
    check_statement(client, tmp_path)
    context.close()
    assert complaints == []
    with installation.site.ledger() as ledger:
        assert ledger.verify().problems == ()


def send_form(reader: Reader, address: str) -> None:
    page = reader.open(address)
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
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def add_user(installation: Installation, name: str, role: str, *options: str) -> str:
    """Adds a user with the command; returns what it prints."""
    command = ("users", "add", name, "--role", role, *options)
    added = installation.site.run(*command)
    assert added.returncode == 0, added.stderr
    return added.stdout


def link_in(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    (link,) = re.findall(r"http\S+/passphrase/\S+", body.get_content())
    return str(link)


def log_in(reader: Reader, address: str, name: str) -> Page:
    """Opens the address, chooses a passphrase if it is a link for that, and logs in."""
    page = reader.open(address)
    if page.url.endswith("/login"):
        page.context.clear_cookies()
        page.reload()
    else:
        page.get_by_label("Passphrase").fill(WORDS)
        page.get_by_label("The same again").fill(WORDS)
        page.get_by_role("button", name="Store the passphrase").click()
        expect(page.get_by_role("status")).to_contain_text("Your passphrase is stored.")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Passphrase").fill(WORDS)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    assert_fits(page)
    return page


def assert_fits(page: Page) -> None:
    """The page is not wider than the screen."""
    assert page.viewport_size is not None
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def review(page: Page, reader: Reader) -> None:
    """The client's first page: rejects one lead; accepts the other, undoes that, accepts."""
    expect(page.get_by_role("heading", name="2 leads wait for you")).to_be_visible()
    ann, bob = (page.get_by_role("article", name=name) for name in ("Ann Lee", "Bob Ray"))
    expect(page.get_by_text("Cy Roe")).to_have_count(0)
    if reader.has_script:
        first = page.get_by_role("article").first
        expect(first).to_be_focused()
        if first.get_attribute("id") != ann.get_attribute("id"):  # both have the same deadline
            page.keyboard.press("j")
        expect(ann).to_be_focused()
        page.keyboard.press("r")
        page.keyboard.press("3")
        expect(bob).to_be_focused()
        page.keyboard.press("a")
        expect(page.get_by_role("heading", name="No lead waits for you")).to_be_visible()
        page.get_by_role("button", name="Undo the decision on Bob Ray").press("Enter")
        expect(bob).to_be_focused()
        page.keyboard.press("a")
    else:
        ann.locator("summary", has_text="Reject").click()
        ann.get_by_label("The company was a customer already").check()
        ann.get_by_role("button", name="Reject this lead").click()
        bob.get_by_role("button", name="Accept").click()
        page.get_by_role("button", name="Undo the decision on Bob Ray").click()
        bob.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="No lead waits for you")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Ann Lee: You rejected it")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Bob Ray: You accepted it")).to_be_visible()
    assert_fits(page)


def release_from_quarantine(page: Page) -> None:
    """From the overview to the quarantine, as the list of what waits leads."""
    page.get_by_role("link", name=re.compile("quarantine$")).click()
    held = page.get_by_role("article", name="Cy Roe")
    expect(held.get_by_role("row", name=re.compile("people cannot see"))).to_be_visible()
    assert_fits(page)
    held.get_by_role("button", name="Release").click()
    expect(page.get_by_role("heading", name="Quarantine")).to_be_visible()
    expect(held).to_have_count(0)


def close_month(page: Page) -> None:
    page.get_by_role("navigation", name="Desk").get_by_role("link", name="Statements").click()
    page.get_by_role("link", name="Months to preview and close").click()
    expect(page.get_by_role("heading", name="November 2026")).to_be_visible()
    row_of(page, "acme").get_by_role("link", name="acme", exact=True).click()
    expect(page.get_by_role("row", name=re.compile(r"Ann|Bob|Cy"))).to_have_count(0)
    page.get_by_role("link", name="Close the month").click()
    expect(row_of(page, "acme")).to_contain_text("$100.00")
    assert_fits(page)
    page.get_by_role("button", name="Close the month").click()
    expect(page.get_by_role("status")).to_have_text("November 2026 is closed: acme (acme-0001).")


def row_of(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))


def check_statement(page: Page, folder: Path) -> None:
    """The statement as the client sees it, its files, and why each line is there."""
    page.get_by_role("link", name="Statements").click()
    expect(row_of(page, "acme-0001")).to_contain_text("$100.00")
    page.get_by_role("link", name="acme-0001").click()
    expect(page.get_by_role("heading", name="acme-0001")).to_be_visible()
    assert_fits(page)
    files = {kind: download(page, kind, folder) for kind in ("PDF", "CSV", "Evidence (SQLite)")}
    text = "\n".join(each.extract_text() for each in pypdf.PdfReader(files["PDF"]).pages)
    assert "acme-0001" in text
    assert "$100.00" in text
    rows = list(csv.DictReader(io.StringIO(files["CSV"].read_text("utf-8-sig"))))
    lead_ids = {row["lead_id"] for row in rows}
    assert len(rows) == len(lead_ids) == 2
    with closing(sqlite3.connect(files["Evidence (SQLite)"])) as evidence:
        assert {row[0] for row in evidence.execute("SELECT lead_id FROM leads")} >= lead_ids

    seen = set()
    for lead_id in sorted(lead_ids):
        page.get_by_role("link", name=lead_id).click()
        expect(page.get_by_role("heading", level=2, name="Accepted")).to_be_visible()
        assert_fits(page)
        seen.add(page.get_by_role("heading", level=1).inner_text())
        page.go_back()
    assert seen == {"Bob Ray", "Cy Roe"}


def download(page: Page, kind: str, folder: Path) -> Path:
    with page.expect_download() as loading:
        page.get_by_role("link", name=kind, exact=True).click()
    path = folder / loading.value.suggested_filename
    loading.value.save_as(path)
    return path
