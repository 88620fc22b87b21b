"""An unexpected error is logged with its type and stack, without anything that a visitor sent."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from capture.signed_links import LinkSigner
from capture.web.sender import without_messages
from gatepost.server.http_worker import Worker
from gatepost.server.serve import _Server
from tests.service import GUIDE, person

SECRET = "ann@secret.example"


def broken(*_: object, **__: object) -> Any:
    """Fails with what somebody sent in its message, and in that of its cause."""
    try:
        return {}[SECRET]
    except KeyError as error:
        raise ValueError(f"cannot read {SECRET}") from error


def entry(caplog: pytest.LogCaptureFixture) -> str:
    """The complete log, which contains no personal data."""
    text = caplog.text
    assert "secret" not in text
    return text


def test_a_page_that_fails_is_logged_by_its_route_and_stack(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(LinkSigner, "read_download", broken)
    answer = client.get(f"/d/a-secret-token?who={SECRET}")
    assert (answer.status_code, "The fault is ours" in answer.text) == (500, True)
    text = entry(caplog)
    assert "GET /d/<token>: ValueError\n  File " in text
    assert "\ncaused by KeyError\n  File " in text
    assert text.count("in broken\n") == 2


def test_a_form_that_fails_is_logged_without_its_values(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("capture.web.public.form.receive_submission", broken)
    answer = client.post(f"/f/{GUIDE}", data=person(email=SECRET, full_name="Ann Secret"))
    assert answer.status_code == 500
    text = entry(caplog)
    assert "POST /f/<slug>: ValueError" in text
    assert "Ann" not in text


@pytest.mark.parametrize("path", ["/f/none/thanks?t=a-secret", "/api/v1/leads?secret=1"])
def test_an_error_after_the_view_is_logged_in_the_same_way(
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    path: str,
) -> None:
    monkeypatch.setattr("flask.app.Flask.process_response", broken)
    assert client.get(path).status_code == 500
    text = entry(caplog)
    assert "ValueError" in text
    assert "in broken\n" in text


def test_the_servers_own_log_contains_no_exception_message(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """gunicorn logs what fails while an answer is sent."""
    monkeypatch.setattr("gatepost.server.serve.gc", SimpleNamespace(freeze=list, set_threshold=int))
    served = SimpleNamespace(
        _ledger=SimpleNamespace(start=lambda: None),
        _app=None,
        _write_views=lambda: None,
        _has_desk=False,
    )
    log = logging.getLogger("gunicorn.error")
    try:
        _Server.load(served)
        worker = SimpleNamespace(log=log, _refusal_headers={})
        with caplog.at_level(logging.ERROR, log.name):
            try:
                broken()
            except ValueError as error:
                Worker._answer_error(worker, SimpleNamespace(sendall=lambda _: None), error)
    finally:
        log.removeFilter(without_messages)
    text = entry(caplog)
    assert "Error handling a request\nValueError\n  File " in text
