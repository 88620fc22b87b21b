"""What went wrong, for programs: RFC 9457, `application/problem+json`, one kind for each status."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from capture.client_access.api_tokens import find_api_token, is_use_old
from capture.errors import Unavailable
from capture.ledger.facts import ApiToken
from capture.text import count_noun
from capture.web.services import services

MEDIA_TYPE: Final = "application/problem+json"


class Problem(BaseModel):
    """A problem (RFC 9457)."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="Which kind of problem: where this document describes it.")
    title: str = Field(description="The kind in words; always the same for one `type`.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong this time, and how to mend it.")


class FieldError(BaseModel):
    """One faulty value. Exactly one of `pointer`, `parameter` and `header` says where it is."""

    model_config = ConfigDict(frozen=True)

    pointer: str | None = Field(
        default=None, description="JSON pointer (RFC 6901) into the body; empty: the whole body."
    )
    parameter: str | None = Field(default=None, description="A parameter of the query.")
    header: str | None = Field(default=None, description="A header of the request.")
    detail: str = Field(description="What is wrong with it.")


class InvalidRequestProblem(Problem):
    """Values that cannot be taken: all of them at once."""

    errors: list[FieldError] = Field(description="Every faulty value.")


class RefusedProblem(Problem):
    """A request that is understood, and that the lead's stage or terms forbid."""

    stage: str | None = Field(default=None, description="Where the lead stands on that track.")
    allowed: list[str] | None = Field(
        default=None, description="The types of event that you may record from there."
    )


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of problem."""

    name: str
    status: int
    title: str
    model: type[Problem] = Problem
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers that its answers carry, with what each says."""


BAD: Final = ProblemKind("BadRequest", 400, "The request cannot be read")
UNAUTHORIZED: Final = ProblemKind(
    "Unauthorized",
    401,
    "A valid token is needed",
    headers={"WWW-Authenticate": "Bearer (RFC 6750); names the error if a token was sent."},
)
NOT_FOUND: Final = ProblemKind("NotFound", 404, "Nothing is here for you")
WRONG_METHOD: Final = ProblemKind("MethodNotAllowed", 405, "This address takes other methods")
NOT_ACCEPTABLE: Final = ProblemKind("NotAcceptable", 406, "Answers are JSON only")
REFUSED: Final = ProblemKind("Refused", 409, "The lead does not allow this", RefusedProblem)
TOO_LARGE: Final = ProblemKind("TooLarge", 413, "The body is too large")
NOT_JSON: Final = ProblemKind("NotJson", 415, "The body must be JSON")
INVALID: Final = ProblemKind("Faulty", 422, "Some values cannot be taken", InvalidRequestProblem)
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


class ProblemFound(Exception):
    """Raised anywhere in a request; answered as a problem."""

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

    def response(self) -> Response:
        """As it is sent."""
        problem = self.kind.model(
            type=f"{request.script_root}/v1/openapi.json#/components/responses/{self.kind.name}",
            title=self.kind.title,
            status=self.kind.status,
            detail=self.detail,
            **self.members,
        )
        return Response(
            problem.model_dump_json(exclude_none=True),
            self.kind.status,
            self.headers,
            content_type=MEDIA_TYPE,
        )


def invalid_request(problems: Sequence[FieldError]) -> ProblemFound:
    """A 422 that names every faulty value."""
    where = [
        problem.header or problem.parameter or problem.pointer or "the body" for problem in problems
    ]
    return ProblemFound(INVALID, f"Mend: {', '.join(where)}.", errors=list(problems))


# Who asks: a bearer token in the `Authorization` header (RFC 6750), and nowhere else.


_REALM = 'Bearer realm="Gatepost"'


def authenticate(now: datetime) -> ApiToken:
    """Raises a 401, or a 429 if the token asks too often."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise ProblemFound(
            UNAUTHORIZED,
            "Send `Authorization: Bearer TOKEN`.",
            headers={"WWW-Authenticate": _REALM},
        )
    ledger = services().ledger
    api_token = ledger.read(lambda reading: find_api_token(reading, token.strip()))
    if api_token is None:
        raise ProblemFound(
            UNAUTHORIZED,
            "This token opens nothing, or no longer. Ask the agency for another.",
            headers={"WWW-Authenticate": f'{_REALM}, error="invalid_token"'},
        )
    wait = services().api_limit.retry_after_of(f"token {api_token.id}")
    if wait is not None:
        wish = f"Wait {count_noun(wait, 'second')}."
        raise ProblemFound(TOO_MANY, wish, headers={"Retry-After": str(wait)})
    if is_use_old(api_token, now):
        with contextlib.suppress(Unavailable):  # who only reads needs no writable ledger
            ledger.transact(lambda records: records.api.record_token_use(api_token.id, now))
    return api_token


# What pydantic finds wrong with a request, as faults that say where and how to mend it.


Model = TypeVar("Model", bound=BaseModel)

_TYPE_ERRORS: Final = frozenset({"union_tag_invalid", "union_tag_not_found"})


def read_query(model: type[Model], client: str) -> Model:
    """The parameters of the address, as `client` may send them.

    Raises a 422 that names every faulty one.
    """
    value = {name: values[0] for name, values in request.args.lists()}
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    problems = [FieldError(parameter=name, detail="Given more than once.") for name in twice]
    try:
        read = model.model_validate(value, context=client)
    except ValidationError as error:
        problems += [
            FieldError(parameter=".".join(map(str, found["loc"])), detail=_words(found))
            for found in _found(error)
        ]
        raise invalid_request(problems) from None
    if problems:
        raise invalid_request(problems)
    return read


def read_body(model: type[Model], value: Any) -> Model:
    """The body as the model has it. Raises a 422 that names every faulty value."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = [
            FieldError(pointer=_pointer(found), detail=_words(found)) for found in _found(error)
        ]
        raise invalid_request(problems) from None


def _found(error: ValidationError) -> Iterable[Any]:
    return error.errors(include_url=False, include_context=True, include_input=False)


def _pointer(found: Any) -> str:
    """RFC 6901. A body is one of several shapes, whose name pydantic puts before the path."""
    if found["type"] in _TYPE_ERRORS:
        return "/type"
    path = (str(part).replace("~", "~0").replace("/", "~1") for part in found["loc"][1:])
    return "".join(f"/{part}" for part in path)


def _words(found: Any) -> str:
    text: str = found["msg"].removeprefix("Value error, ")
    if found["type"] in _TYPE_ERRORS:
        known = found.get("ctx", {}).get("expected_tags")
        text = f"must be one of {known}" if known else "is missing"
    elif found["type"] == "extra_forbidden":
        text = "no such name here"
    return f"{text[0].upper()}{text[1:]}."
