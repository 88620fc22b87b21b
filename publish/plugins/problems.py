"""A Pelican plugin, the first in PLUGINS: where the others report what a writer must mend.

Pelican swallows what plugins and readers raise while it reads. So problems are gathered, together
with what Pelican itself only logs, and raised once at the end of reading, before a page is written.
The old site is cleared only then, so that a failed `pelican` leaves it standing.
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

# What Pelican only logs: a reader that raised, an article left out, a plugin that did not load.
#
# Pelican goes on after each of these and exits with 0. We listen, and say it in a writer's words.


# Pelican warns of these and publishes a broken site.
_GRAVE_WARNINGS: Final = (
    "Skipped copy %s (not a file or directory) to %s",
    "A problem occurred copying file %s to %s; %s",
    "Cannot copy %s (a directory) to %s (a file)",
)
# We say these with their lines, and never more than once.
_REPORTED_ELSEWHERE: Final = (
    "Unable to find '%s', skipping url replacement.",
    "There are %s ",
    "Empty alt attribute for image %s in %s",
)


@dataclass(frozen=True)
class LogEntry:
    """One log record, and the exception that was being handled when it was made."""

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
    """Keeps what Pelican logs until somebody takes it. One for the process, as loggers are."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._heard: list[LogEntry] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Called by the logger. Pelican drops the exception's text, so we look for it ourselves."""
        template = str(record.msg)
        if not template.startswith(_REPORTED_ELSEWHERE):
            args = record.args if isinstance(record.args, tuple) else ()
            heard = LogEntry(record.levelno, template, args, record.getMessage(), sys.exc_info()[1])
            self._heard.append(heard)

    def listen(self) -> None:
        """Starts to listen to all of Pelican's loggers; safe to call again."""
        logger = logging.getLogger("pelican")
        if self not in logger.handlers:
            logger.addHandler(self)
            logger.addFilter(_as_lines)

    def take(self) -> list[LogEntry]:
        """What was heard since the last time."""
        heard, self._heard = self._heard, []
        return heard


LOG_COLLECTOR: Final = LogCollector()


def _as_lines(record: logging.LogRecord) -> bool:
    """Plain `pelican` logs what stops it with a traceback; our own refusals are lines to read."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, GatepostError):
        sys.stderr.write(f"{error}\n")
        return False
    return True


def problem_from(heard: LogEntry, content: Path) -> Problem:
    """A log record as a problem of the file it is about; `content` is Pelican's PATH."""
    tell = _TELL.get(heard.template)
    if tell is None:
        return Problem("pelican", None, " ".join(heard.message.split()))
    return tell(heard, content)


def _unreadable(heard: LogEntry, content: Path) -> Problem:
    cause = heard.cause
    reason = " ".join(str(cause).split()) if cause else "Pelican says no more"
    if not isinstance(cause, ValueError):
        reason = f"{type(cause).__name__}: {reason}"
    return Problem(short_path(content / str(heard.args[0])), None, f"cannot be read: {reason}")


def _no_plugin(heard: LogEntry, _content: Path) -> Problem:
    name, cause = heard.args[0], heard.cause
    reason = f"{type(cause).__name__}: {cause}" if cause else re.sub(r"\s+", " ", heard.message)
    return Problem(
        "PLUGINS in pelicanconf.py",
        None,
        f"plugin `{name}` did not register ({reason}): mend it or take it out",
    )


_TELL: Final[Mapping[str, Callable[[LogEntry, Path], Problem]]] = {
    "Could not process %s": _unreadable,
    "Cannot load plugin `%s`\n%s": _no_plugin,
    "Cannot register plugin `%s`": _no_plugin,
}


_REPORT: Final = "GATEPOST_REPORT"
_CLEAR: Final = "GATEPOST_CLEAR_OUTPUT"
_LAST: Final[dict[Callable[[Any], None], None]] = {}  # in their order
logger = logging.getLogger(__name__)
logger.addHandler(logging.NullHandler())  # `gatepost build` prints the warnings itself


class Report:
    """What one build found so far: problems stop it, warnings do not."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.pelican_warnings: list[str] = []

    def problem(self, path: Path, line: int | None, message: str) -> None:
        """A mistake that must not be published."""
        self.problems.append(Problem(short_path(path), line, message))

    def warn(self, path: Path, line: int | None, message: str) -> None:
        """Something the writer should know of."""
        self.warnings.append(Problem(short_path(path), line, message))


def get_report(settings: MutableMapping[str, Any]) -> Report:
    """The report of the build that has these Pelican settings."""
    report: Report = settings.setdefault(_REPORT, Report())
    return report


def begin(pelican: Any) -> None:
    """Takes over the clearing of the old site, and sees to it that we are heard last."""
    pelican.settings[_CLEAR] = pelican.delete_outputdir
    pelican.delete_outputdir = False
    for receiver in (*_LAST, stop_on_problems):
        listen(signals.all_generators_finalized, receiver)
    listen(signals.finalized, end)


def before_stop(receiver: Callable[[Any], None]) -> None:
    """Has it called with the generators after all other plugins, just before `stop`."""
    _LAST[receiver] = None


def begin_run(pelican: Any) -> None:
    """A Pelican that watches files runs again and again: each run has a report of its own."""
    pelican.settings[_REPORT] = Report()


def stop_on_problems(generators: Any) -> None:
    """Raises everything that was found while reading, and clears the old site if all is well."""
    settings = generators[0].settings
    report = get_report(settings)
    raise_problems(settings)
    for warning in report.warnings:
        logger.warning("%s", warning)
    output, content = Path(settings["OUTPUT_PATH"]).resolve(), Path(settings["PATH"]).resolve()
    if settings.get(_CLEAR) and not content.is_relative_to(output):
        clean_output_dir(str(output), settings["OUTPUT_RETENTION"])


def end(pelican: Any) -> None:
    """Raises what went wrong while writing."""
    raise_problems(pelican.settings)


def raise_problems(settings: MutableMapping[str, Any]) -> None:
    """Raises one `FileErrors` with every problem reported or logged so far; warnings stay."""
    report = get_report(settings)
    found, report.problems = set(report.problems), []
    for heard in LOG_COLLECTOR.take():
        if heard.is_error:
            found.add(problem_from(heard, Path(settings["PATH"])))
        else:
            report.pelican_warnings.append(" ".join(heard.message.split()))
    if found:
        raise FileErrors(
            sorted(found, key=lambda message: (message.path, message.line or 0, message.message))
        )


def register() -> None:
    """Called by Pelican, and by each plugin that reports: without us, nobody would hear it."""
    LOG_COLLECTOR.listen()
    signals.initialized.connect(begin)
    signals.get_generators.connect(begin_run)
