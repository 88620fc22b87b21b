"""`python -m gatepost.releases.worker`: builds one pushed site with few rights.

The worker serves BUILD_SOCKET as a separate user, who cannot read the ledger, the releases or the
repository. It reads the pushed folders from standard input and writes the site to standard output
(see `wire`). The build runs in a child process with limits of time, memory and disk. The worker
kills it at a limit or when the client hangs up, and deletes its files.

The worker sends tracebacks back, for publish.log. They can show pushed text but no lead and no key:
it refuses to run as a user who can read either.
"""

import os
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Final, NoReturn

from capture.errors import FileErrors, GatepostError, Problem, Unavailable
from gatepost.build_timeout import build_timeout
from gatepost.releases.context import check_no_access_to_leads
from gatepost.releases.git import FOLDERS
from gatepost.releases.limits import Limits
from gatepost.releases.wire import (
    ANSWER,
    MAX_MESSAGE_BYTES,
    ORDER,
    SITE,
    BuildAnswer,
    receive_files,
    send_files,
)
from gatepost.settings import PREFIX, Settings, SettingsWithSources
from publish.plugins.current_file import CURRENT_FILE


def build_once(settings: Settings, published: str | None, folder: Path) -> BuildAnswer:
    """Builds the pushed folders in `folder` into its subfolder `output`. Never raises.

    Changes the working folder and the environment: run it in a process of its own.
    """
    install_dir = Path.cwd()
    try:
        os.chdir(folder)  # so that messages name content/posts/..., as writers know it
        # Programs that a build starts must not import pushed code.
        os.environ["PYTHONSAFEPATH"] = "1"
        os.environ["GATEPOST_SITE_URL"] = settings.site_url  # publishconf.py reads it
        return _run_build(install_dir, _pelican_settings(settings, install_dir, published, folder))
    except FileErrors as error:
        return BuildAnswer(problems=error.problems)
    except MemoryError:
        limit = f"{PREFIX}BUILD_MEMORY_MB={settings.build_memory_mb}"
        return BuildAnswer(unavailable=f"the build needs more memory than {limit} allows")
    except GatepostError as error:  # settings, programs or the disk, not the pushed files
        return BuildAnswer(unavailable=str(error).replace(f"{folder}/", ""))
    except Exception:
        return BuildAnswer(traceback=traceback.format_exc())


def _run_build(install_dir: Path, overrides: Mapping[str, object]) -> BuildAnswer:
    # Only the child imports Pelican.
    from publish.build.release import finish_release  # noqa: PLC0415
    from publish.build.site import build  # noqa: PLC0415
    from publish.cli import format_counts  # noqa: PLC0415

    summary = build(install_dir / "publishconf.py", overrides, finish=finish_release).summary
    return BuildAnswer(warnings=summary.warnings, summary=format_counts(summary), due=summary.due)


def _pelican_settings(
    settings: Settings, install_dir: Path, published: str | None, folder: Path
) -> Mapping[str, object]:
    from publish.checks.layout import PUBLISHED  # noqa: PLC0415

    overrides: dict[str, object] = {
        "PATH": str(folder / "content"),
        "GATED_PATH": str(folder / "content" / "gated"),
        "CAMPAIGNS_PATH": str(folder / "campaigns"),
        "CLIENTS_PATH": str(folder / "clients"),
        "OUTPUT_PATH": str(folder / SITE / "www"),
        "CACHE_PATH": str(install_dir / settings.cache_dir),
        "THEME": str(install_dir / settings.theme_dir),
        "CAPTURE_URL": settings.capture_url,
        CURRENT_FILE: str(folder / ".work/current-file"),
    }
    if published is not None:  # the build compares with it, and refuses a lost address
        live_site = folder / ".work/published.json"
        live_site.write_text(published, encoding="utf-8")
        overrides[PUBLISHED] = str(live_site)
    return overrides


_POLL_SECONDS: Final = 0.1
"""Seconds between two checks of the build and of the disk."""


def main() -> None:
    """Reads one order, builds, and writes the answer and the site."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # output of plugins must not mix with the answer
    os.umask(0o022)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with _work_folder() as folder, suppress(BrokenPipeError):
        answer = _answer(folder, answers)
        answers.write(ANSWER.dump_json(answer) + b"\n")
        try:
            if answer.is_good:
                send_files(answers, folder, [SITE])
        except Unavailable as error:
            sys.exit(str(error))  # the client sees an incomplete stream; the journal has the reason
        answers.flush()
    with suppress(OSError):
        answers.close()


@contextmanager
def _work_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gatepost-build-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _answer(folder: Path, answers: IO[bytes]) -> BuildAnswer:
    try:
        settings = SettingsWithSources.read().settings
        check_no_access_to_leads(settings)
        return _build(settings, folder, answers)
    except FileErrors as error:
        return BuildAnswer(problems=error.problems)
    except GatepostError as error:
        return BuildAnswer(unavailable=str(error))
    except OSError as error:
        return BuildAnswer(unavailable=f"the build cannot write its files: {error.strerror}")
    except Exception:
        return BuildAnswer(traceback=traceback.format_exc())


def _build(settings: Settings, folder: Path, answers: IO[bytes]) -> BuildAnswer:
    limits = Limits.from_settings(settings)
    order = ORDER.validate_json(sys.stdin.buffer.readline(MAX_MESSAGE_BYTES))
    receive_files(sys.stdin.buffer, folder, FOLDERS, limits.push, lambda: limits.check_room(folder))
    work = folder / ".work"
    work.mkdir()
    started = time.monotonic()
    child = os.fork()
    if not child:
        _build_and_end(settings, order.published, folder, limits)
    try:
        status = _wait(child, folder, work, limits, answers)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # with all processes that it has started
        with suppress(ChildProcessError):
            os.waitpid(child, 0)
    if not (work / "answer").is_file():
        raise Unavailable(
            f"the build ended without an answer ({os.waitstatus_to_exitcode(status)}); it may "
            f"have needed more memory than {PREFIX}BUILD_MEMORY_MB={settings.build_memory_mb}"
        )
    answer: BuildAnswer = ANSWER.validate_json((work / "answer").read_bytes())
    return replace(answer, seconds=time.monotonic() - started)


def _wait(child: int, folder: Path, work: Path, limits: Limits, answers: IO[bytes]) -> int:
    """Waits for the end of the build; returns its exit status. Raises at a limit or a hang-up."""
    deadline = time.monotonic() + limits.seconds
    hang_up = select.poll()
    hang_up.register(answers, 0)  # reports only a hang-up
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if time.monotonic() > deadline:
            path, message = build_timeout(work / "current-file", limits.seconds)
            raise FileErrors([Problem(path, None, message)])
        limits.check_room(folder)
        if hang_up.poll(_POLL_SECONDS * 1000):
            raise BrokenPipeError


def _build_and_end(
    settings: Settings, published: str | None, folder: Path, limits: Limits
) -> NoReturn:
    """Runs the build in the child, in a new process group that `_build` can kill."""
    code = 1
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
        # In case the worker itself is killed.
        seconds = limits.seconds * (os.cpu_count() or 1) + 60
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        answer = build_once(settings, published, folder)
        draft = folder / ".work/draft"
        draft.write_bytes(ANSWER.dump_json(answer))
        draft.rename(folder / ".work/answer")
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
