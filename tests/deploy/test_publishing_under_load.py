"""During pushes and a rollback every response is complete and no form is lost."""

import http.client
import itertools
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest

from tests.deploy.server import Server, Writer
from tests.deploy.web import Nginx
from tests.long import rounds
from tests.samples import NO_GROUPS
from tests.service import GUIDE, Answer, Service, person

PAGES = ("/", "/articles/", "/what-pays-in-each-price-model/", "/feed.xml", f"/f/{GUIDE}")
FORM = {"Content_Type": "application/x-www-form-urlencoded"}
CAMPAIGN = f"campaigns/{GUIDE}.toml"
PUSHES = rounds(2, 40)
PAUSE = 0.05
"""Seconds between the requests of a visitor, so that the pushes get processor time."""


@pytest.fixture(scope="module")
def service(server: Server, first: Writer) -> Iterator[Service]:
    del first
    service = server.service(min_fill_seconds="0", rate_limit="").start()
    yield service
    service.end()
    assert service.run("verify").returncode == 0


@pytest.fixture(scope="module")
def nginx(server: Server, service: Service) -> Iterator[Nginx]:
    with Nginx(server, service).running() as nginx:
        yield nginx


class Visitors:
    """Threads that read pages and send forms one after the other, and record wrong responses."""

    def __init__(self, nginx: Nginx) -> None:
        self._nginx = nginx
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.errors: list[str] = []
        self.requests = 0
        self.sent: set[str] = set()
        self._addresses = (f"127.1.{n // 250 % 250}.{n % 250 + 1}" for n in itertools.count())

    def read_pages(self) -> None:
        while not self._stop.is_set():
            for path in PAGES:
                answer = self._request(path)
                if answer is None:
                    continue
                complete = answer.text.rstrip().endswith(("</html>", "</feed>"))
                if answer.status != 200 or not complete:
                    self.errors.append(f"{path}: {answer.status}, {len(answer.body)} bytes")
                self._read_assets(path, answer)

    def _read_assets(self, path: str, answer: Answer) -> None:
        """Reads styles, scripts and pictures of the page, as a browser does."""
        paths = re.findall(
            r'(?:href|src)="(?:https://journal\.example)?(/(?:theme|pictures)/[^"]+)"', answer.text
        )
        for asset_path in dict.fromkeys(paths):
            asset = self._request(asset_path)
            if asset is not None and asset.status != 200:
                self.errors.append(f"{asset_path} of {path}: {asset.status}")

    def send_forms(self) -> None:
        while not self._stop.is_set():
            page = self._request(f"/f/{GUIDE}")
            version = re.search(r'name="gp_version"[^>]*value="(\w+)"', page.text) if page else None
            if version is None:
                continue
            form = person(gp_version=version[1])
            answer = self._request(f"/f/{GUIDE}", urlencode(form))
            if answer is None or answer.status != 303:
                self.errors.append(f"post: {answer and (answer.status, answer.text[:300])}")
            else:
                self.sent.add(form["email"])

    def _request(self, path: str, body: str | None = None) -> Answer | None:
        self._stop.wait(PAUSE)
        self.requests += 1
        with self._lock:
            source = next(self._addresses)
        try:
            if body is None:
                return self._nginx.get(path, source, Accept_Encoding="identity")
            return self._nginx.ask("POST", path, body, source=source, headers=FORM)
        except (OSError, http.client.HTTPException) as error:
            self.errors.append(f"{path}: {error!r}")
            return None

    @contextmanager
    def running(self) -> Iterator["Visitors"]:
        threads = [
            threading.Thread(target=work)
            for work in (self.read_pages, self.read_pages, self.send_forms)
        ]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()


def version_of(page: str) -> str:
    """The campaign version of the form on the page."""
    match = re.search(r'name="gp_version"[^>]*value="(\w+)"', page)
    assert match is not None, page
    return match[1]


def commit_edition(writer: Writer, number: int) -> None:
    """Commits a new post, a changed picture and a changed campaign file.

    The first edition disables the risk signals on groups, because all visitors here are similar.
    """
    path = writer.folder / CAMPAIGN
    more = NO_GROUPS if number == 0 else ""
    path.write_text(f"{path.read_text()}\n{more}# edition {number}\n")
    picture = writer.folder / "content/images/funnel.svg"
    picture.write_text(picture.read_text().replace("</svg>", f"<!-- {number} --></svg>"))
    writer.post(f"edition-{number}", aliases=f"old-edition-{number}")


@pytest.mark.long
def test_during_pushes_and_a_rollback_no_request_fails_and_no_form_is_lost(
    server: Server, service: Service, nginx: Nginx, first: Writer
) -> None:
    old_page = nginx.get(f"/f/{GUIDE}").text
    with Visitors(nginx).running() as visitors:
        for number in range(PUSHES):
            commit_edition(first, number)
            result = first.push()
            assert result.accepted, result.text
            assert nginx.take_redirects().returncode == 0
            assert nginx.get(f"/edition-{number}/").status == 200
        assert server.run("rollback").returncode == 0
        assert nginx.get(f"/edition-{PUSHES - 1}/").status == 404
        assert server.run("publish").returncode == 0
    assert visitors.errors == []
    assert visitors.requests > 100
    assert visitors.sent
    assert visitors.sent <= service.stages().keys()  # every accepted form is on disk
    late_form = person(gp_version=version_of(old_page))
    assert nginx.ask("POST", f"/f/{GUIDE}", urlencode(late_form), headers=FORM).status == 303
    assert service.stages()[late_form["email"]] == "qualified"


def test_a_form_of_a_new_version_is_accepted_before_the_service_has_reloaded(
    service: Service, nginx: Nginx, first: Writer
) -> None:
    path = first.folder / CAMPAIGN
    path.write_text(path.read_text().replace("# edition", "# another edition"))
    first.commit("New terms")
    assert nginx.get(f"/f/{GUIDE}").status == 200
    assert first.push().accepted
    page = nginx.get("/what-pays-in-each-price-model/").text
    version = version_of(page)
    form = person(gp_version=version)
    assert nginx.ask("POST", f"/f/{GUIDE}", urlencode(form), headers=FORM).status == 303
    with service.ledger() as ledger:
        versions = ledger.read(lambda reading: [lead.version for lead in reading.leads.select()])
    assert version in versions


def test_a_new_campaign_has_a_form_page_immediately(nginx: Nginx, first: Writer) -> None:
    text = (first.folder / CAMPAIGN).read_text()
    first.write("campaigns/another-guide.toml", text)
    first.commit("Another campaign")
    assert first.push().accepted
    assert nginx.get("/f/another-guide").status == 200


def test_the_services_pages_use_the_styles_of_the_new_release(
    server: Server, nginx: Nginx, first: Writer
) -> None:
    style = server.opt / "theme/static/style.css"
    style.write_text(style.read_text() + "\n/* other styles */\n")
    first.commit("Nothing new")
    assert first.push().accepted
    css = next((server.site / "current/output/www/theme").glob("style.*.css"))
    nginx.until(lambda: css.name in nginx.get(f"/f/{GUIDE}").text)
    assert nginx.get(f"/theme/{css.name}").status == 200
