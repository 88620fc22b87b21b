"""The command `gatepost check`.

Pelican takes 0.2 seconds to import, and the checks take as long, so only the functions that need
them import them: an unchanged site is answered without.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from capture.errors import short_path
from capture.text import count_noun
from publish.build.unchanged import Answer, CommandRun
from publish.cli import PRODUCTION, cache_of, config_of, setting_overrides

if TYPE_CHECKING:
    from publish.build.pelican_run import CheckResult
    from publish.checks.finding import Findings


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
    if baseline and rules:
        raise click.UsageError("--baseline records the findings of all rules: give no RULE.")
    options, now = (production, output_format, show_all, *rules), datetime.now(UTC)
    command_run = CommandRun("check", options, cache_of(ctx), now)
    if not baseline and (answer := command_run.known_answer()):
        answer.show(ctx)
        return
    with command_run.noted():
        from publish.build.pelican_run import check as run
        from publish.check_report import WARNING, refuse_unknown_rules

        refuse_unknown_rules(rules)
        checked = run(config_of(production), setting_overrides(ctx), now)
        if checked.problem:
            click.echo(f"{WARNING} {checked.problem}", err=True)
        findings = _recorded(checked) if baseline else checked.findings
        if show_all and not baseline:
            findings = findings.with_known()
        findings = findings.of_rules(rules)
        lines = []
        for line, is_error in _lines(
            checked, findings, output_format, rules, show_all=show_all, baseline=baseline
        ):
            click.echo(line, err=is_error)
            lines.append((line, is_error))
    answer = Answer(tuple(lines), exit_code=1 if findings.errors else 0)
    if not baseline:
        command_run.keep(answer, checked.settings, checked.content.due_at)
    ctx.exit(answer.exit_code)


def _recorded(checked: "CheckResult") -> "Findings":
    """Records the findings as known. Returns those that are left."""
    from publish.checks.known_findings import write_known_findings

    recordable = checked.findings.recordable
    path = write_known_findings(checked.folder, recordable)
    number = count_noun(len(recordable), "finding")
    click.echo(f"Recorded {number} in {short_path(path)}: commit it.")
    return checked.findings.as_recorded()


def _lines(  # noqa: PLR0913 - the options of the command
    checked: "CheckResult",
    findings: "Findings",
    output_format: str,
    rules: tuple[str, ...],
    *,
    show_all: bool,
    baseline: bool,
) -> Iterator[tuple[str, bool]]:
    """What the command prints, and whether it goes to standard error."""
    from publish.check_report import annotations, finding_lines, fixable_lines, summary_line

    if output_format == "github":
        yield from annotations(findings)
    else:
        yield from finding_lines(findings, in_full=show_all or bool(rules), with_known=not baseline)
        if not baseline:
            yield from fixable_lines(findings, checked.recheck, rules, with_known=show_all)
    if not findings.errors:
        yield summary_line(findings, checked)
