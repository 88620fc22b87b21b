"""A Pelican plugin, the first in PLUGINS: collects the problems that the other plugins report.

Pelican catches and logs what plugins and readers raise while it reads. This plugin collects the
reported problems and Pelican's logged errors, and raises them together when everything was read,
before a page is written. It clears the old site only then: a failed `pelican` leaves it in place.
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
from publish.plugins.signals import listen

# Pelican's log: a reader that raised, an article left out, a plugin that did not load. Pelican
# continues after each of these and exits with 0; we turn its errors into problems.

# Pelican warns of these and publishes a broken site.
_GRAVE_WARNINGS: Final = (
    "Skipped copy %s (not a file or directory) to %s",
    "A problem occurred copying file %s to %s; %s",
    "Cannot copy %s (a directory) to %s (a file)",
)
# Our own checks report these, with line numbers.
_REPORTED_ELSEWHERE: Final = (
    "Unable to find '%s', skipping url replacement.",
    "There are %s ",
    "Empty alt attribute for image %s in %s",
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
    def is_error(self) -> bool:
        """Whether the site must not be published after this."""
        return self.level >= logging.ERROR or self.template.startswith(_GRAVE_WARNINGS)


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

    def listen(self) -> None:
        """Adds this handler to Pelican's root logger; safe to call again."""
        logger = logging.getLogger("pelican")
        if self not in logger.handlers:
            logger.addHandler(self)
            logger.addFilter(_print_own_errors)

    def take(self) -> list[LogEntry]:
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
        f"plugin `{name}` did not register ({reason}): correct it or take it out",
    )


_CONVERTERS: Final[Mapping[str, Callable[[LogEntry, Path], Problem]]] = {
    "Could not process %s": _unreadable_file,
    "Cannot load plugin `%s`\n%s": _broken_plugin,
    "Cannot register plugin `%s`": _broken_plugin,
}


_REPORT: Final = "GATEPOST_REPORT"
_CLEAR: Final = "GATEPOST_CLEAR_OUTPUT"
_LAST: Final[dict[Callable[[Any], None], None]] = {}  # an ordered set of receivers
logger = logging.getLogger(__name__)
logger.addHandler(logging.NullHandler())  # `gatepost build` prints the warnings itself


class Report:
    """What one build found so far: problems stop it, warnings do not."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
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


def begin(pelican: Any) -> None:
    """Takes over the clearing of the old site, and moves our receivers behind all others."""
    pelican.settings[_CLEAR] = pelican.delete_outputdir
    pelican.delete_outputdir = False
    for receiver in (*_LAST, stop_on_problems):
        listen(signals.all_generators_finalized, receiver)
    listen(signals.finalized, end)


def before_stop(receiver: Callable[[Any], None]) -> None:
    """Registers a receiver of the generators that runs after all plugins, before the stop."""
    _LAST[receiver] = None


def begin_run(pelican: Any) -> None:
    """Starts an empty report. A Pelican that watches files runs several times."""
    pelican.settings[_REPORT] = Report()


def stop_on_problems(generators: Any) -> None:
    """Raises the problems found while reading; clears the old site if there are none."""
    settings = generators[0].settings
    report = get_report(settings)
    raise_problems(settings)
    for warning in report.warnings:
        logger.warning("%s", warning)
    output, content = Path(settings["OUTPUT_PATH"]).resolve(), Path(settings["PATH"]).resolve()
    if settings.get(_CLEAR) and not content.is_relative_to(output):
        clean_output_dir(str(output), settings["OUTPUT_RETENTION"])


def end(pelican: Any) -> None:
    """Raises the problems found while writing."""
    raise_problems(pelican.settings)


def raise_problems(settings: MutableMapping[str, Any]) -> None:
    """Raises one `FileErrors` with every problem reported or logged so far; keeps warnings."""
    report = get_report(settings)
    found, report.problems = set(report.problems), []
    for entry in LOG_COLLECTOR.take():
        if entry.is_error:
            found.add(problem_from(entry, Path(settings["PATH"])))
        else:
            report.pelican_warnings.append(" ".join(entry.message.split()))
    if found:
        raise FileErrors(
            sorted(found, key=lambda problem: (problem.path, problem.line or 0, problem.message))
        )


def register() -> None:
    """Called by Pelican, and by each plugin that reports problems."""
    LOG_COLLECTOR.listen()
    signals.initialized.connect(begin)
    signals.get_generators.connect(begin_run)
