"""An operation of the API: its request, its answer, and the view that handles it.

Routes, validation and the OpenAPI document are all made from these facts, so they always agree.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, NoReturn, TypeVar

from flask import Response, request
from pydantic import BaseModel

from capture.ledger.types import ApiToken
from capture.web.api.problems import (
    BAD,
    BROKEN,
    INVALID,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    NOT_JSON,
    REFUSED,
    TOO_LARGE,
    TOO_MANY,
    UNAUTHORIZED,
    UNAVAILABLE,
    ProblemError,
    ProblemKind,
    authenticate,
    read_body,
    read_query,
)

Query = TypeVar("Query", bound=BaseModel)
Body = TypeVar("Body", bound=BaseModel)

KEY_HEADER: Final = "Idempotency-Key"
KEY_PATTERN: Final = r'^("[!#-\[\]-~]{1,255}"|[!#-\[\]-~]{1,255})$'
"""Visible ASCII, with quotes as in the draft, or without, as many programs send it."""


class Nothing(BaseModel):
    """No query, or no body."""

    model_config = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Request(Generic[Query, Body]):
    """A validated request."""

    api_token: ApiToken
    now: datetime
    query: Query
    body: Body
    key: str
    """The Idempotency-Key; empty if the operation does not need one."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[Query, Body]):
    """One method of one path."""

    name: str
    """The operationId."""
    method: str
    path: str
    """The path below `/api`, in OpenAPI's notation."""
    summary: str
    description: str
    query: type[Query]
    body: type[Body]
    answer: type[BaseModel]
    status: int
    view: Callable[..., str]
    """Takes the `Request`, and the parts of the path by name. Returns the answer as JSON."""
    needs_idempotency_key: bool = False

    @property
    def rule(self) -> str:
        """The path in Flask's notation."""
        return re.sub(r"{(\w+)}", r"<\1>", self.path)

    @property
    def path_names(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    @property
    def problems(self) -> tuple[ProblemKind, ...]:
        """The kinds of problem that it may answer with."""
        kinds = [UNAUTHORIZED, NOT_ACCEPTABLE, INVALID, TOO_MANY, BROKEN, UNAVAILABLE]
        if self.path_names:
            kinds.append(NOT_FOUND)
        if self.body is not Nothing:
            kinds += [BAD, REFUSED, TOO_LARGE, NOT_JSON]
        return tuple(sorted(kinds, key=lambda kind: kind.status))

    def __call__(self, **path: str) -> Response:
        """Handles one request. Raises a problem, or what the view raises."""
        now = datetime.now(UTC)
        api_token = authenticate(now)
        _check_accept()
        query = read_query(self.query, api_token.client)
        key = _idempotency_key() if self.needs_idempotency_key else ""
        body = read_body(self.body, {} if self.body is Nothing else json_body())
        answer = self.view(Request(api_token, now, query, body, key), **path)
        return Response(answer, self.status, content_type="application/json")


AnyOperation = Operation[Any, Any]


def _check_accept() -> None:
    accepted = request.accept_mimetypes
    if accepted and accepted.best_match(["application/json"]) is None:
        raise ProblemError(NOT_ACCEPTABLE, "Accept application/json.")


def _idempotency_key() -> str:
    value = request.headers.get(KEY_HEADER)
    if value is None or not re.fullmatch(KEY_PATTERN, value):
        raise ProblemError(
            BAD,
            f"Send {KEY_HEADER}: a new key for each new event, the same key if you send it again; "
            "1 to 255 visible ASCII characters, a UUID for example.",
        )
    return value.strip('"')


# JSON bodies must be I-JSON (RFC 7493), which every program reads in the same way: UTF-8, no
# duplicate names, no NaN, no number that a double cannot hold.

MAX_NUMBER: Final = 2**53 - 1


def json_body() -> Any:
    """The JSON of the request's body. Raises a problem: 400, 413 or 415."""
    if request.mimetype != "application/json":
        raise ProblemError(NOT_JSON, "Send the body as application/json.")
    if request.content_encoding:
        raise ProblemError(NOT_JSON, "Send the body as it is, without Content-Encoding.")
    body = request.get_data(cache=False)
    if request.content_length is None:
        request.stream.read(1)  # a chunked body is cut at the limit; reading on raises a 413
    try:
        return json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_unique_names,
            parse_constant=_refuse_constant,
            parse_int=_safe_integer,
        )
    except (ValueError, RecursionError) as error:
        raise ProblemError(BAD, f"The body is not valid I-JSON: {_reason(error)}.") from None


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()} at character {error.pos}"
    return str(error)


def _unique_names(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object has the same name twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _safe_integer(digits: str) -> int:
    if len(digits) > len(str(MAX_NUMBER)) or abs(int(digits)) > MAX_NUMBER:
        raise ValueError("a number is too large")
    return int(digits)
