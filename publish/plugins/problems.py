"""A Pelican plugin, the first in PLUGINS: collects the problems that the other plugins report.

Pelican catches and logs what plugins and readers raise while it reads. This plugin collects the
reported problems and Pelican's logged errors, and raises them together when everything was read,
before a page is written. Only then does it clear the old site, so a failed `pelican` keeps it.
"""

import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pelican import signals
from pelican.utils import clean_output_dir

from capture.errors import FileErrors, GatepostError, Problem, short_path
from publish.plugins.signals import connect_last

_REPORT: Final = "GATEPOST_REPORT"
_CLEAR_OUTPUT: Final = "GATEPOST_CLEAR_OUTPUT"
_FINAL_CHECKS: Final[dict[Callable[[Any], None], None]] = {}  # an ordered set of receivers
logger = logging.getLogger(__name__)
logger.addHandler(logging.NullHandler())  # `gatepost build` prints the warnings itself


class Report:
    """What one build has reported so far: problems stop it, warnings do not."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.rule_warnings: list[Problem] = []
        """The warnings of the rules, which a check lists without a build."""
        self.pelican_warnings: list[str] = []

    def problem(self, path: Path, line: int | None, message: str) -> None:
        """Adds a mistake that stops the build."""
        self.problems.append(Problem(short_path(path), line, message))

    def warn(self, path: Path, line: int | None, message: str) -> None:
        """Adds a warning for the writer."""
        self.warnings.append(Problem(short_path(path), line, message))


def get_report(settings: MutableMapping[str, Any]) -> Report:
    """The report of the build that has these Pelican settings."""
    report: Report = settings.setdefault(_REPORT, Report())
    return report


def add_final_check(receiver: Callable[[Any], None]) -> None:
    """Registers a receiver of `all_generators_finalized` that runs after those of all plugins.

    What it reports still stops the build before a page is written.
    """
    _FINAL_CHECKS[receiver] = None


def raise_problems(settings: MutableMapping[str, Any]) -> None:
    """Raises one `FileErrors` with every problem reported or logged so far; keeps warnings."""
    report = get_report(settings)
    collect_log(settings)
    problems, report.problems = set(report.problems), []
    if problems:
        raise FileErrors(
            sorted(problems, key=lambda problem: (problem.path, problem.line or 0, problem.message))
        )


def collect_log(settings: MutableMapping[str, Any]) -> None:
    """Adds to the report what Pelican has logged since the last call."""
    report = get_report(settings)
    for entry in LOG_COLLECTOR.pop_entries():
        if entry.stops_build:
            report.problems.append(problem_from(entry, Path(settings["PATH"])))
        else:
            report.pelican_warnings.append(" ".join(entry.message.split()))


def prepare_build(pelican: Any) -> None:
    """Called when all plugins are registered: connects the final checks behind their receivers.

    Also keeps Pelican from clearing the old site; `stop_before_writing` does that later.
    """
    pelican.settings[_CLEAR_OUTPUT] = pelican.delete_outputdir
    pelican.delete_outputdir = False
    for receiver in (*_FINAL_CHECKS, stop_before_writing):
        connect_last(signals.all_generators_finalized, receiver)
    connect_last(signals.finalized, stop_after_writing)


def start_report(pelican: Any) -> None:
    """Starts an empty report. A Pelican that watches files runs several times."""
    pelican.settings[_REPORT] = Report()


def stop_before_writing(generators: Any) -> None:
    """Raises the problems found while reading; clears the old site if there are none."""
    settings = generators[0].settings
    report = get_report(settings)
    raise_problems(settings)
    for warning in (*report.rule_warnings, *report.warnings):
        logger.warning("%s", warning)
    output, content = Path(settings["OUTPUT_PATH"]).resolve(), Path(settings["PATH"]).resolve()
    if settings.get(_CLEAR_OUTPUT) and not content.is_relative_to(output):
        clean_output_dir(str(output), settings["OUTPUT_RETENTION"])


def stop_after_writing(pelican: Any) -> None:
    """Raises the problems found while writing."""
    raise_problems(pelican.settings)


# Pelican's log: a reader that raised, an article left out, a plugin that did not load. Pelican
# continues after each of these and exits with 0; we turn its errors into problems.

# Pelican only warns of these, and publishes a broken site.
_SERIOUS_WARNINGS: Final = (
    "Skipped copy %s (not a file or directory) to %s",
    "A problem occurred copying file %s to %s; %s",
    "Cannot copy %s (a directory) to %s (a file)",
)
# Our own checks report these, with line numbers.
_REPORTED_ELSEWHERE: Final = (
    "Unable to find '%s', skipping url replacement.",
    "There are %s ",
    "Empty alt attribute for image %s in %s",
    # Pelican's texts in place of the fifth of a kind, counted from the start of the process.
    "Other resources were not found",
    "Other images have empty alt attributes",
)


@dataclass(frozen=True)
class LogEntry:
    """One log record, and the exception that was handled when it was logged."""

    level: int
    template: str
    args: tuple[Any, ...]
    message: str
    cause: BaseException | None

    @property
    def stops_build(self) -> bool:
        """Whether the site must not be published after this: an error or a serious warning."""
        return self.level >= logging.ERROR or self.template.startswith(_SERIOUS_WARNINGS)


class LogCollector(logging.Handler):
    """Collects Pelican's warnings and errors. There is one per process, as for loggers."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._entries: list[LogEntry] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Called by the logger. Pelican omits the exception's text, so it is read from `sys`."""
        template = str(record.msg)
        if not template.startswith(_REPORTED_ELSEWHERE):
            args = record.args if isinstance(record.args, tuple) else ()
            entry = LogEntry(record.levelno, template, args, record.getMessage(), sys.exc_info()[1])
            self._entries.append(entry)

    def attach(self) -> None:
        """Adds this handler to Pelican's root logger; safe to call again."""
        logger = logging.getLogger("pelican")
        if self not in logger.handlers:
            logger.addHandler(self)
            logger.addFilter(_print_own_errors)

    def pop_entries(self) -> list[LogEntry]:
        """The entries since the last call; the collector is empty afterwards."""
        entries, self._entries = self._entries, []
        return entries


