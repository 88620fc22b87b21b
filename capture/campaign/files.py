"""Reads one campaign or client file and reports all its mistakes together, each with its line."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from capture.campaign.client import Client, ClientFile
from capture.campaign.model import SLUG, Campaign, CampaignFile
from capture.campaign.problems import (
    Finding,
    KeyPath,
    Lines,
    dotted,
    has_key,
    join_words,
    nearest,
    suggestion,
    value_at,
)
from capture.campaign.rules import campaign_findings
from capture.campaign.rules.draft import Draft, broken_parts
from capture.campaign.rules.terms import ValidationContext, client_findings
from capture.campaign.template import parse_toml
from capture.campaign.value_types import LANGUAGE, MONTH, NO_LINE, ONE_LINE, TEXT
from capture.errors import FileErrors, Problem, short_path

# The shape of a file: pydantic's errors become one message for each key.

KEYS_OF_OTHER_FILES: Final = {
    "costs": "is not a key of this file, and the client gets a copy of it: put the agency's costs "
    "into <slug>.costs.toml beside it"
}
"""Keys that people put at the top of a campaign file but that belong in another file."""


def shape_findings(data: Mapping[str, Any], model: type[BaseModel]) -> Iterator[Finding]:
    """One finding for each key that does not fit the model."""
    errors: dict[KeyPath, list[ErrorDetails]] = {}
    for details in _errors(data, model):
        path = _key_path(data, details)
        if details["type"] != "too_short" or not value_at(data, path):
            errors.setdefault(path, []).append(details)  # else its entries are reported already
    kinds = {path: details[0]["type"] for path, details in errors.items()}
    unknown = {
        path: _closest_key(path, model) for path in kinds if kinds[path] == "extra_forbidden"
    }
    for path, key_errors in errors.items():
        if path in unknown:
            yield Finding(path, _unknown_key(path, unknown[path], model))
        elif kinds[path] != "missing" or has_key(data, path):
            expected = dict.fromkeys(_expectation(details, path) for details in key_errors)
            yield Finding(path, f"must be {' or '.join(expected)}")
        elif not _is_misplaced(path, unknown):
            yield Finding(path, f"is missing; {_how_to_add(path, model)}")


def _errors(data: Mapping[str, Any], model: type[BaseModel]) -> list[ErrorDetails]:
    try:
        model.model_validate(data)
    except ValidationError as error:
        return error.errors(include_url=False)
    return []


def _key_path(data: Any, details: ErrorDetails) -> KeyPath:
    """The key's path in the file, without the names that pydantic adds for members of a union."""
    path: KeyPath = ()
    for step in details["loc"]:
        if has_key(data, (*path, step)):
            path = (*path, step)
        elif details["type"] == "missing" and isinstance(step, str):
            return (*path, step)
        else:
            break
    return path


def _is_misplaced(missing: KeyPath, unknown: Mapping[KeyPath, str | None]) -> bool:
    """Whether a missing key exists misspelt or in another table, which is reported instead."""
    return any(
        (*wrong[:-1], meant) == missing or (meant is None and wrong[-1:] == missing)
        for wrong, meant in unknown.items()
    )


def _how_to_add(path: KeyPath, model: type[BaseModel]) -> str:
    header = _header(_table_at(model, path[:-1]), str(path[-1]))
    if header is not None:
        return f"add the table [{dotted(path)}{header}]"
    return f"add it under [{dotted(path[:-1])}]" if path[1:] else "add it above the first [table]"


def _header(model: type[BaseModel], name: str) -> str | None:
    """What follows the key in the header of its table.

    `.<name>` if it contains tables, as in `[fields.<name>]`; "" if it contains keys, as in
    `[price]`; None if the key is not a table.
    """
    annotation = model.model_fields[name].annotation
    if get_origin(annotation) is Mapping:
        return ".<name>" if _model_within(annotation) else ""
    return "" if _model_within(annotation) else None


def _closest_key(path: KeyPath, model: type[BaseModel]) -> str | None:
    return nearest(str(path[-1]), _table_at(model, path[:-1]).model_fields)


