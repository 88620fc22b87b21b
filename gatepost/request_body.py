"""The body of a request: all of it is there before the app is called, within a time.

Works on gunicorn's request, before its WSGI environment is made.
"""

import io
from typing import Any, Final

import gevent
from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.errors import NoMoreData, UnsupportedTransferCoding

from capture.web.app import LARGEST_BODY

BODY_SECONDS: Final = 15.0
"""How long any body may take to arrive, all in all; longer ones get more by `LEAST_RATE`."""
CUT_OFF: Final = "The body did not arrive whole"
LEAST_RATE: Final = 4096
"""Bytes a second that a body must come with at least, once `BODY_SECONDS` are used up."""


class BodyRefused(Exception):
    """The body is not taken; `status` is what to answer."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def check_coding(req: Any) -> None:
    """Raises gunicorn's own error (501) for a transfer coding that is not `chunked` alone.

    gunicorn takes `gzip, chunked` and hands the packed bytes on. The rest of RFC 9112, section 6,
    it refuses itself (400): chunked twice or not at the end, or beside a Content-Length.
    """
    for name, value in req.headers:
        if name == "TRANSFER-ENCODING" and value.strip(" \t").lower() != "chunked":
            raise UnsupportedTransferCoding(value)


def take_body(req: Any, sock: Any, seconds: float = BODY_SECONDS) -> None:
    """Puts the whole body of a POST in place of the one that is still to come.

    What nobody will read, or is too long, stays where it is, and the connection ends after the
    answer. Raises `BodyRefused` for a body that is too slow, or that breaks off.
    """
    expects, req._expected_100_continue = req._expected_100_continue, False
    length = _promised(req)
    if length == 0:
        return
    if req.method != "POST" or (length is not None and length > LARGEST_BODY):
        req.force_close()
        return
    if expects:
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = None
    most = LARGEST_BODY if length is None else length
    with gevent.Timeout(seconds + most / LEAST_RATE, exception=False):
        try:
            body = req.body.read(LARGEST_BODY + 1)
        except NoMoreData:
            raise BodyRefused("400 Bad Request", CUT_OFF) from None
    if body is None:
        raise BodyRefused("408 Request Timeout", "The body did not arrive in time")
    if length is not None and len(body) < length:
        raise BodyRefused("400 Bad Request", CUT_OFF)
    if len(body) > LARGEST_BODY:
        req.force_close()  # more of it may be on its way; the app refuses it by its length
    req.body = io.BytesIO(body)


def _promised(req: Any) -> int | None:
    """The length that the request promises, in bytes; None for one that comes in chunks."""
    reader = req.body.reader
    if isinstance(reader, ChunkedReader):
        return None
    return reader.length if isinstance(reader, LengthReader) else 0
