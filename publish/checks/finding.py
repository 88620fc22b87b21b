"""The findings of rules, and their levels: error, warning or off."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from capture.campaign.problems import suggestion
from capture.errors import Problem, Refused

Level = Literal["error", "warning", "off"]

ALWAYS_ERRORS: Final = frozenset(
    {"front-matter", "link", "picture", "form", "gated", "address", "unclosed"}
    | {"control-character"}
)
"""Rules that are always errors, because the site would be broken without them."""

DEFAULT_LEVELS: Final[Mapping[str, Level]] = {
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
    "blocked": "error",
    "blocked-style": "warning",
    "preview": "warning",
    "markdown": "warning",
    "tag-spelling": "warning",
    "orphan": "warning",
    "same-title": "warning",
    "closed-campaign": "warning",
}
"""The default levels, which a project may change with `WRITING_RULES` in pelicanconf.py."""


@dataclass(frozen=True)
class Finding:
    """One mistake to fix, and the rule that found it."""

    path: str
    line: int | None
    message: str
    rule: str
    in_draft: bool = False
    """Whether the post is a draft. In drafts only the rules in `ALWAYS_ERRORS` are errors."""

    @property
    def problem(self) -> Problem:
        """The finding without its rule, for `FileErrors`."""
        return Problem(self.path, self.line, self.message)


def levels_from(value: Mapping[str, str]) -> Mapping[str, Level]:
    """The level of each rule, from `WRITING_RULES`. Raises `Refused` for a wrong one."""
    levels: dict[str, Level] = dict(DEFAULT_LEVELS)
    for rule, level in value.items():
        if rule in ALWAYS_ERRORS:
            raise Refused(f"WRITING_RULES: `{rule}` is always an error: remove it")
        if rule not in DEFAULT_LEVELS:
            hint = suggestion(rule, DEFAULT_LEVELS) or f"; use one of: {', '.join(DEFAULT_LEVELS)}"
            raise Refused(f"WRITING_RULES: no rule `{rule}`{hint}")
        match level:
            case "error" | "warning" | "off":
                levels[rule] = level
            case _:
                raise Refused(f"WRITING_RULES: `{rule}` must be error, warning or off: {level!r}")
    return levels


@dataclass(frozen=True)
class Findings:
    """The findings of all rules, in the order of files and lines."""

    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]

    @classmethod
    def sorted(cls, findings: Iterable[Finding], levels: Mapping[str, Level]) -> "Findings":
        """Sorts findings by the level of their rules; drops duplicates and rules that are off."""
        by_level: dict[Level, list[Finding]] = {"error": [], "warning": [], "off": []}
        for finding in sorted(set(findings), key=lambda f: (f.path, f.line or 0, f.message)):
            level = levels.get(finding.rule, "error")
            if finding.in_draft and finding.rule not in ALWAYS_ERRORS and level == "error":
                level = "warning"
            by_level[level].append(finding)
        return cls(tuple(by_level["error"]), tuple(by_level["warning"]))


# GitHub's workflow commands: `::error file=...,line=...,title=...::message`.

_IN_MESSAGE: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY: Final = _IN_MESSAGE | str.maketrans({":": "%3A", ",": "%2C"})


def annotation(level: str, finding: Finding) -> str:
    """A finding as a line that GitHub shows in a pull request; `level` is error or warning."""
    data = {"file": finding.path, "line": str(finding.line or 1), "title": finding.rule}
    properties = ",".join(f"{name}={text.translate(_IN_PROPERTY)}" for name, text in data.items())
    return f"::{level} {properties}::{finding.message.translate(_IN_MESSAGE)}"
