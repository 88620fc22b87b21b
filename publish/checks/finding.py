"""What a rule found in a file, and whether it stops the build."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from capture.campaign.problems import suggestion
from capture.errors import Problem, Refused

Level = Literal["error", "warning", "off"]

FIXED: Final = frozenset(
    {"front-matter", "link", "picture", "form", "gated", "address", "unclosed"}
)
"""Rules that keep the site whole: always errors, since a build could not go on without them."""

LEVELS: Final[Mapping[str, Level]] = {
    "unknown-key": "error",
    "title": "error",
    "summary": "error",
    "alt": "error",
    "headings": "error",
    "anchor": "error",
    "dead-link": "error",
    "vanished": "error",
    "active-content": "error",
    "file-content": "error",
    "preview": "warning",
    "tag-spelling": "warning",
    "orphan": "warning",
    "same-title": "warning",
    "closed-campaign": "warning",
}
"""Rules that a project may set otherwise, with `WRITING_RULES` in pelicanconf.py."""


@dataclass(frozen=True)
class Finding:
    """One thing to mend, and the rule that asks for it."""

    path: str
    line: int | None
    message: str
    rule: str
    in_draft: bool = False
    """Found in a post that nobody reads yet: what a rule asks of readers' pages only warns here."""

    @property
    def problem(self) -> Problem:
        """The finding as every refusal tells it."""
        return Problem(self.path, self.line, self.message)


def levels_from(value: Mapping[str, str]) -> Mapping[str, Level]:
    """The level of each rule, from `WRITING_RULES`. Raises `Refused` for what is none."""
    levels: dict[str, Level] = dict(LEVELS)
    for rule, level in value.items():
        if rule in FIXED:
            raise Refused(f"WRITING_RULES: `{rule}` keeps the site whole and is always an error")
        if rule not in LEVELS:
            hint = suggestion(rule, LEVELS) or f"; there are: {', '.join(LEVELS)}"
            raise Refused(f"WRITING_RULES: no rule `{rule}`{hint}")
        match level:
            case "error" | "warning" | "off":
                levels[rule] = level
            case _:
                raise Refused(f"WRITING_RULES: `{rule}` must be error, warning or off: {level!r}")
    return levels


@dataclass(frozen=True)
class Findings:
    """What all rules found, in the order of files and lines."""

    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]

    @classmethod
    def sorted(cls, found: Iterable[Finding], levels: Mapping[str, Level]) -> "Findings":
        """Each finding once, by the level of its rule; those that are off are left out."""
        sides: dict[Level, list[Finding]] = {"error": [], "warning": [], "off": []}
        for finding in sorted(set(found), key=lambda f: (f.path, f.line or 0, f.message)):
            level = levels.get(finding.rule, "error")
            if finding.in_draft and finding.rule not in FIXED and level == "error":
                level = "warning"
            sides[level].append(finding)
        return cls(tuple(sides["error"]), tuple(sides["warning"]))


# A finding as GitHub shows it beside the line of a pull request.
#
# The format is that of workflow commands: `::error file=...,line=...,title=...::message`.


_IN_MESSAGE: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY: Final = _IN_MESSAGE | str.maketrans({":": "%3A", ",": "%2C"})


def annotation(level: str, finding: Finding) -> str:
    """One line for the log of a workflow; `level` is error or warning."""
    data = {"file": finding.path, "line": str(finding.line or 1), "title": finding.rule}
    properties = ",".join(f"{name}={text.translate(_IN_PROPERTY)}" for name, text in data.items())
    return f"::{level} {properties}::{finding.message.translate(_IN_MESSAGE)}"
