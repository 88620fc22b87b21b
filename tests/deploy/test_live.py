"""Over pushes and a rollback nobody sees an error or half a page."""

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
from tests.service import GUIDE, Answer, Service, person

PAGES = ("/", "/articles/", "/what-pays-in-each-price-model/", "/feed.xml", f"/f/{GUIDE}")
FORM = {"Content_Type": "application/x-www-form-urlencoded"}
CAMPAIGN = f"campaigns/{GUIDE}.toml"
PUSHES = rounds(2, 40)


@pytest.fixture(scope="module")
def service(server: Server, first: Writer) -> Iterator[Service]:
    del first
    started = server.service(min_fill_seconds="0", rate_limit="").start()
    yield started
    started.end()
    assert started.run("verify").returncode == 0


@pytest.fixture(scope="module")
def nginx(server: Server, service: Service) -> Iterator[Nginx]:
    with Nginx(server, service).running() as created:
        yield created


class Crowd:
    """Readers and visitors who come again and again; what was wrong with any answer is kept."""

    def __init__(self, nginx: Nginx) -> None:
        self._nginx = nginx
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.wrong: list[str] = []
        self.answers = 0
        self.sent: set[str] = set()
        self._places = (f"127.1.{n // 250 % 250}.{n % 250 + 1}" for n in itertools.count())

    def read(self) -> None:
        while not self._over.is_set():
            for path in PAGES:
                answer = self._ask(path)
                if answer is None:
                    continue
                complete = answer.text.rstrip().endswith(("</html>", "</feed>"))
                if answer.status != 200 or not complete:
                    self.wrong.append(f"{path}: {answer.status}, {len(answer.body)} bytes")
                self._look_at_parts(path, answer)

    def _look_at_parts(self, path: str, answer: Answer) -> None:
        """Styles, scripts and pictures of the very page that was read, as a browser would."""
        found = re.findall(
            r'(?:href|src)="(?:https://journal\.example)?(/(?:theme|pictures)/[^"]+)"', answer.text
        )
        for part in dict.fromkeys(found):
            got = self._ask(part)
            if got is not None and got.status != 200:
                self.wrong.append(f"{part} of {path}: {got.status}")

    def send(self) -> None:
        while not self._over.is_set():
            shown = self._ask(f"/f/{GUIDE}")
            version = (
                re.search(r'name="gp_version"[^>]*value="(\w+)"', shown.text) if shown else None
            )
            if version is None:
                continue
            one = person(gp_version=version[1])
            answer = self._ask(f"/f/{GUIDE}", urlencode(one))
            if answer is None or answer.status != 303:
                self.wrong.append(f"post: {answer and (answer.status, answer.text[:300])}")
            else:
                self.sent.add(one["email"])

    def _ask(self, path: str, body: str | None = None) -> Answer | None:
        self.answers += 1
        with self._lock:
            source = next(self._places)
        try:
            if body is None:
                return self._nginx.get(path, source, Accept_Encoding="identity")
            return self._nginx.ask("POST", path, body, source=source, headers=FORM)
        except (OSError, http.client.HTTPException) as error:
            self.wrong.append(f"{path}: {error!r}")
            return None

    @contextmanager
    def coming(self) -> Iterator["Crowd"]:
        threads = [threading.Thread(target=work) for work in (self.read, self.read, self.send)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            for thread in threads:
                thread.join()


def version_of(page: str) -> str:
    """The campaign version that the page's form was made by."""
    found = re.search(r'name="gp_version"[^>]*value="(\w+)"', page)
    assert found is not None, page
    return found[1]


def change(writer: Writer, number: int) -> None:
    """A post, a picture, and new terms of the campaign: everything that a page is made of."""
    path = writer.folder / CAMPAIGN
    path.write_text(f"{path.read_text()}\n# edition {number}\n")
    picture = writer.folder / "content/images/funnel.svg"
    picture.write_text(picture.read_text().replace("</svg>", f"<!-- {number} --></svg>"))
    writer.post(f"edition-{number}", aliases=f"old-edition-{number}")


@pytest.mark.long
def test_over_pushes_and_a_rollback_nobody_sees_an_error_or_loses_a_form(
    server: Server, service: Service, nginx: Nginx, first: Writer
) -> None:
    opened = nginx.get(f"/f/{GUIDE}").text
    with Crowd(nginx).coming() as crowd:
        for number in range(PUSHES):
            change(first, number)
            text = first.push()
            assert text.taken, text.text
            assert nginx.take_redirects().returncode == 0
            assert nginx.get(f"/edition-{number}/").status == 200
        assert server.run("rollback").returncode == 0
        assert nginx.get(f"/edition-{PUSHES - 1}/").status == 404
        assert server.run("publish").returncode == 0
    assert crowd.wrong == []
    assert crowd.answers > 200
    assert crowd.sent
    assert crowd.sent <= service.stages().keys()  # everyone who was thanked is on disk
    late = person(gp_version=version_of(opened))
    assert nginx.ask("POST", f"/f/{GUIDE}", urlencode(late), headers=FORM).status == 303
    assert service.stages()[late["email"]] == "qualified"


def test_a_form_of_this_very_second_is_taken_before_the_service_has_looked_again(
    service: Service, nginx: Nginx, first: Writer
) -> None:
    path = first.folder / CAMPAIGN
    path.write_text(path.read_text().replace("# edition", "# another edition"))
    first.commit("New terms")
    assert nginx.get(f"/f/{GUIDE}").status == 200
    assert first.push().taken
    page = nginx.get("/what-pays-in-each-price-model/").text
    version = version_of(page)
    sent = person(gp_version=version)
    assert nginx.ask("POST", f"/f/{GUIDE}", urlencode(sent), headers=FORM).status == 303
    with service.ledger() as ledger:
        kept = ledger.read(lambda reading: [lead.version for lead in reading.leads.select()])
    assert version in kept


def test_a_new_campaign_is_there_as_soon_as_its_page(nginx: Nginx, first: Writer) -> None:
    text = (first.folder / CAMPAIGN).read_text()
    first.write("campaigns/another-guide.toml", text)
    first.commit("Another campaign")
    assert first.push().taken
    assert nginx.get("/f/another-guide").status == 200


def test_the_services_pages_take_up_the_look_of_the_new_release(
    server: Server, nginx: Nginx, first: Writer
) -> None:
    style = server.opt / "theme/static/style.css"
    style.write_text(style.read_text() + "\n/* another look */\n")
    first.commit("Nothing new")
    assert first.push().taken
    css = next((server.site / "current/output/www/theme").glob("style.*.css"))
    nginx.until(lambda: css.name in nginx.get(f"/f/{GUIDE}").text)
    assert nginx.get(f"/theme/{css.name}").status == 200
