"""What `gatepost check` prints: the findings, their numbers, and how many `fix` fixes."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final, TypeAlias

import click

from capture.errors import Refused
from capture.text import count_noun
from publish.build.pelican_run import CheckResult
from publish.checks.finding import ALWAYS_ERRORS, DEFAULT_LEVELS, Finding, Findings, annotation
from publish.checks.listing import (
    OF_ERRORS,
    OF_WARNINGS,
    Limit,
    Rest,
    counts_by_rule,
    short_list,
)
from publish.cli import format_counts
from publish.fixing import Check, find_fixes

Line: TypeAlias = tuple[str, bool]
"""A line with its styles, and whether it goes to standard error."""
_MANY: Final = 5
"""With more warnings, or with two errors, the last lines count them by rule."""
RULES: Final = tuple(sorted({*ALWAYS_ERRORS, *DEFAULT_LEVELS}))
WARNING: Final = click.style("warning:", fg="yellow")


def refuse_unknown_rules(rules: Collection[str]) -> None:
    """Raises `Refused` if a rule does not exist."""
    if unknown := next((rule for rule in rules if rule not in RULES), None):
        raise Refused(f"no rule `{unknown}`; use some of: {', '.join(RULES)}")


def annotations(findings: Findings) -> Iterator[Line]:
    """The findings as GitHub's annotations."""
    for level, level_findings in (("error", findings.errors), ("warning", findings.warnings)):
        for finding in level_findings:
            yield annotation(level, finding), False


def finding_lines(findings: Findings, *, in_full: bool, with_known: bool) -> Iterator[Line]:
    """The findings as lines to read."""
    yield from _lines(findings.warnings, None if in_full else OF_WARNINGS, f"{WARNING} ")
    if findings.known and with_known:
        number = count_noun(len(findings.known), "known finding")
        yield f"{number}, `--all` shows them", True
    yield from _lines(findings.errors, None if in_full else OF_ERRORS)
    if len(findings.errors) > 1 or len(findings.warnings) > _MANY:
        for line in _totals(findings):
            yield line, True


def _lines(findings: Iterable[Finding], limit: Limit | None, word: str = "") -> Iterator[Line]:
    for finding in short_list(findings, limit) if limit else findings:
        if isinstance(finding, Rest):
            which = f"{finding.number:,} more of the rule {finding.rule}"
            text = f"… and {which}: `gatepost check {finding.rule}` lists them"
            yield f"{word}{click.style(text, dim=True)}", True
        else:
            yield f"{word}{_line(finding)}", True


def _line(finding: Finding) -> str:
    """A finding with its rule. Click removes the styles where the output is no terminal."""
    problem = str(finding.problem)
    place = problem.removesuffix(finding.message)
    bold = click.style(place, bold=True) if place != problem else ""
    message = problem.removeprefix(place) if bold else problem
    return f"{bold}{message} {click.style(f'[{finding.rule}]', dim=True)}"


def _totals(findings: Findings) -> Iterator[str]:
    """The numbers of errors and warnings, by rule."""
    for word, of_level in (("error", findings.errors), ("warning", findings.warnings)):
        if of_level:
            yield f"{count_noun(len(of_level), word)}: {counts_by_rule(of_level)}"


def fixable_lines(
    findings: Findings, recheck: Check, rules: Collection[str], *, with_known: bool
) -> Iterator[Line]:
    """How many findings `gatepost fix` fixes: the edits are tried in memory."""
    if not any(finding.edits for finding in (*findings.errors, *findings.warnings)):
        return
    if fixed := find_fixes(recheck, rules, with_known=with_known).fixed:
        command = " ".join(["gatepost fix", *(["--all"] if with_known else []), *rules])
        yield f"{count_noun(fixed, 'finding')} can be fixed by `{command}`", True


def summary_line(findings: Findings, checked: CheckResult) -> Line:
    """The last line of a check without errors."""
    new = "new " if findings.known or checked.findings.known else ""
    found = f"{count_noun(len(findings.warnings), 'warning')}, no" if findings.warnings else "no"
    word = "errors" if findings.warnings else "mistakes"
    return f"{format_counts(checked.content)}: {found} {new}{word} found.", False
