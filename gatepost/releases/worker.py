"""`python -m gatepost.releases.worker`: builds one pushed site with few rights.

systemd starts one worker for each connection of the publishing process to BUILD_SOCKET, as a
separate user, who cannot read the ledger, the releases or the repository. Without BUILD_SOCKET the
publishing process starts the worker itself (see `make_release`). The worker reads the pushed
folders from standard input and writes the site to standard output (see `wire`). The build runs in a
child process with limits of time, memory and disk. The worker kills it at a limit or when the
publishing process closes the connection. The pushed files and their site are kept for the next
build (see `kept_build`).

The worker sends tracebacks back, for publish.log. They can show pushed text but no lead and no key:
it refuses to run as a user who can read either.
"""

import os
import resource
import select
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final, NoReturn

from capture.errors import FileErrors, GatepostError, Problem, Unavailable
from gatepost.build_timeout import build_timeout
from gatepost.raw_settings import PREFIX
from gatepost.releases.context import check_no_access_to_leads
from gatepost.releases.git import FOLDERS
from gatepost.releases.kept_build import SiteHashes, build_folder, replace_files, replace_text
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
_RECEIVED: Final = ".received"
"""The folder of the pushed folders while they arrive."""


def build_pushed_site(settings: Settings, folder: Path) -> BuildAnswer:
    """Builds the pushed folders in `folder` into its subfolder `output`. Never raises.

    Changes the working folder and the environment: run it in a process of its own.
    """
    install_dir = Path.cwd()
    try:
        os.chdir(folder)  # so that messages name content/posts/..., as writers know it
        # Programs that a build starts must not import pushed code.
        os.environ["PYTHONSAFEPATH"] = "1"
        os.environ["GATEPOST_SITE_URL"] = settings.site_url  # publishconf.py reads it
        overrides = _pelican_settings(settings, install_dir, folder)
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
    content = built.content
    counts = format_counts(content)
    return BuildAnswer(warnings=built.short_warnings, summary=counts, due=content.due)


def _pelican_settings(settings: Settings, install_dir: Path, folder: Path) -> Mapping[str, object]:
    return {
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


_POLL_SECONDS: Final = 0.1
"""Seconds between two checks of the build and of the disk."""


def main() -> None:
    """Reads one order, builds, and writes the answer and the site."""
    answer_stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # output of plugins must not mix with the answer
    os.umask(0o022)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with ExitStack() as stack, suppress(BrokenPipeError):
        answer, built = _build_or_report(stack, answer_stream)
        answer_stream.write(ANSWER.dump_json(answer) + b"\n")
        try:
            if built:
                send_files(answer_stream, built.folder, [SITE], built.is_known)
        except Unavailable as error:
            sys.exit(str(error))  # the answer is incomplete; the journal has the reason
        answer_stream.flush()
    with suppress(OSError):
        answer_stream.close()


@dataclass(frozen=True)
class _BuiltSite:
    """A site to be sent."""

    folder: Path
    """Its parent."""
    hashes: Mapping[str, str]
    live: Mapping[str, str]
    """The hashes of the live release's files."""

    def is_known(self, path: str) -> bool:
        """Whether the live release has the same file."""
        return path in self.live and self.live[path] == self.hashes.get(path)


def _build_or_report(
    stack: ExitStack, answer_stream: IO[bytes]
) -> tuple[BuildAnswer, _BuiltSite | None]:
    """Builds in a child process, in a folder that the stack holds.

    An error becomes an answer that reports it. If the operator must fix it, such as a full disk,
    nothing is kept.
    """
    folder = None
    try:
        settings = SettingsWithSources.read().settings
        check_no_access_to_leads(settings)
        folder = stack.enter_context(build_folder(settings.cache_dir.absolute()))
        return _build_in_child(settings, folder, answer_stream)
    except FileErrors as error:
        return BuildAnswer(problems=error.problems), None
    except GatepostError as error:
        answer = BuildAnswer(unavailable=str(error))
    except BrokenPipeError:
        raise
    except OSError as error:
        answer = BuildAnswer(unavailable=f"the build cannot write its files: {error.strerror}")
    except Exception:
        answer = BuildAnswer(traceback=traceback.format_exc())
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    return answer, None


def _build_in_child(
    settings: Settings, folder: Path, answer_stream: IO[bytes]
) -> tuple[BuildAnswer, _BuiltSite | None]:
    """Receives the folders, builds them in a child process, and returns its answer."""
    limits = Limits.from_settings(settings)
    order = ORDER.validate_json(sys.stdin.buffer.readline(MAX_MESSAGE_BYTES))
    received, work_folder = folder / _RECEIVED, folder / _WORK_FOLDER
    for empty in (received, work_folder):
        shutil.rmtree(empty, ignore_errors=True)  # a killed worker leaves it
        empty.mkdir()
    receive_files(
        sys.stdin.buffer, received, FOLDERS, limits.push, lambda: limits.check_disk_space(folder)
    )
    replace_files(folder, received, FOLDERS)
    # The build compares with it, and refuses a lost address.
    replace_text(folder / SITE / "published.json", order.published_json)
    hashes = SiteHashes(folder)
    started = time.monotonic()
    child = os.fork()
    if not child:
        _run_child(settings, folder, limits)
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
    built = _BuiltSite(folder, hashes.read(), order.live_files) if answer.is_good else None
    return replace(answer, seconds=time.monotonic() - started), built


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


def _run_child(settings: Settings, folder: Path, limits: Limits) -> NoReturn:
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
        answer = build_pushed_site(settings, folder)
        draft = folder / _WORK_FOLDER / "draft"
        draft.write_bytes(ANSWER.dump_json(answer))
        draft.rename(folder / _WORK_FOLDER / "answer")
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
