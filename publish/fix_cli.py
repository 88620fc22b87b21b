"""The command `gatepost fix`.

Pelican takes 0.2 seconds to import, so only the functions that need it import it.
"""

import difflib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

import click

from capture.errors import Refused, short_path
from capture.text import count_noun
from publish.checks.control_characters import without_control_characters
from publish.checks.edit import BREAK
from publish.checks.finding import ALWAYS_ERRORS, DEFAULT_LEVELS
from publish.cli import config_of, setting_overrides
from publish.fixing import FixedFile, Fixes, find_fixes, write_fixes

_RULES: Final = tuple(sorted({*ALWAYS_ERRORS, *DEFAULT_LEVELS}))


@click.command()
@click.option("--dry-run", is_flag=True, help="Show the changes without writing files.")
@click.argument("rules", metavar="[RULE]...", nargs=-1)
@click.pass_context
def fix(ctx: click.Context, dry_run: bool, rules: tuple[str, ...]) -> None:
    """Fix what `check` is sure of in posts and pages, and show the changes.

    Without RULE all rules are fixed. The exit code is 1 if errors remain.

    \b
    Example:
      gatepost fix --dry-run
      gatepost fix headings anchor
    """
    if unknown := [rule for rule in rules if rule not in _RULES]:
        raise Refused(f"no rule `{unknown[0]}`; use some of: {', '.join(_RULES)}")
    fixes = _find(ctx, rules)
    for file in fixes.files:
        for line in diff_lines(file):
            click.echo(line)
    if not dry_run:
        write_fixes(fixes.files)
    click.echo(_summary(fixes, dry_run=dry_run))
    if fixes.left.errors:
        ctx.exit(1)


def _find(ctx: click.Context, rules: tuple[str, ...]) -> Fixes:
    from publish.build.pelican_run import settings_from
    from publish.plugins.checks import check_project

    settings = settings_from(config_of(production=False), setting_overrides(ctx))
    now = datetime.now(UTC)
    return find_fixes(lambda edited: check_project(settings, now, edited), rules)


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
    return f"{fixed}; {_left(fixes)}."


def _left(fixes: Fixes) -> str:
    levels: Iterable[tuple[int, str]] = (
        (len(fixes.left.errors), "error"),
        (len(fixes.left.warnings), "warning"),
        (len(fixes.left.known), "known finding"),
    )
    counts = [count_noun(number, word) for number, word in levels if number]
    number = count_noun(len(fixes.left.every), "finding")
    remain = "remains" if len(fixes.left.every) == 1 else "remain"
    return f"{number} {remain}" + (f": {', '.join(counts)}" if counts else "")
