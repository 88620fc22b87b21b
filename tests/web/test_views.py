"""Views of pages are counted by day and path only, for nobody who objects, and without programs."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
import time_machine
from werkzeug.test import TestResponse

from capture.errors import Unavailable
from capture.ledger.page_views import ViewKind
from capture.ledger.protocol import WriteTransaction
from capture.ledger.types import Result
from capture.site import Site
from capture.web.app import create_app
from capture.web.services import EXTENSION, Services
from capture.web.view_counter import ViewCounter
from tests.samples import NOW
from tests.service import make_project, serving
from tests.web.api.conftest import World, make_world

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PAGE, FORM = ViewKind.PAGE, ViewKind.FORM


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        created = make_world(tmp_path, capture_url="https://leads.example")
        config = services(created).config
        titles, form_pages = (
            {"/": "Home", "/cost-per-lead/": "Cost"},
            {"guide": ("/cost-per-lead/",)},
        )
        site = Site.read(config.site_facts).model_copy(
            update={"titles": titles, "form_pages": form_pages}
        )
        site.write(config.site_facts)
        created.app = create_app(config, created.ledger)
        yield created
        created.ledger.close()


def services(world: World) -> Services:
    found: Services = world.app.extensions[EXTENSION]
    return found


def view(
    world: World, path: str | bytes, query: str = "", agent: str = BROWSER, **headers: str
) -> TestResponse:
    return world.app.test_client().post(
        f"/v{query}",
        data=path,
        content_type="text/plain;charset=UTF-8",
        headers={"User-Agent": agent, **{n.replace("_", "-"): v for n, v in headers.items()}},
    )


def counted(world: World) -> dict[tuple[str, ViewKind], int]:
    services(world).views.flush()
    today = NOW.date()
    rows = world.ledger.read(lambda reading: reading.page_views.by_path(today, today))
    return {(path, kind): count for path, kind, count in rows}


def test_pages_and_forms_are_counted_by_path(world: World) -> None:
    for _ in range(3):
        assert view(world, "/cost-per-lead/").status_code == 204
    view(world, "/cost-per-lead/", "?form")
    view(world, "/f/guide", "?form")
    view(world, "/")
    assert counted(world) == {
        ("/", PAGE): 1,
        ("/cost-per-lead/", PAGE): 3,
        ("/cost-per-lead/", FORM): 1,
        ("/f/guide", FORM): 1,
    }


@pytest.mark.parametrize(
    "path",
    ["", "/no/such/", "/cost-per-lead", "/f/other", "/f/", "f/guide", b"\xff\x00", "/" * 2000],
)
def test_an_unknown_path_is_not_counted(world: World, path: str | bytes) -> None:
    assert view(world, path).status_code == 204
    assert counted(world) == {}


@pytest.mark.parametrize(("header", "value"), [("DNT", "1"), ("Sec_GPC", "1")])
def test_a_visitor_who_objects_is_not_counted(world: World, header: str, value: str) -> None:
    assert view(world, "/", **{header: value}).status_code == 204
    assert counted(world) == {}


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "curl/8.5.0",
        "python-requests/2.32",
    ],
)
def test_programs_are_not_counted(world: World, agent: str) -> None:
    assert view(world, "/", agent=agent).status_code == 204
    assert counted(world) == {}


def test_more_views_than_the_limit_are_not_counted(world: World) -> None:
    for _ in range(130):
        assert view(world, "/").status_code == 204
    assert counted(world) == {("/", PAGE): 120}


def test_the_answer_sets_no_cookie_and_may_be_read_by_the_site_alone(world: World) -> None:
    origin = services(world).config.site_origin
    answer = view(world, "/", Origin=origin)
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert world.app.test_client().get("/v").status_code == 405


def test_counts_that_cannot_be_written_are_kept_for_the_next_time(world: World) -> None:
    class Busy:
        is_busy = True

        def transact(self, work: Callable[[WriteTransaction], Result]) -> Result:
            if self.is_busy:
                raise Unavailable("busy")
            return world.ledger.transact(work)

    ledger = Busy()
    counter = ViewCounter(ledger)  # type: ignore[arg-type]
    counter.count(NOW.date(), "/", PAGE)
    counter.flush()
    counter.count(NOW.date(), "/", PAGE)
    ledger.is_busy = False
    counter.flush()
    counter.flush()
    assert counted(world) == {("/", PAGE): 2}


@pytest.mark.server
def test_a_server_writes_its_counts_when_it_stops(tmp_path: Path) -> None:
    folder = make_project(tmp_path)
    facts = folder / "output" / "site.json"
    Site.read(facts).model_copy(update={"titles": {"/": "Home"}}).write(facts)
    with serving(folder, workers="1") as service:
        headers = {"User-Agent": BROWSER, "Content-Type": "text/plain"}
        assert service.ask("POST", "/v", b"/", headers).status == 204
        service.end()
        with service.ledger() as ledger:
            first, last = date(2020, 1, 1), date(2100, 1, 1)
            counts = ledger.read(lambda reading: reading.page_views.by_path(first, last))
    assert counts == [("/", PAGE, 1)]