LOG_COLLECTOR: Final = LogCollector()


def _print_own_errors(record: logging.LogRecord) -> bool:
    """Prints our own errors as plain lines, where `pelican` would log a traceback."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, GatepostError):
        sys.stderr.write(f"{error}\n")
        return False
    return True


def problem_from(entry: LogEntry, content: Path) -> Problem:
    """A log entry as a problem of the file it is about; `content` is Pelican's PATH."""
    convert = _CONVERTERS.get(entry.template)
    if convert is None:
        return Problem("pelican", None, " ".join(entry.message.split()))
    return convert(entry, content)


def _unreadable_file(entry: LogEntry, content: Path) -> Problem:
    cause = entry.cause
    reason = " ".join(str(cause).split()) if cause else "Pelican gives no reason"
    if not isinstance(cause, ValueError):
        reason = f"{type(cause).__name__}: {reason}"
    return Problem(short_path(content / str(entry.args[0])), None, f"cannot be read: {reason}")


def _broken_plugin(entry: LogEntry, _content: Path) -> Problem:
    name, cause = entry.args[0], entry.cause
    reason = f"{type(cause).__name__}: {cause}" if cause else re.sub(r"\s+", " ", entry.message)
    return Problem(
        "PLUGINS in pelicanconf.py",
        None,
        f"plugin `{name}` did not register ({reason}): correct it or remove it",
    )


_CONVERTERS: Final[Mapping[str, Callable[[LogEntry, Path], Problem]]] = {
    "Could not process %s": _unreadable_file,
    "Cannot load plugin `%s`\n%s": _broken_plugin,
    "Cannot register plugin `%s`": _broken_plugin,
}


def register() -> None:
    """Called by Pelican, and by each plugin that reports problems."""
    LOG_COLLECTOR.attach()
    signals.initialized.connect(prepare_build)
    signals.get_generators.connect(start_report)
