"""The findings of rules, and their levels: error, warning or off."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from capture.campaign.problems import suggestion
from capture.errors import Problem, Refused
from publish.checks.edit import Edit

Level = Literal["error", "warning", "off"]

ALWAYS_ERRORS: Final = frozenset(
    {"front-matter", "link", "picture", "form", "gated", "address", "campaign-file"}
    | {"control-character"}
)
"""Rules that are always errors, because the site would be broken without them."""

DEFAULT_LEVELS: Final[Mapping[str, Level]] = {
    "misspelt-key": "error",
    "unknown-key": "warning",
    "title": "warning",
    "summary": "warning",
    "missing-summary": "warning",
    "alt": "error",
    "headings": "warning",
    "anchor": "error",
    "dead-link": "error",
    "vanished": "error",
    "unproven-redirects": "warning",
    "active-content": "error",
    "file-content": "error",
    "blocked": "error",
    "blocked-style": "warning",
    "drawing": "warning",
    "preview": "warning",
    "markdown": "warning",
    "tag-spelling": "warning",
    "orphan": "warning",
    "same-title": "warning",
    "closed-campaign": "warning",
}
"""The default levels, which a project may change with `WRITING_RULES` in pelicanconf.py."""


_NEVER_KNOWN: Final = frozenset({"active-content", "file-content"})
_LINE_NUMBER: Final = re.compile(r"\bline \d+")


@dataclass(frozen=True)
class Finding:
    """One mistake to fix, and the rule that found it."""

    path: str
    line: int | None
    message: str
    rule: str
    in_draft: bool = False
    """Whether the post is a draft. In drafts only the rules in `ALWAYS_ERRORS` are errors."""
    edits: tuple[Edit, ...] = field(default=(), compare=False)
    """The edits of its file that fix it; empty if the rule is not sure."""

    @property
    def key(self) -> str:
        """Its file, message and rule on one line, without lines, which the text above moves."""
        message = _LINE_NUMBER.sub("a line", self.message)
        return f"{Problem(self.path, None, message)} [{self.rule}]"

    @property
    def is_recordable(self) -> bool:
        """Whether a project may record it as known; not what breaks or endangers the site."""
        return self.rule in DEFAULT_LEVELS and self.rule not in _NEVER_KNOWN

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


def _place(finding: Finding) -> tuple[str, int, str]:
    return finding.path, finding.line or 0, finding.message


@dataclass(frozen=True)
class Findings:
    """The findings of all rules, in the order of files and lines."""

    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    known: tuple[Finding, ...] = ()
    """Findings that the project has recorded, of any level."""

    @property
    def every(self) -> tuple[Finding, ...]:
        """The findings of all levels, with the known ones."""
        return (*self.errors, *self.warnings, *self.known)

    @property
    def recordable(self) -> tuple[Finding, ...]:
        """The findings that a project may record as known."""
        return tuple(finding for finding in self.every if finding.is_recordable)

    def of_rules(self, rules: Collection[str]) -> "Findings":
        """The findings of these rules; all if none is named."""
        if not rules:
            return self
        levels = (self.errors, self.warnings, self.known)
        return Findings(*(tuple(one for one in level if one.rule in rules) for level in levels))

    def with_known(self) -> "Findings":
        """The same, with the known findings as warnings."""
        warnings = sorted((*self.warnings, *self.known), key=_place)
        return Findings(self.errors, tuple(warnings))

    def as_recorded(self) -> "Findings":
        """The findings as they are once all that can be recorded are."""
        errors, warnings = (
            tuple(finding for finding in findings if not finding.is_recordable)
            for findings in (self.errors, self.warnings)
        )
        return Findings(errors, warnings, self.recordable)

    @classmethod
    def sorted(
        cls,
        findings: Iterable[Finding],
        levels: Mapping[str, Level],
        known: Mapping[str, int] = MappingProxyType({}),
    ) -> "Findings":
        """Sorts findings by the level of their rules; drops duplicates and rules that are off.

        `known` is how often the project has recorded each key.
        """
        by_level: dict[Level, list[Finding]] = {"error": [], "warning": [], "off": []}
        left = Counter(known)
        found_before = []
        for finding in sorted(set(findings), key=_place):
            level = levels.get(finding.rule, "error")
            if finding.in_draft and finding.rule not in ALWAYS_ERRORS and level == "error":
                level = "warning"
            if level != "off" and finding.is_recordable and left[finding.key]:
                left[finding.key] -= 1
                found_before.append(finding)
            else:
                by_level[level].append(finding)
        return cls(tuple(by_level["error"]), tuple(by_level["warning"]), tuple(found_before))


# GitHub's workflow commands: `::error file=...,line=...,title=...::message`.

_IN_MESSAGE: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY: Final = _IN_MESSAGE | str.maketrans({":": "%3A", ",": "%2C"})


def annotation(level: str, finding: Finding) -> str:
    """A finding as a line that GitHub shows in a pull request; `level` is error or warning."""
    data = {"file": finding.path, "line": str(finding.line or 1), "title": finding.rule}
    properties = ",".join(f"{name}={text.translate(_IN_PROPERTY)}" for name, text in data.items())
    return f"::{level} {properties}::{finding.message.translate(_IN_MESSAGE)}"