def _unknown_key(path: KeyPath, meant: str | None, model: type[BaseModel]) -> str:
    """The message for an unknown key: misspelt, in the wrong table, or not known at all."""
    key = str(path[-1])
    here = _table_at(model, path[:-1])
    if key in KEYS_OF_OTHER_FILES and not path[1:]:
        return KEYS_OF_OTHER_FILES[key]
    if meant:
        return f"is not a known key; did you mean `{meant}`?"
    if len(path) > 1 and key in model.model_fields:
        return "is not a key of this table; move it to the top of the file, above the first [table]"
    for name in model.model_fields:
        table = _table_at(model, (name,))
        if table is not model and key in table.model_fields and path[:-1] != (name,):
            return f"is not a key of this table; it belongs under [{name}{_header(model, name)}]"
    return f"is not a known key; the keys here are {', '.join(here.model_fields)}"


def _table_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel]:
    """The model of the table at a path, such as `FormField` for `fields.email`."""
    for step in path:
        if step in model.model_fields:
            model = _model_within(model.model_fields[str(step)].annotation) or model
    return model


def _model_within(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for arg in get_args(annotation) if (model := _model_within(arg))), None)


def _expectation(details: ErrorDetails, path: KeyPath) -> str:
    """What the value should be; the text follows "must be"."""
    limits = details.get("ctx", {})
    if details["type"] in _EXPECTED:
        return _EXPECTED[details["type"]]
    if details["type"] in _EXPECTED_WITH_LIMIT:
        return _EXPECTED_WITH_LIMIT[details["type"]](limits)
    if details["type"] in ("enum", "literal_error"):
        return _one_of(str(limits["expected"]), details["input"])
    if details["type"] in ("model_type", "dict_type", "mapping_type"):
        return f"a table: write [{dotted(path)}] on a line of its own, its keys below"
    if details["type"] == "too_short":
        return "a list of at least one entry"
    return f"different: {details['msg']}"


def _one_of(expected: str, value: Any) -> str:
    words = re.findall(r"'([^']*)'", expected)
    if not words:
        return expected.lower()
    hint = suggestion(value, words) if isinstance(value, str) else ""
    return join_words(words) + hint if len(words) == 1 else f"one of {join_words(words)}{hint}"


def _expected_pattern(limits: Mapping[str, Any]) -> str:
    return {
        ONE_LINE: "text on one line, not blank, with no space before or after it",
        NO_LINE: "text on one line, with no space before or after it",
        TEXT: "text without control characters",
        MONTH: "a month such as 2026-11",
        LANGUAGE: "a language tag such as en or de-AT",
    }[limits["pattern"]]


_EXPECTED = {
    "string_type": "text in quotes",
    "int_type": "a whole number without quotes",
    "bool_type": "true or false, without quotes",
    "date_type": "a date without quotes, such as 2026-11-30",
    "decimal_type": "an amount such as 50.00",
    "decimal_parsing": "an amount such as 50.00",
    "finite_number": "an amount such as 50.00",
    "tuple_type": 'a list in brackets, such as ["one", "two"]',
    "no_visible": "visible text; it has no visible character",
    "missing": "a list of two whole numbers, such as [50, 200]",
}
_EXPECTED_WITH_LIMIT: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "greater_than": lambda limits: f"more than {limits['gt']}",
    "greater_than_equal": lambda limits: f"{limits['ge']} or more",
    "less_than_equal": lambda limits: f"{limits['le']} or less",
    "string_too_short": lambda _: "text; it is empty",
    "string_too_long": lambda limits: f"at most {limits['max_length']} characters long",
    "too_long": lambda limits: f"a list of at most {limits['max_length']} entries",
    "string_pattern_mismatch": _expected_pattern,
}


# Reads a file: from a path to a checked object.

FileModel = TypeVar("FileModel", bound=BaseModel)
MAX_BYTES = 256 * 1024


@dataclass(frozen=True)
class Source:
    """The text of a file, and its path as error messages show it."""

    slug: str
    text: str
    where: str

    def data(self) -> dict[str, Any]:
        """The parsed TOML, with numbers that have a point as `Decimal`. Raises `FileErrors`."""
        return parse_toml(self.text, self.where)

    def problems(self, data: Mapping[str, Any], findings: Iterable[Finding]) -> list[Problem]:
        """The findings as problems, sorted by line."""
        lines = Lines(self.text)
        problems = [
            Problem(self.where, lines.line_of(finding.path), finding.problem_text(data))
            for finding in findings
        ]
        return sorted(problems, key=lambda problem: problem.line or 0)


