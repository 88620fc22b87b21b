"""Downloads of gated files: counted on the lead, in ranges, and by nginx if it asks for that."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from flask.testing import FlaskClient
from pelican.log import LimitFilter

from capture.errors import Unavailable
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from capture.signed_links import Grant, LinkSigner, files_path
from capture.web.app import create_app
from capture.web.config import WebConfig
from tests.service import GUIDE, TEST_KEY, make_project, person, web_config

GUIDE_PDF = "cloud-guide.pdf"
BY_NGINX = {"X-Gated-Files": "redirect"}
AFTER_NGINX_FAILED = {"X-Gated-Files": "failed"}


@dataclass
class Web:
    """The app in this process, behind one trusted proxy."""

    folder: Path
    ledger: Ledger
    tasks: list[Callable[[], None]] = field(default_factory=list)
    """What runs later: here, when a test says so."""

    @property
    def config(self) -> WebConfig:
        return web_config(self.folder, trusted_proxies=1, rate_limit="")

    def client(self, **changes: Any) -> FlaskClient:
        app = create_app(replace(self.config, **changes), self.ledger, self.tasks.append)
        return app.test_client()

    def new_lead(self) -> str:
        """Sends the form. Returns the new lead's id."""
        body, form = urlencode(person()), "application/x-www-form-urlencoded"
        with self.client() as client:
            assert client.post(f"/f/{GUIDE}", data=body, content_type=form).status_code == 303
        newest = self.ledger.read(lambda reading: next(reading.leads.select(newest_first=True)))
        return newest.lead_id

    def counts(self, lead_id: str) -> dict[str, int]:
        """The counts of the lead's files, after all tasks have run."""
        while self.tasks:
            self.tasks.pop(0)()
        downloads = self.ledger.read(lambda reading: reading.downloads.of_lead(lead_id))
        return {download.file: download.count for download in downloads}

    @property
    def guide(self) -> bytes:
        return (self.config.gated / GUIDE_PDF).read_bytes()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = make_project(tmp_path_factory.mktemp("project"))
    ledger = open_ledger(f"sqlite:///{folder}/ledger.db", TEST_KEY)
    yield Web(folder, ledger)
    ledger.close()


def link(lead_id: str, file: str = GUIDE_PDF) -> str:
    return f"/d/{LinkSigner(TEST_KEY, WebConfig.link_life).download(Grant(GUIDE, lead_id, file))}"


def test_each_download_of_each_file_is_counted_on_its_lead(web: Web) -> None:
    lead_id, other_id = web.new_lead(), web.new_lead()
    with web.client() as client:
        for path in (link(lead_id), link(lead_id), link(lead_id, "lead-kpis.xlsx")):
            assert client.get(path, buffered=True).status_code == 200
    assert web.counts(lead_id) == {GUIDE_PDF: 2, "lead-kpis.xlsx": 1}
    assert web.counts(other_id) == {}


@pytest.mark.parametrize(
    ("method", "headers", "count"),
    [
        ("GET", {"Range": "bytes=0-"}, 1),
        ("GET", {"Range": "bytes=0-99"}, 1),
        ("GET", {**BY_NGINX, "Range": "bytes=0-0,50-99"}, 1),
        ("GET", {"Range": "nonsense"}, 1),
        ("GET", {"Range": "bytes=100-"}, 0),
        ("GET", {"Range": "bytes=-100"}, 0),
        ("GET", {"Range": "bytes=999999-"}, 0),
        ("HEAD", {}, 0),
        ("GET", BY_NGINX, 1),
        ("GET", {**BY_NGINX, "Range": "bytes=100-"}, 0),
        ("GET", AFTER_NGINX_FAILED, 0),
    ],
)
def test_only_a_request_for_the_beginning_of_the_file_counts(
    web: Web, method: str, headers: Mapping[str, str], count: int
) -> None:
    lead_id = web.new_lead()
    with web.client() as client:
        client.open(link(lead_id), method=method, headers=headers, buffered=True)
    assert web.counts(lead_id) == ({GUIDE_PDF: 1} if count else {})


def test_a_link_that_gives_no_file_counts_nothing(web: Web) -> None:
    lead_id = web.new_lead()
    with time_machine.travel(datetime.now(UTC) - timedelta(days=8)):
        expired = link(lead_id)
    with web.client() as client:
        answers = [
            client.get(path, buffered=True)
            for path in (expired, link(lead_id, "other.pdf"), "/d/x")
        ]
    assert [answer.status_code for answer in answers] == [410, 404, 404]
    assert web.counts(lead_id) == {}


def test_the_file_is_sent_before_its_download_is_counted(web: Web) -> None:
    lead_id = web.new_lead()
    with web.client() as client:
        assert client.get(link(lead_id), buffered=True).data == web.guide
    assert web.ledger.read(lambda reading: reading.downloads.of_lead(lead_id)) == []
    assert web.counts(lead_id) == {GUIDE_PDF: 1}


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (Unavailable("ledger.db: the disk is full"), "not counted: ledger.db: the disk is full"),
        (ValueError("ann@clinic.example"), "not counted: ValueError\n"),
    ],
)
def test_a_file_whose_download_cannot_be_counted_is_sent(
    web: Web,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    line: str,
) -> None:
    path = link(web.new_lead())

    def fail(*_: object) -> None:
        raise error

    with web.client() as client:
        monkeypatch.setattr(web.ledger, "transact", fail)
        answer = client.get(path, buffered=True)
        (count,) = web.tasks
        count()
    web.tasks.clear()
    assert (answer.status_code, answer.data) == (200, web.guide)
    (record,) = caplog.records
    assert line in record.getMessage()
    assert "clinic" not in caplog.text


