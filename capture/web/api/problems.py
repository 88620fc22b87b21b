"""The API's error answers, called problems (RFC 9457): kinds, authentication, validation errors.

There is one kind for each HTTP status.
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from capture.client_access.api_tokens import find_api_token, is_last_use_stale
from capture.errors import Unavailable
from capture.ledger.types import ApiToken
from capture.text import count_noun
from capture.web.services import services

MEDIA_TYPE: Final = "application/problem+json"


class Problem(BaseModel):
    """A problem (RFC 9457)."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="The kind of problem: the place where this document defines it.")
    title: str = Field(description="The kind in words; always the same for one `type`.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong with this request, and how to fix it.")


class FieldError(BaseModel):
    """One invalid value. Exactly one of `pointer`, `parameter` and `header` locates it."""

    model_config = ConfigDict(frozen=True)

    pointer: str | None = Field(
        default=None, description="JSON pointer (RFC 6901) into the body; empty: the complete body."
    )
    parameter: str | None = Field(default=None, description="A parameter of the query.")
    header: str | None = Field(default=None, description="A header of the request.")
    detail: str = Field(description="What is wrong with it.")


class InvalidRequestProblem(Problem):
    """Some values are invalid; the problem lists all of them."""

    errors: list[FieldError] = Field(description="Every invalid value.")


def _is_absent(value: object) -> bool:
    return value is None


class RefusedProblem(Problem):
    """The request is valid, but the lead's stage or terms forbid it."""

    stage: str | None = Field(
        default=None, exclude_if=_is_absent, description="The lead's stage on that track."
    )
    allowed: list[str] | None = Field(
        default=None,
        exclude_if=_is_absent,
        description="The types of event that you may record in this stage.",
    )


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of problem."""

    name: str
    status: int
    title: str
    model: type[Problem] = Problem
    headers: Mapping[str, str] = field(default_factory=dict)
    """The headers of its answers, with a description of each."""


BAD: Final = ProblemKind("BadRequest", 400, "The request cannot be read")
UNAUTHORIZED: Final = ProblemKind(
    "Unauthorized",
    401,
    "A valid token is needed",
    headers={"WWW-Authenticate": "Bearer (RFC 6750); with the error if a token was sent."},
)
NOT_FOUND: Final = ProblemKind("NotFound", 404, "Nothing is here for you")
WRONG_METHOD: Final = ProblemKind("MethodNotAllowed", 405, "This address takes other methods")
NOT_ACCEPTABLE: Final = ProblemKind("NotAcceptable", 406, "Answers are JSON only")
REFUSED: Final = ProblemKind("Refused", 409, "The lead does not allow this", RefusedProblem)
TOO_LARGE: Final = ProblemKind("TooLarge", 413, "The body is too large")
NOT_JSON: Final = ProblemKind("NotJson", 415, "The body must be JSON")
INVALID: Final = ProblemKind("Faulty", 422, "Some values are invalid", InvalidRequestProblem)
TOO_MANY: Final = ProblemKind(
    "TooManyRequests",
    429,
    "Too many requests",
    headers={"Retry-After": "Seconds to wait."},
)
BROKEN: Final = ProblemKind("Broken", 500, "Something broke here")
UNAVAILABLE: Final = ProblemKind(
    "Unavailable",
    503,
    "Our records cannot be reached for the moment",
    headers={"Retry-After": "Seconds to wait."},
)

KINDS: Final = (
    BAD,
    UNAUTHORIZED,
    NOT_FOUND,
    WRONG_METHOD,
    NOT_ACCEPTABLE,
    REFUSED,
    TOO_LARGE,
    NOT_JSON,
    INVALID,
    TOO_MANY,
    BROKEN,
    UNAVAILABLE,
)


class ProblemError(Exception):
    """May be raised anywhere in a request; the answer is the problem."""

    def __init__(
        self,
        kind: ProblemKind,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.headers = headers or {}
        self.members = members

    def problem(self, root: str) -> Problem:
        """The problem. `root` is the path below which the API is mounted."""
        return self.kind.model(
            type=f"{root}/v1/openapi.json#/components/responses/{self.kind.name}",
            title=self.kind.title,
            status=self.kind.status,
            detail=self.detail,
            **self.members,
        )

    def response(self) -> Response:
        """The HTTP response."""
        return Response(
            self.problem(request.script_root).model_dump_json(exclude_none=True),
            self.kind.status,
            self.headers,
            content_type=MEDIA_TYPE,
        )


def invalid_request(problems: Sequence[FieldError]) -> ProblemError:
    """A 422 that lists every invalid value."""
    where = [
        problem.header or problem.parameter or problem.pointer or "the body" for problem in problems
    ]
    return ProblemError(
        INVALID, f"Correct these values: {', '.join(where)}.", errors=list(problems)
    )


# Authentication: a bearer token in the `Authorization` header (RFC 6750), and only there.

_REALM = 'Bearer realm="Gatepost"'


def authenticate(now: datetime) -> ApiToken:
    """The request's token. Raises a 401, or a 429 if the token is used too often."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise ProblemError(
            UNAUTHORIZED,
            "Send `Authorization: Bearer TOKEN`.",
            headers={"WWW-Authenticate": _REALM},
        )
    ledger = services().ledger
    api_token = ledger.read(lambda reading: find_api_token(reading, token.strip()))
    if api_token is None:
        raise ProblemError(
            UNAUTHORIZED,
            "This token is unknown or revoked. Ask the agency for a new one.",
            headers={"WWW-Authenticate": f'{_REALM}, error="invalid_token"'},
        )
    wait = services().api_limit.retry_after_of(f"token {api_token.id}")
    if wait is not None:
        detail = f"Wait {count_noun(wait, 'second')}."
        raise ProblemError(TOO_MANY, detail, headers={"Retry-After": str(wait)})
    if is_last_use_stale(api_token, now):
        with contextlib.suppress(Unavailable):  # reading works without a writable ledger
            ledger.transact(lambda records: records.api.record_token_use(api_token.id, now))
    return api_token