def read_campaign(path: Path, validation_context: ValidationContext | None = None) -> Campaign:
    """Reads and checks one campaign file; with a context, also its client and gated files.

    Raises `FileErrors` with every mistake.
    """
    return _check(read_source(path), validation_context)


def read_draft(slug: str, raw: bytes, where: str) -> Campaign:
    """Reads a draft of a campaign file from anywhere, and checks it like a campaign file.

    Raises `FileErrors` with every mistake.
    """
    return _check(Source(slug, source_text(raw, where), where), None)


def _check(source: Source, validation_context: ValidationContext | None) -> Campaign:
    data = source.data()
    shape_faults = list(shape_findings(data, CampaignFile))
    draft = Draft.from_data(data, broken_parts([finding.path for finding in shape_faults]))
    missing_files = validation_context.findings(draft) if validation_context else ()
    if findings := [*shape_faults, *campaign_findings(draft), *missing_files]:
        raise FileErrors(source.problems(data, findings))
    return _campaign(source, CampaignFile.model_validate(data))


def parse_campaign(slug: str, text: str, where: str) -> Campaign:
    """Reads the text of a version that was valid earlier, such as one that a lead cites.

    Checks only the shape, so that old leads stay readable after a new rule is added.
    """
    source = Source(slug, text, where)
    return _campaign(source, _check_shape(source, CampaignFile))


def read_client(path: Path, *, is_sound: bool = False) -> Client:
    """Reads and checks one client file. Raises `FileErrors`.

    With `is_sound`, a check found no mistake in this file, so only its shape is checked.
    """
    source = read_source(path)
    file = _check_shape(source, ClientFile)
    if not is_sound and (findings := list(client_findings(file))):
        raise FileErrors(source.problems(source.data(), findings))
    return Client.model_construct(**dict(file), slug=source.slug)


def read_model(path: Path, model: type[FileModel], ending: str) -> tuple[Source, FileModel]:
    """Reads any other kind of file and checks only its shape. Raises `FileErrors`."""
    source = read_source(path, ending)
    return source, _check_shape(source, model)


def read_source(path: Path, ending: str = ".toml") -> Source:
    """Reads the text of a file, with its line ends unchanged. Raises `FileErrors`."""
    where = str(Path(short_path(path.parent)) / path.name)  # the name of a link, not of its target
    slug = path.name.removesuffix(ending)
    if not SLUG.fullmatch(slug) or not path.name.endswith(ending):
        raise _file_error(
            where, f"name it in small letters, digits and single hyphens, such as acme-demo{ending}"
        )
    try:
        raw = path.read_bytes()
    except IsADirectoryError:
        raise _file_error(where, "is a folder; replace it with a file") from None
    except OSError as error:
        raise _file_error(where, f"cannot be read: {error.strerror}") from None
    return Source(slug, source_text(raw, where), where)


def source_text(raw: bytes, where: str) -> str:
    """Decodes a file's bytes. Raises `FileErrors` if they are empty, too large or not UTF-8."""
    if len(raw) > MAX_BYTES:
        raise _file_error(where, "is larger than 256 KiB; is it the right file?")
    if raw.startswith(b"\xef\xbb\xbf"):
        raise _file_error(where, "begins with a byte-order mark; save it as UTF-8 without one")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _file_error(where, "is not UTF-8; save it in that encoding", line) from None
    if not text.strip():
        raise _file_error(where, "is empty; copy one of the other files and change it")
    return text


def _campaign(source: Source, file: CampaignFile) -> Campaign:
    version = sha256(source.text.encode()).hexdigest()
    return Campaign.model_construct(
        **dict(file), slug=source.slug, version=version, text=source.text
    )


def _check_shape(source: Source, model: type[FileModel]) -> FileModel:
    data = source.data()
    if findings := list(shape_findings(data, model)):
        raise FileErrors(source.problems(data, findings))
    return model.model_validate(data)


def _file_error(where: str, message: str, line: int | None = None) -> FileErrors:
    return FileErrors([Problem(where, line, message)])
