"""What went wrong, for programs: RFC 9457, `application/problem+json`, one kind for each status."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE: Final = "application/problem+json"


class Problem(BaseModel):
    """A problem (RFC 9457)."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="Which kind of problem: where this document describes it.")
    title: str = Field(description="The kind in words; always the same for one `type`.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong this time, and how to mend it.")


class Fault(BaseModel):
    """One faulty value. Exactly one of `pointer`, `parameter` and `header` says where it is."""

    model_config = ConfigDict(frozen=True)

    pointer: str | None = Field(
        default=None, description="JSON pointer (RFC 6901) into the body; empty: the whole body."
    )
    parameter: str | None = Field(default=None, description="A parameter of the query.")
    header: str | None = Field(default=None, description="A header of the request.")
    detail: str = Field(description="What is wrong with it.")


class FaultyProblem(Problem):
    """Values that cannot be taken: all of them at once."""

    errors: list[Fault] = Field(description="Every faulty value.")


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
FAULTY: Final = ProblemKind("Faulty", 422, "Some values cannot be taken", FaultyProblem)
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
    FAULTY,
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


def faulty(faults: Sequence[Fault]) -> ProblemFound:
    """A 422 that names every faulty value."""
    where = [fault.header or fault.parameter or fault.pointer or "the body" for fault in faults]
    return ProblemFound(FAULTY, f"Mend: {', '.join(where)}.", errors=list(faults))
