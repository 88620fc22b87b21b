"""The command `gatepost check`.

Pelican takes 0.2 seconds to import, so only the functions that need it import it.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Final

import click

from capture.errors import Refused, short_path
from capture.text import count_noun
from publish.checks.finding import ALWAYS_ERRORS, DEFAULT_LEVELS, Finding, Findings, annotation
from publish.checks.known_findings import write_known_findings
from publish.checks.listing import Rest, counts_by_rule, short_list
from publish.cli import PRODUCTION, config_of, format_counts, setting_overrides
from publish.fixing import Check, find_fixes

_MANY: Final = 5
"""With more warnings, or with two errors, the last lines count them by rule."""
RULES: Final = tuple(sorted({*ALWAYS_ERRORS, *DEFAULT_LEVELS}))


def refuse_unknown_rules(rules: Collection[str]) -> None:
    """Raises `Refused` if a rule does not exist."""
    if unknown := next((rule for rule in rules if rule not in RULES), None):
        raise Refused(f"no rule `{unknown}`; use some of: {', '.join(RULES)}")


@click.command()
@PRODUCTION
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "github"]),
    default="text",
    show_default=True,
    help="Lines to read, or GitHub annotations for a pull request, which are always complete.",
)
@click.option("--all", "show_all", is_flag=True, help="List every finding, known ones too.")
@click.option(
    "--baseline",
    is_flag=True,
    help="Record today's findings in content/known-findings.txt; later only new ones are shown.",
)
@click.argument("rules", metavar="[RULE]...", nargs=-1)
@click.pass_context
def check(  # noqa: PLR0913, PLR0917 - click hands each option over as a parameter
    ctx: click.Context,
    production: bool,
    output_format: str,
    show_all: bool,
    baseline: bool,
    rules: tuple[str, ...],
) -> None:
    """Check posts, pages and campaigns without building the site.

    Errors are always listed. Of a rule with many warnings the first three are; `--all`
    lists all, and with RULE every finding of these rules is listed and no other.
    The exit code is 1 if errors are listed.

    \b
    Example:
      gatepost check
      gatepost check missing-summary orphan
      gatepost check --baseline
    """
    from publish.build.pelican_run import check as run

    refuse_unknown_rules(rules)
    if baseline and rules:
        raise click.UsageError("--baseline records the findings of all rules: give no RULE.")
    checked = run(config_of(production), setting_overrides(ctx), datetime.now(UTC))
    findings = checked.findings
    if baseline:
        path = write_known_findings(checked.content, findings.recordable)
        number = count_noun(len(findings.recordable), "finding")
        click.echo(f"Recorded {number} in {short_path(path)}: commit it.")
        findings = findings.as_recorded()
    elif show_all:
        findings = findings.with_known()
    findings = findings.of_rules(rules)
    if output_format == "github":
        for level, level_findings in (("error", findings.errors), ("warning", findings.warnings)):
            for finding in level_findings:
                click.echo(annotation(level, finding))
    else:
        _print_findings(findings, in_full=show_all or bool(rules), with_known=not baseline)
        if not baseline:
            _print_fixable(findings, checked.recheck, rules, with_known=show_all)
    if findings.errors:
        ctx.exit(1)
    new = "new " if findings.known or checked.findings.known else ""
    found = f"{count_noun(len(findings.warnings), 'warning')}, no" if findings.warnings else "no"
    word = "errors" if findings.warnings else "mistakes"
    click.echo(f"{format_counts(checked)}: {found} {new}{word} found.")


def _print_findings(findings: Findings, *, in_full: bool, with_known: bool) -> None:
    warnings = findings.warnings if in_full else short_list(findings.warnings)
    for warning in warnings:
        if isinstance(warning, Rest):
            which = f"{warning.number:,} more of the rule {warning.rule}"
            text = f"… and {which}: `gatepost check {warning.rule}` lists them"
            click.echo(f"{_WARNING} {click.style(text, dim=True)}", err=True)
        else:
            click.echo(f"{_WARNING} {_line(warning)}", err=True)
    if findings.known and with_known:
        number = count_noun(len(findings.known), "known finding")
        click.echo(f"{number}, `--all` shows them", err=True)
    for error in findings.errors:
        click.echo(_line(error), err=True)
    if len(findings.errors) > 1 or len(findings.warnings) > _MANY:
        for line in _totals(findings):
            click.echo(line, err=True)


_WARNING: Final = click.style("warning:", fg="yellow")


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


def _print_fixable(
    findings: Findings, recheck: Check, rules: Collection[str], *, with_known: bool
) -> None:
    """Prints how many findings `gatepost fix` fixes: the edits are tried in memory."""
    if not any(finding.edits for finding in (*findings.errors, *findings.warnings)):
        return
    if fixed := find_fixes(recheck, rules, with_known=with_known).fixed:
        command = " ".join(["gatepost fix", *(["--all"] if with_known else []), *rules])
        click.echo(f"{count_noun(fixed, 'finding')} can be fixed by `{command}`", err=True)
