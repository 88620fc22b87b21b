"""The server worker: the app gets a complete body, or the request is refused."""

import io
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.errors import NoMoreData, UnsupportedTransferCoding
from gunicorn.http.unreader import IterUnreader

from capture.web.config import MAX_BODY, MAX_UPLOAD
from gatepost.server.http_worker import (
    BodyRefused,
    _ConnectionDropped,
    _drop,
    check_coding,
    read_complete_body,
    send_refusal,
)


class SlowReader(LengthReader):
    """A body that needs a tenth of a second to arrive."""

    def read(self, size: int) -> bytes:
        gevent.sleep(0.1)
        data: bytes = super().read(size)
        return data


class UnreadableReader(LengthReader):
    """A body that must not be read."""

    def read(self, size: int) -> bytes:
        raise AssertionError(size)


def make_request(
    *chunks: bytes,
    length: int | None = None,
    reader: type = LengthReader,
    method: str = "POST",
    path: str = "/",
) -> Any:
    """A request of which gunicorn has read the head. Without a length the body is chunked."""
    req = SimpleNamespace(
        method=method,
        path=path,
        headers=[],
        closed=False,
        trailers=[],
        _expected_100_continue=False,
    )
    source = IterUnreader(chunks)
    req.body = Body(ChunkedReader(req, source) if length is None else reader(source, length))
    req.force_close = lambda: setattr(req, "closed", True)
    return req


class Connection:
    """A connection that keeps the data sent through it."""

    def __init__(self) -> None:
        self.sent = b""

    def sendall(self, data: bytes) -> None:
        self.sent += data


def test_the_app_gets_the_complete_body() -> None:
    for req in (
        make_request(b"la", b"te", length=4),
        make_request(b"2\r\nla\r\n2\r\nte\r\n0\r\n\r\n"),
    ):
        read_complete_body(req, Connection())
        assert isinstance(req.body, io.BytesIO)
        assert (req.body.read(), req.closed) == (b"late", False)


def test_a_body_that_does_not_arrive_times_out() -> None:
    with pytest.raises(BodyRefused) as refused:
        read_complete_body(
            make_request(b"late", length=4, reader=SlowReader), Connection(), seconds=0.01
        )
    assert refused.value.status == "408 Request Timeout"
    read_complete_body(make_request(b"late", length=4, reader=SlowReader), Connection())


def test_the_time_limit_is_for_the_complete_body() -> None:
    req = make_request(*[b"x"] * 400, length=400)
    unreader = req.body.reader.unreader
    read_chunk = unreader.chunk

    def read_slowly(hint: int | None = None) -> bytes:
        gevent.sleep(0.005)
        chunk: bytes = read_chunk(hint)
        return chunk

    unreader.chunk = read_slowly
    with pytest.raises(BodyRefused, match="did not arrive in time"):
        read_complete_body(req, Connection(), seconds=0.05)


@pytest.mark.parametrize("chunks", [(b"ema",), ()])
def test_an_incomplete_body_is_refused(chunks: tuple[bytes, ...]) -> None:
    with pytest.raises(BodyRefused) as refused:
        read_complete_body(make_request(*chunks, length=4), Connection())
    assert refused.value.status == "400 Bad Request"


def test_an_incomplete_chunked_body_is_refused() -> None:
    with pytest.raises(BodyRefused, match="did not arrive completely"):
        read_complete_body(make_request(b"8\r\nema"), Connection())
    with pytest.raises(NoMoreData):  # the error of gunicorn itself
        make_request(b"8\r\nema").body.read(10)


@pytest.mark.parametrize(
    ("method", "length"), [("POST", MAX_BODY + 1), ("GET", 5), ("PUT", 5), ("HEAD", 5)]
)
def test_a_body_that_is_not_accepted_is_not_read_and_closes_the_connection(
    method: str, length: int
) -> None:
    req = make_request(b"x", length=length, reader=UnreadableReader, method=method)
    req._expected_100_continue = True
    connection = Connection()
    read_complete_body(req, connection)
    assert (req.closed, connection.sent) == (True, b"")


def test_a_chunked_body_is_read_only_up_to_the_limit() -> None:
    chunk = b"%X\r\n%b\r\n" % (1024, b"x" * 1024)
    req = make_request(*[chunk] * 1000)
    read_complete_body(req, Connection())
    assert (len(req.body.read()), req.closed) == (MAX_BODY + 1, True)


def test_only_an_upload_may_be_longer_than_other_forms() -> None:
    content = b"x" * (MAX_BODY + 1)
    upload = make_request(content, length=len(content), path="/desk/payments/import")
    read_complete_body(upload, Connection())
    assert (len(upload.body.read()), upload.closed) == (len(content), False)
    for path, length in (
        ("/desk/payments/import", MAX_UPLOAD + 1),
        ("/desk/payments/all", len(content)),
    ):
        req = make_request(b"x", length=length, reader=UnreadableReader, path=path)
        read_complete_body(req, Connection())
        assert req.closed


def test_a_client_that_expects_100_continue_gets_it_once() -> None:
    req, connection = make_request(b"late", length=4), Connection()
    req._expected_100_continue = True
    read_complete_body(req, connection)
    assert connection.sent == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert req._expected_100_continue is False


def test_a_request_without_a_body_keeps_its_connection() -> None:
    req = make_request(length=0, reader=UnreadableReader, method="GET")
    read_complete_body(req, Connection())
    assert not req.closed


@pytest.mark.parametrize(
    "coding",
    ["gzip, chunked", "gzip,chunked", "identity, chunked", "deflate", "x", "", "chunked, "],
)
def test_only_chunked_is_an_accepted_transfer_coding(coding: str) -> None:
    with pytest.raises(UnsupportedTransferCoding):
        check_coding(SimpleNamespace(headers=[("TRANSFER-ENCODING", coding)]))


def test_chunked_is_accepted_in_any_case() -> None:
    headers = [("TRANSFER-ENCODING", "Chunked"), ("CONTENT-ENCODING", "gzip")]
    check_coding(SimpleNamespace(headers=headers))


@pytest.mark.parametrize("path", ["/guide/", "/api/v1/leads"])
def test_a_refusal_declares_its_length_in_bytes_and_has_the_headers_of_the_app(path: str) -> None:
    connection = Connection()
    req, headers = SimpleNamespace(path=path), {"X-Content-Type-Options": "nosniff"}
    send_refusal(connection, "400 Bad Request", "“Größe” ist falsch.", req, headers)
    head, _, body = connection.sent.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert f"Content-Length: {len(body)}".encode() in lines
    assert b"X-Content-Type-Options: nosniff" in lines


@pytest.mark.parametrize("next_request_comes_first", [False, True])
def test_a_connection_is_dropped_only_while_it_is_idle(next_request_comes_first: bool) -> None:
    ends: list[str] = []
    idle: set[gevent.Greenlet] = set()

    def serve() -> None:
        try:
            gevent.sleep(0.01)
            ends.append("answered")
        except _ConnectionDropped:
            ends.append("dropped")

    connection = gevent.spawn(serve)
    gevent.sleep(0)  # it starts
    idle.add(connection)
    _drop(connection, idle)
    if next_request_comes_first:
        idle.discard(connection)
    connection.join()
    assert ends == ["answered" if next_request_comes_first else "dropped"]