def test_a_range_of_the_file_is_sent(web: Web) -> None:
    path = link(web.new_lead())
    with web.client() as client:
        complete = client.get(path, buffered=True)
        part = client.get(path, headers={"Range": "bytes=10-19"}, buffered=True)
        end = client.get(path, headers={"Range": "bytes=-5"}, buffered=True)
        beyond = client.get(path, headers={"Range": "bytes=999999-"}, buffered=True)
    size = len(web.guide)
    assert complete.headers["Accept-Ranges"] == "bytes"
    assert (part.status_code, part.data) == (206, web.guide[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{size}"
    assert (end.status_code, end.data) == (206, web.guide[-5:])
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")


@pytest.mark.parametrize("ranges", ["bytes=0-0,50-99", "bytes=9-1", "pages=1-2", "nonsense"])
def test_a_range_that_the_service_does_not_support_gets_the_complete_file(
    web: Web, ranges: str
) -> None:
    with web.client() as client:
        answer = client.get(link(web.new_lead()), headers={"Range": ranges}, buffered=True)
    assert (answer.status_code, answer.data) == (200, web.guide)


def test_a_download_continues_only_if_the_file_is_unchanged(web: Web) -> None:
    path = link(web.new_lead())
    with web.client() as client:
        etag = client.get(path, buffered=True).headers["ETag"]
        for condition, status in ((etag, 206), ('"other"', 200)):
            headers = {"Range": "bytes=10-", "If-Range": condition}
            assert client.get(path, headers=headers, buffered=True).status_code == status


def test_nginx_gets_the_place_of_the_file_instead_of_its_bytes(web: Web) -> None:
    with web.client() as client:
        answer = client.get(link(web.new_lead()), headers=BY_NGINX, buffered=True)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["X-Accel-Redirect"] == f"/gated-files/{GUIDE_PDF}"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={GUIDE_PDF}"
    assert answer.headers["Content-Type"] == "application/pdf"
    assert "X-Sendfile" not in answer.headers


def test_the_service_sends_a_file_that_nginx_cannot_read(
    web: Web, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Once a build has run in this process, Pelican drops a warning that was logged before.
    monkeypatch.setattr(LimitFilter, "_raised_messages", set())
    with web.client() as client:
        answer = client.get(link(web.new_lead()), headers=AFTER_NGINX_FAILED, buffered=True)
    assert (answer.status_code, answer.data) == (200, web.guide)
    assert f"{GUIDE_PDF}: nginx cannot read it, so the service sends it" in caplog.text


def test_without_a_trusted_proxy_nobody_can_ask_for_a_redirect(web: Web) -> None:
    with web.client(trusted_proxies=0) as client:
        for headers in (BY_NGINX, AFTER_NGINX_FAILED):
            answer = client.get(link(web.new_lead()), headers=headers, buffered=True)
            assert (answer.data, "X-Accel-Redirect" in answer.headers) == (web.guide, False)


def test_the_letters_link_leads_to_the_files_without_the_form(web: Web) -> None:
    lead_id = web.new_lead()
    path = files_path(LinkSigner(TEST_KEY, WebConfig.link_life).files(GUIDE, lead_id))
    with web.client() as client:
        page = client.get(path, buffered=True)
        assert (page.status_code, page.text.count('href="/d/')) == (200, 2)
        assert "The links work for 7 days" in page.text
        for sent in ("<dt>Company</dt><dd>", "You ticked the box with this text:"):
            assert sent in page.text
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in page.headers
    assert web.counts(lead_id) == {}


def test_an_expired_link_leads_back_to_the_form(web: Web) -> None:
    signer, lead_id = LinkSigner(TEST_KEY, WebConfig.link_life), web.new_lead()
    with time_machine.travel(datetime.now(UTC) - timedelta(days=8)):
        paths = [
            link(lead_id),
            files_path(signer.files(GUIDE, lead_id)),
            f"/f/{GUIDE}/thanks?t={signer.thanks(GUIDE, lead_id)}",
        ]
    with web.client() as client:
        for path in paths:
            page = client.get(path, buffered=True)
            assert (page.status_code, "This link has ended." in page.text) == (410, True)
            assert f'href="/f/{GUIDE}"' in page.text


def test_an_expired_link_of_a_removed_campaign_leads_to_the_articles(web: Web) -> None:
    signer = LinkSigner(TEST_KEY, WebConfig.link_life)
    with time_machine.travel(datetime.now(UTC) - timedelta(days=8)):
        expired = files_path(signer.files("gone", "a" * 12))
    with web.client() as client:
        page = client.get(expired, buffered=True)
        assert (page.status_code, 'href="/articles/"' in page.text) == (410, True)
        assert (
            client.get(files_path(signer.files("gone", "a" * 12)), buffered=True).status_code == 404
        )
        assert client.get("/g/nonsense", buffered=True).status_code == 404


def test_a_file_that_is_missing_is_named_on_the_page_of_the_letters_link(web: Web) -> None:
    path = files_path(LinkSigner(TEST_KEY, WebConfig.link_life).files(GUIDE, web.new_lead()))
    place = web.config.gated / GUIDE_PDF
    with web.client() as client:
        hidden = place.rename(place.with_name("hidden"))
        page = client.get(path, buffered=True)
        hidden.rename(place)
    assert (page.status_code, page.text.count('href="/d/')) == (200, 1)
    assert f"{GUIDE_PDF} cannot be fetched just now" in page.text
