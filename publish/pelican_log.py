"""What Pelican only logs: a reader that raised, an article left out, a plugin that did not load.

Pelican goes on after each of these and exits with 0. We listen, and say it in a writer's words.
"""

import logging
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from capture.errors import GatepostError, Problem, short_path

# Pelican warns of these and publishes a broken site.
_GRAVE_WARNINGS: Final = (
    "Skipped copy %s (not a file or directory) to %s",
    "A problem occurred copying file %s to %s; %s",
    "Cannot copy %s (a directory) to %s (a file)",
)
# We say these with their lines, and never more than once.
_SAID_ELSEWHERE: Final = (
    "Unable to find '%s', skipping url replacement.",
    "There are %s ",
    "Empty alt attribute for image %s in %s",
)


@dataclass(frozen=True)
class Heard:
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


class Ear(logging.Handler):
    """Keeps what Pelican logs until somebody takes it. One for the process, as loggers are."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._heard: list[Heard] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Called by the logger. Pelican drops the exception's text, so we look for it ourselves."""
        template = str(record.msg)
        if not template.startswith(_SAID_ELSEWHERE):
            args = record.args if isinstance(record.args, tuple) else ()
            heard = Heard(record.levelno, template, args, record.getMessage(), sys.exc_info()[1])
            self._heard.append(heard)

    def listen(self) -> None:
        """Starts to listen to all of Pelican's loggers; safe to call again."""
        logger = logging.getLogger("pelican")
        if self not in logger.handlers:
            logger.addHandler(self)
            logger.addFilter(_as_lines)

    def take(self) -> list[Heard]:
        """What was heard since the last time."""
        heard, self._heard = self._heard, []
        return heard


EAR: Final = Ear()


def _as_lines(record: logging.LogRecord) -> bool:
    """Plain `pelican` logs what stops it with a traceback; our own refusals are lines to read."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, GatepostError):
        sys.stderr.write(f"{error}\n")
        return False
    return True


def problem_from(heard: Heard, content: Path) -> Problem:
    """A log record as a problem of the file it is about; `content` is Pelican's PATH."""
    tell = _TELL.get(heard.template)
    if tell is None:
        return Problem("pelican", None, " ".join(heard.message.split()))
    return tell(heard, content)


def _unreadable(heard: Heard, content: Path) -> Problem:
    cause = heard.cause
    why = " ".join(str(cause).split()) if cause else "Pelican says no more"
    if not isinstance(cause, ValueError):
        why = f"{type(cause).__name__}: {why}"
    return Problem(short_path(content / str(heard.args[0])), None, f"cannot be read: {why}")


def _no_plugin(heard: Heard, _content: Path) -> Problem:
    name, cause = heard.args[0], heard.cause
    why = f"{type(cause).__name__}: {cause}" if cause else re.sub(r"\s+", " ", heard.message)
    return Problem(
        "PLUGINS in pelicanconf.py",
        None,
        f"plugin `{name}` did not register ({why}): mend it or take it out",
    )


_TELL: Final[Mapping[str, Callable[[Heard, Path], Problem]]] = {
    "Could not process %s": _unreadable,
    "Cannot load plugin `%s`\n%s": _no_plugin,
    "Cannot register plugin `%s`": _no_plugin,
}
