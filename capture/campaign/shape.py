"""What pydantic finds wrong with the shape of a file, said as one sentence for each key."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from capture.campaign.keypath import KeyPath, holds, value_at
from capture.campaign.kinds import LANGUAGE, MONTH, NO_LINE, ONE_LINE, TEXT
from capture.campaign.problems import Finding, dotted, listed, near, nearest

ELSEWHERE: Final = {
    "costs": "is no key of this file, which the client holds a copy of: put the agency's own costs "
    "into <slug>.costs.toml beside it"
}
"""Keys that people look for at the top of a file and that belong into another one."""


def shape_findings(data: Mapping[str, Any], model: type[BaseModel]) -> Iterator[Finding]:
    """One finding for each key that the model refuses."""
    errors: dict[KeyPath, list[ErrorDetails]] = {}
    for details in _errors(data, model):
        path = _path_in(data, details)
        if details["type"] != "too_short" or not value_at(data, path):
            errors.setdefault(path, []).append(details)  # else its entries are told of already
    kinds = {path: found[0]["type"] for path, found in errors.items()}
    unknown = {path: _meant(path, model) for path in kinds if kinds[path] == "extra_forbidden"}
    for path, found in errors.items():
        if path in unknown:
            yield Finding(path, _unknown_key(path, unknown[path], model))
        elif kinds[path] != "missing" or holds(data, path):
            wishes = dict.fromkeys(_wish(details, path) for details in found)
            yield Finding(path, f"must be {' or '.join(wishes)}")
        elif not _is_elsewhere(path, unknown):
            yield Finding(path, f"is missing; {_addition(path, model)}")


def _errors(data: Mapping[str, Any], model: type[BaseModel]) -> list[ErrorDetails]:
    try:
        model.model_validate(data)
    except ValidationError as error:
        return error.errors(include_url=False)
    return []


def _path_in(data: Any, details: ErrorDetails) -> KeyPath:
    """The key's path in the file, without the names that pydantic gives to the parts of a union."""
    path: KeyPath = ()
    for step in details["loc"]:
        if holds(data, (*path, step)):
            path = (*path, step)
        elif details["type"] == "missing" and isinstance(step, str):
            return (*path, step)
        else:
            break
    return path


def _is_elsewhere(missing: KeyPath, unknown: Mapping[KeyPath, str | None]) -> bool:
    """Whether a missing key is there, misspelt or under the wrong table: then that is told."""
    return any(
        (*slip[:-1], meant) == missing or (meant is None and slip[-1:] == missing)
        for slip, meant in unknown.items()
    )


def _addition(path: KeyPath, model: type[BaseModel]) -> str:
    header = _header(_table_at(model, path[:-1]), str(path[-1]))
    if header is not None:
        return f"add the table [{dotted(path)}{header}]"
    return f"add it under [{dotted(path[:-1])}]" if path[1:] else "add it above the first [table]"


def _header(model: type[BaseModel], name: str) -> str | None:
    """What follows a key in the header of its table: `.<name>` if tables stand in it, as in

    `[fields.<name>]`; nothing if its keys do, as in `[price]`; None if the key is no table.
    """
    annotation = model.model_fields[name].annotation
    if get_origin(annotation) is Mapping:
        return ".<name>" if _model_within(annotation) else ""
    return "" if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _meant(path: KeyPath, model: type[BaseModel]) -> str | None:
    return nearest(str(path[-1]), _table_at(model, path[:-1]).model_fields)


def _unknown_key(path: KeyPath, meant: str | None, model: type[BaseModel]) -> str:
    """An unknown key is a slip of spelling, or it stands under the wrong table header."""
    key = str(path[-1])
    here = _table_at(model, path[:-1])
    if key in ELSEWHERE and not path[1:]:
        return ELSEWHERE[key]
    if meant:
        return f"is no key that we know; did you mean `{meant}`?"
    if len(path) > 1 and key in model.model_fields:
        return "is no key of this table; move it to the top of the file, above the first [table]"
    for name in model.model_fields:
        table = _table_at(model, (name,))
        if table is not model and key in table.model_fields and path[:-1] != (name,):
            return f"is no key of this table; it belongs under [{name}{_header(model, name)}]"
    return f"is no key that we know; the keys here are {', '.join(here.model_fields)}"


def _table_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel]:
    """The model of the table at a path: of `fields.email` it is `FormField`."""
    for step in path:
        if step in model.model_fields:
            model = _model_within(model.model_fields[str(step)].annotation) or model
    return model


def _model_within(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_within(arg))), None)


def _wish(details: ErrorDetails, path: KeyPath) -> str:
    """What the value should be, to stand after "must be"."""
    limits = details.get("ctx", {})
    if details["type"] in _FIXED:
        return _FIXED[details["type"]]
    if details["type"] in _WITH_LIMIT:
        return _WITH_LIMIT[details["type"]](limits)
    if details["type"] in ("enum", "literal_error"):
        return _one_of(str(limits["expected"]), details["input"])
    if details["type"] in ("model_type", "dict_type", "mapping_type"):
        return f"a table: write [{dotted(path)}] on a line of its own, its keys below"
    if details["type"] == "too_short":
        return "filled: at least one entry is needed"
    return f"different: {details['msg']}"


def _one_of(expected: str, value: Any) -> str:
    words = re.findall(r"'([^']*)'", expected)
    if not words:
        return expected.lower()
    hint = near(value, words) if isinstance(value, str) else ""
    return listed(words) + hint if len(words) == 1 else f"one of {listed(words)}{hint}"


def _pattern(limits: Mapping[str, Any]) -> str:
    return {
        ONE_LINE: "text on one line, not blank, with no space before or after it",
        NO_LINE: "text on one line, with no space before or after it",
        TEXT: "text without control characters",
        MONTH: "a month such as 2026-11",
        LANGUAGE: "a language tag such as en or de-AT",
    }[limits["pattern"]]


_FIXED = {
    "string_type": "text in quotes",
    "int_type": "a whole number without quotes",
    "bool_type": "true or false, without quotes",
    "date_type": "a date without quotes, such as 2026-11-30",
    "decimal_type": "an amount such as 50.00",
    "decimal_parsing": "an amount such as 50.00",
    "finite_number": "an amount such as 50.00",
    "tuple_type": 'a list in brackets, such as ["one", "two"]',
    "no_visible": "text that can be read; it has no visible character",
    "missing": "a list of two whole numbers, such as [50, 200]",
}
_WITH_LIMIT: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "greater_than": lambda limits: f"more than {limits['gt']}",
    "greater_than_equal": lambda limits: f"{limits['ge']} or more",
    "less_than_equal": lambda limits: f"{limits['le']} or less",
    "string_too_short": lambda _: "filled: it is empty",
    "string_too_long": lambda limits: f"at most {limits['max_length']} characters long",
    "too_long": lambda limits: f"a list of at most {limits['max_length']} entries",
    "string_pattern_mismatch": _pattern,
}
