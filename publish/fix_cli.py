"""The command `gatepost fix`.

Pelican takes 0.2 seconds to import, so only the functions that need it import it.
"""

import difflib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

import click

from capture.errors import short_path
from capture.text import count_noun
from publish.check_report import refuse_unknown_rules
from publish.checks.control_characters import without_control_characters
from publish.checks.edit import BREAK
from publish.cli import config_of, setting_overrides
from publish.fixing import FixedFile, Fixes, find_fixes, write_fixes

_COLORS: Final = {"+": "green", "-": "red", "@": "cyan"}
"""Click removes them where the output is no terminal."""


@click.command()
@click.option("--dry-run", is_flag=True, help="Show the changes without writing files.")
@click.option("--all", "with_known", is_flag=True, help="Fix known findings too.")
@click.argument("rules", metavar="[RULE]...", nargs=-1)
@click.pass_context
def fix(ctx: click.Context, dry_run: bool, with_known: bool, rules: tuple[str, ...]) -> None:
    """Fix what `check` is sure of in posts and pages, and show the changes.

    Without RULE all rules are fixed. The exit code is 1 if errors remain.

    \b
    Example:
      gatepost fix --dry-run
      gatepost fix headings anchor
    """
    refuse_unknown_rules(rules)
    fixes = _find(ctx, rules, with_known=with_known)
    for file in fixes.files:
        for line in diff_lines(file):
            click.echo(click.style(line, fg=_COLORS.get(line[:1])))
    if not dry_run:
        write_fixes(fixes.files)
    click.echo(_summary(fixes, dry_run=dry_run))
    if fixes.left.errors:
        ctx.exit(1)


def _find(ctx: click.Context, rules: tuple[str, ...], *, with_known: bool) -> Fixes:
    from publish.build.pelican_run import settings_from
    from publish.plugins.checks import ProjectCheck

    settings = settings_from(config_of(production=False), setting_overrides(ctx))
    check = ProjectCheck(settings, datetime.now(UTC))
    return find_fixes(check, rules, with_known=with_known)


def diff_lines(file: FixedFile) -> Iterator[str]:
    """The changes of a file as a unified diff."""
    before, after = (
        BREAK.split(without_control_characters(raw.decode("utf-8-sig")))
        for raw in (file.before, file.after)
    )
    name = short_path(file.path)
    yield from difflib.unified_diff(before, after, f"a/{name}", f"b/{name}", lineterm="")


def _summary(fixes: Fixes, *, dry_run: bool) -> str:
    """The last line: how many findings are fixed, and how many remain."""
    findings = count_noun(fixes.fixed, "finding")
    files = count_noun(len(fixes.files), "file")
    word = "Would fix" if dry_run else "Fixed"
    fixed = f"{word} {findings} in {files}" if fixes.fixed else "Nothing to fix"
    known = len(fixes.left.known)
    hint = f" ({count_noun(known, 'known finding')}: `--all` fixes known ones too)" if known else ""
    return f"{fixed}; {_left(fixes)}{hint}."


def _left(fixes: Fixes) -> str:
    levels: Iterable[tuple[int, str]] = (
        (len(fixes.left.errors), "error"),
        (len(fixes.left.warnings), "warning"),
    )
    counts = [count_noun(number, word) for number, word in levels if number]
    left = (*fixes.left.errors, *fixes.left.warnings)
    number = count_noun(len(left), "finding")
    remain = "remains" if len(left) == 1 else "remain"
    return f"{number} {remain}" + (f": {', '.join(counts)}" if counts else "")
