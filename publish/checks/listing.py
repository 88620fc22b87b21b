"""The findings that a person reads: of a rule with many warnings only the first ones."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from capture.text import count_noun
from publish.checks.finding import Finding

_MANY: Final = 5
"""A rule with more warnings is shortened."""
_FIRST: Final = 3
"""How many warnings of such a rule are listed."""
_MOST_OF_BUILD: Final = 3
"""A build with more warnings of the rules prints only their number."""


@dataclass(frozen=True)
class Rest:
    """The warnings of a rule that are not listed."""

    rule: str
    number: int


def short_list(warnings: Iterable[Finding]) -> Iterator[Finding | Rest]:
    """All warnings of rules with few of them; then the first ones of each other rule, and a rest.

    The order of the warnings stays.
    """
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    warnings = tuple(warnings)
    for warning in warnings:
        by_rule[warning.rule].append(warning)
    yield from (warning for warning in warnings if len(by_rule[warning.rule]) <= _MANY)
    for rule, of_rule in by_rule.items():
        if len(of_rule) > _MANY:
            yield from of_rule[:_FIRST]
            yield Rest(rule, len(of_rule) - _FIRST)


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
