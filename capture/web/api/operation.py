"""One thing that the API does: what it takes, what it answers, and the view that does it.

The routes, the checks and the OpenAPI document are all made from these facts, so that none of
them can say other than the others.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

from flask import Response, request
from pydantic import BaseModel

from capture.ledger import Access
from capture.web.api.bearer import caller
from capture.web.api.faults import read_body, read_query
from capture.web.api.problems import (
    BAD,
    BROKEN,
    FAULTY,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    NOT_JSON,
    REFUSED,
    TOO_LARGE,
    TOO_MANY,
    UNAUTHORIZED,
    UNAVAILABLE,
    ProblemFound,
    ProblemKind,
)
from capture.web.api.request_body import json_body

Query = TypeVar("Query", bound=BaseModel)
Body = TypeVar("Body", bound=BaseModel)

KEY_HEADER: Final = "Idempotency-Key"
KEY_PATTERN: Final = r'^("[!#-\[\]-~]{1,255}"|[!#-\[\]-~]{1,255})$'
"""Visible ASCII; in quotes, as the draft has it, or without, as many programs send it."""


class Nothing(BaseModel):
    """No query, or no body."""

    model_config = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Request(Generic[Query, Body]):
    """A request that was read and found sound."""

    access: Access
    now: datetime
    query: Query
    body: Body
    key: str
    """The Idempotency-Key; empty where none is asked for."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[Query, Body]):
    """One method of one address."""

    name: str
    """The operationId."""
    method: str
    path: str
    """As OpenAPI writes it, below `/api`."""
    summary: str
    description: str
    query: type[Query]
    body: type[Body]
    answer: type[BaseModel]
    status: int
    view: Callable[..., str]
    """Given the `Request` and the parts of the path by name; gives the answer as JSON."""
    keyed: bool = False
    """Whether it needs an Idempotency-Key."""

    @property
    def rule(self) -> str:
        """The path as Flask writes it."""
        return re.sub(r"{(\w+)}", r"<\1>", self.path)

    @property
    def path_names(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    @property
    def problems(self) -> tuple[ProblemKind, ...]:
        """What it may answer instead."""
        found = [UNAUTHORIZED, NOT_ACCEPTABLE, FAULTY, TOO_MANY, BROKEN, UNAVAILABLE]
        if self.path_names:
            found.append(NOT_FOUND)
        if self.body is not Nothing:
            found += [BAD, REFUSED, TOO_LARGE, NOT_JSON]
        return tuple(sorted(found, key=lambda kind: kind.status))

    def __call__(self, **path: str) -> Response:
        """Handles one request. Raises a problem, or what the view raises."""
        now = datetime.now(UTC)
        access = caller(now)
        _check_accept()
        query = read_query(self.query, access.client)
        key = _key() if self.keyed else ""
        body = read_body(self.body, {} if self.body is Nothing else json_body())
        answer = self.view(Request(access, now, query, body, key), **path)
        return Response(answer, self.status, content_type="application/json")


AnyOperation = Operation[Any, Any]


def _check_accept() -> None:
    wanted = request.accept_mimetypes
    if wanted and wanted.best_match(["application/json"]) is None:
        raise ProblemFound(NOT_ACCEPTABLE, "Accept application/json.")


def _key() -> str:
    given = request.headers.get(KEY_HEADER)
    if given is None or not re.fullmatch(KEY_PATTERN, given):
        raise ProblemFound(
            BAD,
            f"Send {KEY_HEADER}: a fresh key for each new event, the same key when you send it "
            "again; 1 to 255 visible ASCII characters, a UUID for example.",
        )
    return given.strip('"')
