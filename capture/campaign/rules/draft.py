"""The parts of a campaign file that the rules can check: those with a valid shape."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from capture.campaign.model import (
    CampaignFile,
    Caps,
    Confirm,
    Criterion,
    Duplicates,
    FormField,
    Price,
    Review,
)
from capture.campaign.problems import KeyPath
from capture.campaign.quarantine import Quarantine


@dataclass(frozen=True)
class Draft:
    """A campaign file that may have mistakes; missing and malformed parts are left out.

    In this way, one mistake does not hide the others.
    """

    client: str | None = None
    currency: str | None = None
    time_zone: str | None = None
    opens: date | None = None
    closes: date | None = None
    kind: str | None = None
    assets: tuple[str, ...] | None = None
    consent: str | None = None
    fields: Mapping[str, FormField] = field(default_factory=dict)
    criteria: Mapping[str, Criterion] = field(default_factory=dict)
    price: Price | None = None
    review: Review | None = None
    duplicates: Duplicates | None = None
    caps: Caps | None = None
    confirm: Confirm | None = None
    quarantine: Quarantine | None = None
    malformed: frozenset[str] = frozenset()
    """Names of fields that are in the file but have a wrong shape."""

    @classmethod
    def from_data(cls, data: Mapping[str, Any], broken: frozenset[KeyPath]) -> Self:
        """The draft from the data of a file and the paths of its malformed parts."""
        parts = {
            name: _valid_part(name, data[name], broken)
            for name in CampaignFile.model_fields.keys() & data.keys() & _ADAPTERS.keys()
            if (name,) not in broken
        }
        malformed = frozenset(
            str(path[1]) for path in broken if path[:1] == ("fields",) if path[1:]
        )
        known = {name: part for name, part in parts.items() if part is not None}
        known.setdefault("assets", None if ("assets",) in broken else ())
        return cls(**known, malformed=malformed)


def broken_parts(paths: list[KeyPath]) -> frozenset[KeyPath]:
    """The smallest parts to leave out because of mistakes at these paths."""
    return frozenset(
        path[:2] if path[0] in ("fields", "criteria") and path[1:] else path[:1] for path in paths
    )


_ADAPTERS: Mapping[str, TypeAdapter[Any]] = {
    name: TypeAdapter(info.rebuild_annotation())
    for name, info in CampaignFile.model_fields.items()
    if name in Draft.__dataclass_fields__
}


def _valid_part(name: str, value: Any, broken: frozenset[KeyPath]) -> Any:
    if isinstance(value, Mapping):
        value = {key: part for key, part in value.items() if (name, key) not in broken}
    try:
        return _ADAPTERS[name].validate_python(value)
    except ValidationError:
        return None  # no entry of the part was valid