# Validation errors of pydantic, as field errors with a place and a correction.

Model = TypeVar("Model", bound=BaseModel)

_TYPE_ERRORS: Final = frozenset({"union_tag_invalid", "union_tag_not_found"})


def read_query(model: type[Model], client: str) -> Model:
    """The request's query; `client` is the validation context, for cursors and marks.

    Raises a 422 that lists every invalid parameter.
    """
    value = {name: values[0] for name, values in request.args.lists()}
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    problems = [FieldError(parameter=name, detail="Given more than once.") for name in repeated]
    try:
        query = model.model_validate(value, context=client)
    except ValidationError as error:
        problems += [
            FieldError(parameter=".".join(map(str, details["loc"])), detail=_detail(details))
            for details in _validation_errors(error)
        ]
        raise invalid_request(problems) from None
    if problems:
        raise invalid_request(problems)
    return query


def read_body(model: type[Model], value: Any) -> Model:
    """The body as an instance of the model. Raises a 422 that lists every invalid value."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = [
            FieldError(pointer=_pointer(details, value), detail=_detail(details))
            for details in _validation_errors(error)
        ]
        raise invalid_request(problems) from None


def _validation_errors(error: ValidationError) -> Iterable[Any]:
    return error.errors(include_url=False, include_context=True, include_input=False)


def _pointer(details: Any, value: Any) -> str:
    """The JSON pointer (RFC 6901) of an error in the body, without the parts that are no place.

    Below an object with a `type`, pydantic puts that type into the path.
    """
    parts: list[str] = []
    is_type = True
    for part in details["loc"]:
        if is_type and isinstance(value, Mapping) and part == value.get("type"):
            is_type = False
            continue
        parts.append(str(part).replace("~", "~0").replace("/", "~1"))
        value, is_type = _member(value, part), True
    if details["type"] in _TYPE_ERRORS:
        parts.append("type")
    return "".join(f"/{part}" for part in parts)


def _member(value: Any, part: str | int) -> Any:
    """The member of an object or a list; None if there is none."""
    if isinstance(value, Mapping):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int):
        return value[part]
    return None


def _detail(details: Any) -> str:
    text: str = details["msg"].removeprefix("Value error, ")
    if details["type"] in _TYPE_ERRORS:
        known = details.get("ctx", {}).get("expected_tags")
        text = f"must be one of {known}" if known else "is missing"
    elif details["type"] == "model_type":
        text = "must be an object"
    elif details["type"] == "extra_forbidden":
        text = "this name is not allowed here"
    return f"{text[0].upper()}{text[1:]}."
