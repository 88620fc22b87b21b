"""The findings that a person reads: of a rule with many of them only the first ones."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from capture.text import count_noun
from publish.checks.finding import Finding

_MOST_OF_BUILD: Final = 3
"""A build with more warnings of the rules prints only their number."""


@dataclass(frozen=True)
class Limit:
    """How many findings of a rule are listed."""

    many: int
    """A rule with more is shortened."""
    first: int
    """How many of such a rule are listed."""


OF_WARNINGS: Final = Limit(many=5, first=3)
OF_ERRORS: Final = Limit(many=20, first=10)


@dataclass(frozen=True)
class Rest:
    """The findings of a rule that are not listed."""

    rule: str
    number: int


def short_list(findings: Iterable[Finding], limit: Limit) -> Iterator[Finding | Rest]:
    """All findings of rules with few of them; then the first ones of each other rule, and a rest.

    The order of the findings stays.
    """
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    findings = tuple(findings)
    for finding in findings:
        by_rule[finding.rule].append(finding)
    yield from (finding for finding in findings if len(by_rule[finding.rule]) <= limit.many)
    for rule, of_rule in by_rule.items():
        if len(of_rule) > limit.many:
            yield from of_rule[: limit.first]
            yield Rest(rule, len(of_rule) - limit.first)


def counts_by_rule(findings: Iterable[Finding]) -> str:
    """How many findings each rule has, the most frequent first: `12 link, 3 alt`."""
    numbers: dict[str, int] = defaultdict(int)
    for finding in findings:
        numbers[finding.rule] += 1
    ordered = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number:,} {rule}" for rule, number in ordered)


def build_warnings(warnings: Iterable[str], of_rules: Collection[str]) -> tuple[str, ...]:
    """The warnings that a build prints: one line in place of many that a check lists too."""
    if len(of_rules) <= _MOST_OF_BUILD:
        return tuple(warnings)
    number = count_noun(len(of_rules), "warning")
    others = (warning for warning in warnings if warning not in of_rules)
    return (f"{number} about texts and files: `gatepost check` lists them", *others)
