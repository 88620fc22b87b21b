"""`python -m gatepost.releases.worker`: builds one pushed site with few rights.

systemd starts one worker for each connection of the publishing process to BUILD_SOCKET, as a
separate user, who cannot read the ledger, the releases or the repository. Without BUILD_SOCKET the
publishing process starts the worker itself (see `make_release`). The worker reads the pushed
folders from standard input and writes the site to standard output (see `wire`). The build runs in a
child process with limits of time, memory and disk. The worker kills it at a limit or when the
publishing process closes the connection, and deletes its files.

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
from gatepost.raw_settings import PREFIX
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
from gatepost.settings import Settings, SettingsWithSources
from publish.plugins.current_file import CURRENT_FILE

_WORK_FOLDER: Final = ".work"
"""The folder, beside the pushed ones, of the files that worker and child exchange."""


def build_pushed_site(settings: Settings, published_json: str | None, folder: Path) -> BuildAnswer:
    """Builds the pushed folders in `folder` into its subfolder `output`. Never raises.

    `published_json` is the text of the live release's `published.json`; None before the first one.
    Changes the working folder and the environment: run it in a process of its own.
    """
    install_dir = Path.cwd()
    try:
        os.chdir(folder)  # so that messages name content/posts/..., as writers know it
        # Programs that a build starts must not import pushed code.
        os.environ["PYTHONSAFEPATH"] = "1"
        os.environ["GATEPOST_SITE_URL"] = settings.site_url  # publishconf.py reads it
        overrides = _pelican_settings(settings, install_dir, published_json, folder)
        return _run_pelican(install_dir, overrides)
    except FileErrors as error:
        return BuildAnswer(problems=error.problems)
    except MemoryError:
        limit = f"{PREFIX}BUILD_MEMORY_MB={settings.build_memory_mb}"
        return BuildAnswer(unavailable=f"the build needs more memory than {limit} allows")
    except GatepostError as error:  # settings, programs or the disk, not the pushed files
        return BuildAnswer(unavailable=str(error).replace(f"{folder}/", ""))
    except Exception:
        return BuildAnswer(traceback=traceback.format_exc())


def _run_pelican(install_dir: Path, overrides: Mapping[str, object]) -> BuildAnswer:
    # Only the child imports Pelican.
    from publish.build.release import finish_release  # noqa: PLC0415
    from publish.build.site import build  # noqa: PLC0415
    from publish.cli import format_counts  # noqa: PLC0415

    built = build(install_dir / "publishconf.py", overrides, finish=finish_release).summary
    return BuildAnswer(warnings=built.short_warnings, summary=format_counts(built), due=built.due)


def _pelican_settings(
    settings: Settings, install_dir: Path, published_json: str | None, folder: Path
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
        CURRENT_FILE: str(folder / _WORK_FOLDER / "current-file"),
    }
    if published_json is not None:  # the build compares with it, and refuses a lost address
        published_file = folder / _WORK_FOLDER / "published.json"
        published_file.write_text(published_json, encoding="utf-8")
        overrides[PUBLISHED] = str(published_file)
    return overrides


_POLL_SECONDS: Final = 0.1
"""Seconds between two checks of the build and of the disk."""


def main() -> None:
    """Reads one order, builds, and writes the answer and the site."""
    answer_stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # output of plugins must not mix with the answer
    os.umask(0o022)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with _temporary_folder() as folder, suppress(BrokenPipeError):
        answer = _build_or_report(folder, answer_stream)
        answer_stream.write(ANSWER.dump_json(answer) + b"\n")
        try:
            if answer.is_good:
                send_files(answer_stream, folder, [SITE])
        except Unavailable as error:
            sys.exit(str(error))  # the answer is incomplete; the journal has the reason
        answer_stream.flush()
    with suppress(OSError):
        answer_stream.close()


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gatepost-build-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _build_or_report(folder: Path, answer_stream: IO[bytes]) -> BuildAnswer:
    """Builds in a child process. An error becomes an answer that reports it."""
    try:
        settings = SettingsWithSources.read().settings
        check_no_access_to_leads(settings)
        return _build_in_child(settings, folder, answer_stream)
    except FileErrors as error:
        return BuildAnswer(problems=error.problems)
    except GatepostError as error:
        return BuildAnswer(unavailable=str(error))
    except OSError as error:
        return BuildAnswer(unavailable=f"the build cannot write its files: {error.strerror}")
    except Exception:
        return BuildAnswer(traceback=traceback.format_exc())


def _build_in_child(settings: Settings, folder: Path, answer_stream: IO[bytes]) -> BuildAnswer:
    """Receives the folders, builds them in a child process, and returns its answer."""
    limits = Limits.from_settings(settings)
    order = ORDER.validate_json(sys.stdin.buffer.readline(MAX_MESSAGE_BYTES))
    receive_files(
        sys.stdin.buffer, folder, FOLDERS, limits.push, lambda: limits.check_disk_space(folder)
    )
    work_folder = folder / _WORK_FOLDER
    work_folder.mkdir()
    started = time.monotonic()
    child = os.fork()
    if not child:
        _run_child(settings, order.published_json, folder, limits)
    try:
        status = _supervise(child, folder, limits, answer_stream)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # with all processes that it has started
        with suppress(ChildProcessError):
            os.waitpid(child, 0)
    if not (work_folder / "answer").is_file():
        raise Unavailable(
            f"the build ended without an answer ({os.waitstatus_to_exitcode(status)}); it may "
            f"have needed more memory than {PREFIX}BUILD_MEMORY_MB={settings.build_memory_mb}"
        )
    answer: BuildAnswer = ANSWER.validate_json((work_folder / "answer").read_bytes())
    return replace(answer, seconds=time.monotonic() - started)


def _supervise(child: int, folder: Path, limits: Limits, answer_stream: IO[bytes]) -> int:
    """Waits for the end of the child and returns its wait status.

    Raises `FileErrors` at the time limit, `Unavailable` if the disk is too full, and
    `BrokenPipeError` if the publishing process has closed the connection.
    """
    deadline = time.monotonic() + limits.seconds
    hang_up = select.poll()
    hang_up.register(answer_stream, 0)  # 0: reports only a hang-up
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if time.monotonic() > deadline:
            path, message = build_timeout(folder / _WORK_FOLDER / "current-file", limits.seconds)
            raise FileErrors([Problem(path, None, message)])
        limits.check_disk_space(folder)
        if hang_up.poll(_POLL_SECONDS * 1000):
            raise BrokenPipeError


def _run_child(
    settings: Settings, published_json: str | None, folder: Path, limits: Limits
) -> NoReturn:
    """The child process: sets its limits, builds, writes its answer into a file, and ends.

    It has a process group of its own, which `_build_in_child` kills.
    """
    code = 1
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
        # A second limit by the kernel: if the worker is killed, nobody else stops the child. It
        # counts the processor time of all threads, so each processor may use the time limit.
        cpu_seconds = limits.seconds * (os.cpu_count() or 1) + 60
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
        answer = build_pushed_site(settings, published_json, folder)
        draft = folder / _WORK_FOLDER / "draft"
        draft.write_bytes(ANSWER.dump_json(answer))
        draft.rename(folder / _WORK_FOLDER / "answer")
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
