"""A Pelican plugin, the first in PLUGINS: where the others report what a writer must mend.

Pelican swallows what plugins and readers raise while it reads. So problems are gathered, together
with what Pelican itself only logs, and raised once at the end of reading, before a page is written.
The old site is cleared only then, so that a failed `pelican` leaves it standing.
"""

import logging
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, Final

from pelican import signals
from pelican.utils import clean_output_dir

from capture.errors import FileErrors, Problem, short_path
from publish.pelican_log import EAR, problem_from
from publish.wiring import listen

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


def report_of(settings: MutableMapping[str, Any]) -> Report:
    """The report of the build that has these Pelican settings."""
    report: Report = settings.setdefault(_REPORT, Report())
    return report


def begin(pelican: Any) -> None:
    """Takes over the clearing of the old site, and sees to it that we are heard last."""
    pelican.settings[_CLEAR] = pelican.delete_outputdir
    pelican.delete_outputdir = False
    for receiver in (*_LAST, stop):
        listen(signals.all_generators_finalized, receiver)
    listen(signals.finalized, end)


def before_stop(receiver: Callable[[Any], None]) -> None:
    """Has it called with the generators after all other plugins, just before `stop`."""
    _LAST[receiver] = None


def begin_run(pelican: Any) -> None:
    """A Pelican that watches files runs again and again: each run has a report of its own."""
    pelican.settings[_REPORT] = Report()


def stop(generators: Any) -> None:
    """Raises everything that was found while reading, and clears the old site if all is well."""
    settings = generators[0].settings
    report = report_of(settings)
    raise_found(settings)
    for warning in report.warnings:
        logger.warning("%s", warning)
    output, content = Path(settings["OUTPUT_PATH"]).resolve(), Path(settings["PATH"]).resolve()
    if settings.get(_CLEAR) and not content.is_relative_to(output):
        clean_output_dir(str(output), settings["OUTPUT_RETENTION"])


def end(pelican: Any) -> None:
    """Raises what went wrong while writing."""
    raise_found(pelican.settings)


def raise_found(settings: MutableMapping[str, Any]) -> None:
    """Raises one `FileErrors` with every problem reported or logged so far; warnings stay."""
    report = report_of(settings)
    found, report.problems = set(report.problems), []
    for heard in EAR.take():
        if heard.is_error:
            found.add(problem_from(heard, Path(settings["PATH"])))
        else:
            report.pelican_warnings.append(" ".join(heard.message.split()))
    if found:
        raise FileErrors(sorted(found, key=lambda told: (told.path, told.line or 0, told.message)))


def register() -> None:
    """Called by Pelican, and by each plugin that reports: without us, nobody would hear it."""
    EAR.listen()
    signals.initialized.connect(begin)
    signals.get_generators.connect(begin_run)
