"""gatepost.turns: in one process posts take turns, and nobody else waits for them."""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from capture.web.app import LARGEST_BODY
from gatepost.turns import Turns


class Slow:
    """An app whose posts wait until they are let go; it notes how many are under way at once."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.inside = threading.Semaphore(0)
        self.lock = threading.Lock()
        self.now = self.most = 0
        self.bodies: list[bytes] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            with self.lock:
                self.now += 1
                self.most = max(self.most, self.now)
            self.inside.release()
            self.go.wait(10)
            self.bodies.append(environ["wsgi.input"].read())
            with self.lock:
                self.now -= 1
        start_response("200 OK", [])
        return [b"done"]


def ask(app: Any, method: str, data: bytes = b"") -> str:
    return run_wsgi_app(app, EnvironBuilder(method=method, data=data).get_environ())[1]


@pytest.fixture
def slow() -> Iterator[Slow]:
    app = Slow()
    yield app
    app.go.set()


def test_posts_take_turns(slow: Slow) -> None:
    app = Turns(slow, patience=10)
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(ask, app, "POST", b"%d" % number) for number in range(4)]
        assert slow.inside.acquire(timeout=10)
        assert not slow.inside.acquire(timeout=0.2)
        slow.go.set()
        assert {answer.result(10) for answer in answers} == {"200 OK"}
    assert slow.most == 1
    assert sorted(slow.bodies) == [b"0", b"1", b"2", b"3"]


def test_a_post_that_waited_long_enough_goes_on(slow: Slow) -> None:
    app = Turns(slow, patience=0.01)
    with ThreadPoolExecutor(2) as threads:
        answers = [threads.submit(ask, app, "POST") for _ in range(2)]
        assert slow.inside.acquire(timeout=10)
        assert slow.inside.acquire(timeout=10)
        slow.go.set()
        assert {answer.result(10) for answer in answers} == {"200 OK"}
    assert ask(app, "POST") == "200 OK"


def test_a_page_does_not_wait_for_a_post(slow: Slow) -> None:
    app = Turns(slow, patience=10)
    with ThreadPoolExecutor(1) as threads:
        post = threads.submit(ask, app, "POST")
        assert slow.inside.acquire(timeout=10)
        assert ask(app, "GET") == "200 OK"
        slow.go.set()
        assert post.result(10) == "200 OK"


def test_a_post_that_is_slow_to_arrive_holds_nobody_up() -> None:
    class Sender:
        arrived = threading.Event()

        def read(self, _: int) -> bytes:
            assert self.arrived.wait(10)
            return b"late"

    sender, told = Sender(), Slow()
    told.go.set()
    app = Turns(told)
    late = EnvironBuilder(method="POST").get_environ() | {"wsgi.input": sender}
    with ThreadPoolExecutor(1) as threads:
        post = threads.submit(run_wsgi_app, app, late)
        assert ask(app, "POST", b"soon") == "200 OK"
        sender.arrived.set()
        post.result(10)
    assert told.bodies == [b"soon", b"late"]


def test_a_body_that_is_too_long_is_left_unread() -> None:
    class Unread:
        def read(self, _: int) -> bytes:
            raise AssertionError("read")

    def refuse(_: object, start_response: Any) -> Iterable[bytes]:
        start_response("413 Too Long", [])
        return []

    long = {"wsgi.input": Unread(), "CONTENT_LENGTH": str(LARGEST_BODY + 1)}
    environ = EnvironBuilder(method="POST").get_environ() | long
    assert run_wsgi_app(Turns(refuse), environ)[1] == "413 Too Long"
