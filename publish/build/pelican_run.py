"""Runs Pelican and the checks in this process, and turns each failure into a short message."""

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError, TemplateSyntaxError
from pelican import Pelican
from pelican.log import console
from pelican.settings import read_settings

from capture.errors import FileErrors, GatepostError, Problem, Refused, Unavailable, short_path
from publish.checks.finding import Findings
from publish.checks.listing import build_warnings
from publish.checks.summary import SUMMARY, Summary
from publish.fixing import Check
from publish.plugins.checks import ProjectCheck
from publish.plugins.problems import LOG_COLLECTOR, get_report, raise_problems

if TYPE_CHECKING:
    from publish.build.incremental import BuildWork


@dataclass(frozen=True)
class RunSummary:
    """The result of a run."""

    content: Summary
    warnings: tuple[str, ...]
    """All warnings, those of the rules first."""
    rule_warnings: frozenset[str] = frozenset()
    """The warnings that a check lists without a build."""
    work: "BuildWork | None" = None
    """What was read, rendered, written and removed."""

    @property
    def short_warnings(self) -> tuple[str, ...]:
        """The warnings to print: one line in place of many that a check lists."""
        return build_warnings(self.warnings, self.rule_warnings)


@dataclass(frozen=True)
class CheckResult:
    """The result of all rules."""

    content: Summary
    findings: Findings
    folder: Path
    """The content folder."""
    recheck: Check
    """Runs all rules again, on edited texts."""
    settings: Mapping[str, Any]
    """Pelican's."""
    problem: Problem | None
    """What is wrong with the facts that the last check has kept."""


def settings_from(config: Path, overrides: Mapping[str, object]) -> dict[str, Any]:
    """Pelican's settings from the file `config`, whose values `overrides` replace.

    Raises `FileErrors` if the file is not valid, `Refused` if it does not exist.
    """
    if not config.is_file():
        raise Refused(f"{config}: no such file; run this in the project's folder")
    LOG_COLLECTOR.attach()
    LOG_COLLECTOR.pop_entries()
    with _explained_errors(config, config.parent):
        settings: dict[str, Any] = read_settings(str(config), override=dict(overrides))
    return settings


def run_pelican(settings: dict[str, Any], pelican_class: type[Pelican] | None = None) -> RunSummary:
    """Reads and checks all content, and writes the site to OUTPUT_PATH.

    `pelican_class` is `IncrementalPelican` if nothing else is said.

    Raises `FileErrors` with every problem, or `Unavailable` for a disk error.
    """
    # A check does not need it.
    from publish.build.incremental import BUILD_WORK, IncrementalPelican  # noqa: PLC0415

    theme = Path(settings["THEME"])
    with _quiet_console(), _explained_errors(theme, theme):
        pelican = (pelican_class or IncrementalPelican)(settings)
        pelican.run()
        raise_problems(settings)
    report = get_report(settings)
    rule_warnings = dict.fromkeys(map(str, report.rule_warnings))
    others = dict.fromkeys((*map(str, report.warnings), *report.pelican_warnings))
    warnings = tuple(dict.fromkeys((*rule_warnings, *others)))
    return RunSummary(
        settings[SUMMARY],
        warnings,
        rule_warnings=frozenset(rule_warnings),
        work=settings.get(BUILD_WORK),
    )


def check(config: Path, overrides: Mapping[str, object], now: datetime) -> CheckResult:
    """Runs every rule without a build, fast enough for a git hook.

    A build runs the same rules, then searches the finished pages, and compares all files of the
    site with the gated files. Raises only if it cannot read: for invalid settings or a disk error.
    """
    settings = settings_from(config, overrides)
    recheck = ProjectCheck(settings, now)
    writing, findings = recheck({})
    folder = writing.layout.content
    return CheckResult(recheck.summary, findings, folder, recheck, settings, recheck.problem)


@contextmanager
def _quiet_console() -> Iterator[None]:
    """Keeps Pelican from printing its summary to the console."""
    old_quiet, console.quiet = console.quiet, True
    try:
        yield
    finally:
        console.quiet = old_quiet


@contextmanager
def _explained_errors(default: Path, folder: Path) -> Iterator[None]:
    """Turns an exception of the block into one line that names the file in `folder` that raised it.

    It names `default` if the traceback has no file in `folder`.
    """
    try:
        yield
    except GatepostError:
        raise
    except SystemExit as error:
        raise Refused(str(error)) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise Unavailable(f"{where}{error.strerror or error}; the old site stays") from error
    except Exception as error:
        path, line = _location(error, folder)
        message = " ".join(str(error).split())
        if not isinstance(error, TemplateError | ValueError):
            message = f"{type(error).__name__}: {message}"
        raise FileErrors([Problem(short_path(path or default), line, message)]) from error


def _location(error: Exception, folder: Path) -> tuple[Path | None, int | None]:
    """The file in `folder` and its line. Jinja adds frames for templates to the traceback."""
    if isinstance(error, TemplateSyntaxError) and error.filename:
        return Path(error.filename), error.lineno
    if isinstance(error, SyntaxError) and error.filename:
        return Path(error.filename), error.lineno
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).resolve().is_relative_to(folder.resolve()):
            return Path(frame.filename), frame.lineno
    return None, None
