"""A body of JSON, read strictly: what two programs could read as two things is refused (RFC 7493).

I-JSON: UTF-8, no name twice, no NaN, no number that a double cannot hold.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from flask import request

from capture.web.api.problems import BAD, NOT_JSON, ProblemFound

LARGEST_NUMBER: Final = 2**53 - 1


def json_body() -> Any:
    """The request's body. Raises a problem: 400, 413 or 415."""
    if request.mimetype != "application/json":
        raise ProblemFound(NOT_JSON, "Send the body as application/json.")
    if request.content_encoding:
        raise ProblemFound(NOT_JSON, "Send the body as it is, without Content-Encoding.")
    sent = request.get_data(cache=False)
    if request.content_length is None:
        request.stream.read(1)  # a chunked body is cut at the limit; reading on raises a 413
    try:
        return json.loads(
            sent.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_whole,
        )
    except (ValueError, RecursionError) as error:
        raise ProblemFound(BAD, f"The body is no JSON of ours: {_why(error)}.") from None


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()} at character {error.pos}"
    return str(error)


def _unique(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _whole(digits: str) -> int:
    if len(digits) > len(str(LARGEST_NUMBER)) or abs(int(digits)) > LARGEST_NUMBER:
        raise ValueError("a number is too large")
    return int(digits)
