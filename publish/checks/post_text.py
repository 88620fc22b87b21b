"""Reads one file of a post or page, and validates its front matter."""

import hashlib
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from capture.campaign.gated_files import is_pointer
from capture.paths import name_below
from publish.checks.control_characters import (
    control_problems,
    control_problems_of_values,
    without_control_characters,
)
from publish.checks.front_matter import FrontMatter, FrontMatterProblem, read_front_matter
from publish.checks.implied_front_matter import with_implied_keys
from publish.checks.layout import ContentKind, file_at
from publish.checks.model import PageFrontMatter, PostFrontMatter

MODELS: Final[Mapping[ContentKind, type[PageFrontMatter]]] = {
    "post": PostFrontMatter,
    "page": PageFrontMatter,
}


@dataclass(frozen=True)
class PostText:
    """A file as it was read and parsed."""

    front_matter: FrontMatter
    values: Mapping[str, Any]
    """The valid keys of the front matter, in the types of the model."""
    problems: tuple[FrontMatterProblem, ...]
    is_text: bool
    """Whether it could be read, as UTF-8."""
    is_pointer: bool
    """Whether it is a pointer of Git LFS."""


def parse_text(raw: bytes, kind: ContentKind, name: str, unreadable: str = "") -> PostText:
    """Parses the front matter. `unreadable` is why the file could not be read."""
    text = raw.decode("utf-8-sig", errors="replace")
    front_matter = with_implied_keys(read_front_matter(without_control_characters(text)), name)
    not_text = [FrontMatterProblem(1, unreadable)] if unreadable else list(_not_utf8(raw))
    problems = [*not_text, *_control_problems(text, front_matter), *front_matter.problems]
    values, wrong = validate_front_matter(front_matter, MODELS[kind])
    if "url" in values:
        values.setdefault("save_as", file_at(values["url"]))
    if "image" in values:
        values["image"] = (
            f"/{posixpath.normpath(name_below(values['image'], posixpath.dirname(name)))}"
        )
    if not not_text:  # a file that cannot be read has no other problems
        problems += wrong
    return PostText(
        front_matter, values, tuple(problems), is_text=not not_text, is_pointer=is_pointer(raw)
    )


_PLACEHOLDERS: Final[Mapping[str, str]] = {"title": "x", "date": "2000-01-01"}
"""Values for required keys that are missing or wrong, so that the other keys can be validated."""
_HOW_TO_ADD: Final[Mapping[str, str]] = {
    "date": "add a line such as `Date: 2026-11-23` to its front matter",
    "title": "add a line `Title: ...` to its front matter, or begin the text with `# ...`",
}


def validate_front_matter(
    front_matter: FrontMatter, model: type[PageFrontMatter]
) -> tuple[dict[str, Any], list[FrontMatterProblem]]:
    """The valid keys with their values, and the problems of the others."""
    raw = {
        key: value
        for key, value in front_matter.values.items()
        if key in model.model_fields and value not in ("", [])  # a key may have no value yet
    }
    problems: list[FrontMatterProblem] = []
    wrong: set[str] = set()
    try:
        read = model.model_validate(raw)
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems += (
            _problem(front_matter, detail)
            for detail in details
            if not (front_matter.is_unreadable and detail["type"] == "missing")
        )
        wrong = {str(detail["loc"][0]) for detail in details}
        valid = {key: value for key, value in raw.items() if key not in wrong}
        placeholders = {key: text for key, text in _PLACEHOLDERS.items() if key in wrong}
        read = model.model_validate(placeholders | valid)
    return {key: getattr(read, key) for key in raw if key not in wrong}, problems


def _problem(front_matter: FrontMatter, detail: ErrorDetails) -> FrontMatterProblem:
    key = str(detail["loc"][0])
    if detail["type"] == "missing":
        fix = _HOW_TO_ADD.get(key, f"add a line `{key.capitalize()}: ...` to its front matter")
        return FrontMatterProblem(front_matter.line(key), f"has no {key}: {fix}")
    fixes = tuple(detail.get("ctx", {}).get("fixes", ()))
    message = f"`{key}` {detail['msg']}"
    return FrontMatterProblem(front_matter.line(key), message, key=key, fixes=fixes)


def _control_problems(text: str, front_matter: FrontMatter) -> Iterator[FrontMatterProblem]:
    for line, message, edits in control_problems(text):
        yield FrontMatterProblem(line, message, "control-character", edits)
    for path, message in control_problems_of_values(front_matter.values):
        line = front_matter.line(*path)
        yield FrontMatterProblem(line, f"`{path[0]}` {message}", "control-character")


def _not_utf8(raw: bytes) -> Iterator[FrontMatterProblem]:
    """The problem of a file that is not UTF-8 text."""
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        yield FrontMatterProblem(line, "is not UTF-8 text: save the file as UTF-8")


def read_bytes(path: Path) -> tuple[bytes, str]:
    """The content of a file, and why it cannot be read."""
    try:
        return path.read_bytes(), ""
    except OSError as error:
        return b"", f"cannot be read: {error.strerror}"


def digest_of(raw: bytes) -> bytes:
    """The hash of a file."""
    return hashlib.sha256(raw).digest()
