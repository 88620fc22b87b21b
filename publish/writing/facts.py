"""What a head says, in the types of its model, and a sentence for each key that says it wrongly."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from capture.campaign.problems import near
from publish.writing.head import Fault, Head
from publish.writing.model import PageHead

_STAND_INS: Final[Mapping[str, str]] = {"title": "x", "date": "2000-01-01"}
"""For keys that must be there and are not, so that the others can be read all the same."""
_HOW_TO_GIVE: Final[Mapping[str, str]] = {
    "date": "add a line such as `Date: 2026-11-23` at its head",
    "title": "add a line `Title: ...` at its head",
}


def facts_of(head: Head, model: type[PageHead]) -> tuple[dict[str, Any], list[Fault]]:
    """The keys that are given and right, and what is wrong with the rest."""
    given = {
        key: value
        for key, value in head.values.items()
        if key in model.model_fields and value not in ("", [])  # a line that is still to be filled
    }
    faults = list(_unknown(head, model))
    wrong: set[str] = set()
    try:
        read = model.model_validate(given)
    except ValidationError as error:
        details = error.errors(include_url=False)
        faults += (
            _fault(head, detail)
            for detail in details
            if not (head.is_lost and detail["type"] == "missing")
        )
        wrong = {str(detail["loc"][0]) for detail in details}
        right = {key: value for key, value in given.items() if key not in wrong}
        stand_ins = {key: text for key, text in _STAND_INS.items() if key in wrong}
        read = model.model_validate(stand_ins | right)
    return {key: getattr(read, key) for key in given if key not in wrong}, faults


def _fault(head: Head, detail: ErrorDetails) -> Fault:
    key = str(detail["loc"][0])
    if detail["type"] == "missing":
        mend = _HOW_TO_GIVE.get(key, f"add a line `{key.capitalize()}: ...` at its head")
        return Fault(head.line(key), f"has no {key}: {mend}")
    return Fault(head.line(key), f"`{key}` {detail['msg']}")


def _unknown(head: Head, model: type[PageHead]) -> Iterator[Fault]:
    for key in head.values:
        if key not in model.model_fields:
            hint = near(key, model.model_fields) or ": take it away, or see docs/writer.md"
            told = f"`{key}` is no key that we know{hint}"
            yield Fault(head.line(key), told, "unknown-key")
