"""Whatever stopped a build, as lines for the person who can mend it."""

import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from capture.errors import FileErrors, GatepostError, short_path
from gatepost.preview.report import Fault


def faults_of(error: BaseException) -> Iterator[Fault]:
    """A fault for each mistake; of a crash, the place in the project's own code."""
    if isinstance(error, FileErrors):
        yield from (Fault(found.path, found.line, found.message) for found in error.problems)
    elif isinstance(error, GatepostError):
        yield from (Fault("", None, line) for line in str(error).splitlines())
    else:
        yield _crash(error)


def _crash(error: BaseException) -> Fault:
    """Told with the last line of the project's own code that it went through."""
    message = f"{type(error).__name__}: {' '.join(str(error).split())}"
    if isinstance(error, SyntaxError) and error.filename:
        return Fault(short_path(Path(error.filename)), error.lineno, message)
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        frame
        for frame in frames
        if Path(frame.filename).is_relative_to(Path.cwd())
        and not Path(frame.filename).is_relative_to(sys.prefix)
        and "preview" not in Path(frame.filename).parts
    ]
    frame = (own or frames)[-1]
    return Fault(short_path(Path(frame.filename)), frame.lineno, message)
