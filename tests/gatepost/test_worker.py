"""gatepost.worker: a body is read whole before the app is called, within a time."""

import io
from collections.abc import Iterable
from typing import Any

import gevent
import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from capture.web.app import LARGEST_BODY
from gatepost.worker import WholeBody


class Slow:
    """A body that needs a tenth of a second to arrive."""

    def read(self, _: int) -> bytes:
        gevent.sleep(0.1)
        return b"late"


class Unread:
    """A body that nobody may read."""

    def read(self, _: int) -> bytes:
        raise AssertionError("read")


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [environ["wsgi.input"].read()]


def post(app: Any, body: Any, **more: str) -> tuple[str, bytes]:
    environ = EnvironBuilder(method="POST").get_environ() | {"wsgi.input": body} | more
    answer, status, _ = run_wsgi_app(app, environ)
    return status, b"".join(answer)


@pytest.mark.parametrize(("body", "read"), [(Slow(), b"late"), (io.BytesIO(b"soon"), b"soon")])
def test_the_app_finds_the_whole_body(body: Any, read: bytes) -> None:
    assert post(WholeBody(echo), body) == ("200 OK", read)


def test_a_body_that_does_not_arrive_is_not_waited_for() -> None:
    assert post(WholeBody(echo, seconds=0.01), Slow()) == ("408 Request Timeout", b"")


def test_a_body_that_breaks_off_is_refused() -> None:
    whole = WholeBody(echo)
    assert post(whole, io.BytesIO(b"ema"), CONTENT_LENGTH="4") == ("400 Bad Request", b"")
    assert post(whole, io.BytesIO(b"emai"), CONTENT_LENGTH="4") == ("200 OK", b"emai")


def test_a_body_that_is_too_long_is_left_unread() -> None:
    def refuse(_: object, start_response: Any) -> Iterable[bytes]:
        start_response("413 Too Long", [])
        return []

    said = str(LARGEST_BODY + 1)
    assert post(WholeBody(refuse), Unread(), CONTENT_LENGTH=said) == ("413 Too Long", b"")
