"""What pydantic finds wrong with a request, as faults that say where and how to mend it."""

from collections.abc import Iterable
from typing import Any, Final, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from capture.web.api.problems import Fault, faulty

Model = TypeVar("Model", bound=BaseModel)

_TYPE_ERRORS: Final = frozenset({"union_tag_invalid", "union_tag_not_found"})


def read_query(model: type[Model], client: str) -> Model:
    """The parameters of the address, as `client` may send them.

    Raises a 422 that names every faulty one.
    """
    given = {name: values[0] for name, values in request.args.lists()}
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    faults = [Fault(parameter=name, detail="Given more than once.") for name in twice]
    try:
        read = model.model_validate(given, context=client)
    except ValidationError as error:
        faults += [
            Fault(parameter=".".join(map(str, found["loc"])), detail=_words(found))
            for found in _found(error)
        ]
        raise faulty(faults) from None
    if faults:
        raise faulty(faults)
    return read


def read_body(model: type[Model], given: Any) -> Model:
    """The body as the model has it. Raises a 422 that names every faulty value."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        faults = [Fault(pointer=_pointer(found), detail=_words(found)) for found in _found(error)]
        raise faulty(faults) from None


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
