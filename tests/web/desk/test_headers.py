"""The headers of every answer of the desk: pages, files, redirects and errors, also behind TLS."""

from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

import pytest
from werkzeug.test import TestResponse

from capture.errors import Unavailable
from capture.web.api.app import HEADERS as API_HEADERS
from capture.web.app import create_desk_app
from capture.web.config import DESK_PATH as PREFIX
from capture.web.config import MAX_BODY
from capture.web.desk import clients
from tests.service import web_config
from tests.web.desk.conftest import DESK_CONFIG, Browser, DeskWorld
from tests.web.desk.test_rules import desk_app, routes

LOCAL = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": None,
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
"""On a development machine, without TLS."""
BEHIND_TLS = LOCAL | {"Strict-Transport-Security": "max-age=63072000"}


def check(answer: TestResponse, expected: dict[str, str | None], where: object) -> None:
    """Fails unless the answer has each header once, with this value; None: not at all."""
    for name, value in expected.items():
        assert answer.headers.getlist(name) == ([] if value is None else [value]), (where, name)


def test_every_route_answers_with_the_headers_of_the_desk(desk: DeskWorld) -> None:
    browser = desk.user("ada")
    browser.get("/no/such")  # a page with the token of its forms
    statuses = set()
    for endpoint, method, path in routes(desk_app(desk.app)):
        if endpoint == "login.leave":
            continue
        data = {"csrf_token": browser.token} if method == "POST" else None
        answer = browser.client.open(f"{PREFIX}{path}", method=method, data=data)
        check(answer, LOCAL, (endpoint, method, answer.status_code))
        statuses.add(answer.status_code)
    assert {200, 303, 404} <= statuses


def test_a_file_of_the_desk_is_kept_by_browsers_and_has_the_other_headers(desk: DeskWorld) -> None:
    page = desk.browser().get("/login").text
    path = page.partition('href="')[2].partition('"')[0]
    answer = desk.browser().client.get(path)
    assert answer.status_code == 200
    check(answer, LOCAL | {"Cache-Control": "public, max-age=31536000, immutable"}, path)


def test_a_download_is_not_stored(desk: DeskWorld) -> None:
    desk.world.take()
    browser = desk.user("ada")
    browser.get("/leads")
    version = desk.world.terms["guide"].version
    files = (
        browser.post("/leads/export", format="csv"),
        browser.get(f"/campaigns/guide/versions/{version}/agreement.pdf"),
    )
    for answer in files:
        assert "attachment" in answer.headers["Content-Disposition"], answer.text
        check(answer, LOCAL, answer.content_type)


ERRORS: dict[int, Callable[[Browser], TestResponse]] = {
    400: lambda browser: browser.client.post(f"{PREFIX}/login", data={"name": "ada"}),
    404: lambda browser: browser.get("/no/such"),
    405: lambda browser: browser.client.put(f"{PREFIX}/leads"),
    413: lambda browser: browser.post("/login", name="x" * (MAX_BODY + 1)),
    422: lambda browser: browser.post("/login", name="ada"),
}
"""By status: a request that is answered with it."""


@pytest.mark.parametrize("status", ERRORS)
def test_an_error_is_a_page_with_the_headers(desk: DeskWorld, status: int) -> None:
    browser = desk.user("ada")
    browser.get("/clients")  # a page with the token of its forms
    answer = ERRORS[status](browser)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    check(answer, LOCAL, status)
    assert status != 405 or "GET" in answer.headers["Allow"]


def test_too_many_logins_are_answered_with_the_headers(desk: DeskWorld) -> None:
    browser = desk.browser()
    answers = [browser.log_in("ada", "wrong words here") for _ in range(11)]
    assert answers[-1].status_code == 429
    check(answers[-1], LOCAL, 429)


@pytest.mark.parametrize(("error", "status"), [(Unavailable("busy"), 503), (ValueError(), 500)])
def test_a_page_that_fails_is_answered_with_the_headers(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    browser = desk.user("ada")
    monkeypatch.setattr(clients, "desk_page", fail)
    answer = browser.get("/clients")
    assert answer.status_code == status
    check(answer, LOCAL, status)


def test_behind_tls_every_answer_asks_for_https(desk: DeskWorld) -> None:
    config = replace(DESK_CONFIG, url="https://desk.example")
    app = create_desk_app(web_config(desk.folder, desk=config), desk.world.ledger)
    client = app.test_client()
    for endpoint, method, path in routes(desk_app(app)):
        answer = client.open(f"{PREFIX}{path}", method=method, base_url=config.url)
        check(answer, BEHIND_TLS, (endpoint, method, answer.status_code))
    for path, status in {"/": 303, "/healthz": 200, "/no/such": 404}.items():
        answer = client.get(path, base_url=config.url)
        assert answer.status_code == status
        check(answer, BEHIND_TLS | API_HEADERS | {"X-Robots-Tag": None}, path)
