"""Has the site of a release built by one who may do less than the publishing user.

Behind BUILD_SOCKET stands a process of a user of its own. Where no such socket is set, on a
writer's machine or in a small setup, the same process runs as the publishing user.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from capture.errors import FileErrors, Unavailable
from gatepost.releases.desk import Desk
from gatepost.releases.order import ANSWER, LONGEST, ORDER, SITE, Answer, Order
from gatepost.releases.tree import FOLDERS
from gatepost.releases.wire import Broken, send_files, take_files
from gatepost.settings import PREFIX, Settings

_COMMAND: Final = [sys.executable, "-P", "-m", "gatepost.releases.worker"]
_GRACE: Final = 60
"""Seconds beyond a build's own limit that its answer may take."""
_TIDY: Final = 20
_ITS_SETTINGS: Final = (
    "build_memory_mb",
    "build_seconds",
    "cache_dir",
    "capture_url",
    "largest_push_mb",
    "reserve_mb",
    "site_url",
    "theme_dir",
    "var_dir",
)


def build_site(desk: Desk, folder: Path, live: Path | None) -> Answer:
    """Adds `output/`, made of the three folders, to a release's folder.

    Raises `FileErrors` for what the writer can mend, `Unavailable`, or OSError.
    """
    limits = desk.limits
    with _connected(desk) as line, line.makefile("rb") as stream:
        try:
            line.settimeout(limits.seconds + _GRACE)
            _send(line, folder, live)
            answer: Answer = ANSWER.validate_json(stream.readline(LONGEST))
            _raise_faults(answer)
            take_files(stream, folder, [SITE], limits.releases, lambda: limits.check_room(folder))
        except TimeoutError:
            raise Unavailable(f"the build did not answer within {limits.seconds} seconds") from None
        except (Broken, ConnectionError, ValidationError):
            raise Unavailable(
                "the build gave no answer; where it runs by systemd, `journalctl -u "
                "'gatepost-build@*'` says why"
            ) from None
    return answer


def _send(line: socket.socket, folder: Path, live: Path | None) -> None:
    before = live / SITE / "published.json" if live else None
    published = before.read_text(encoding="utf-8") if before and before.is_file() else None
    # Who builds may hang up before it has read all: it has its reasons, and tells them.
    with suppress(ConnectionError), line.makefile("wb") as stream:
        stream.write(ORDER.dump_json(Order(published)) + b"\n")
        send_files(stream, folder, FOLDERS)


def _raise_faults(answer: Answer) -> None:
    if answer.problems:
        raise FileErrors(answer.problems)
    if answer.broken:
        raise RuntimeError(f"in the build:\n{answer.broken}")
    if answer.unavailable:
        raise Unavailable(answer.unavailable)


@contextmanager
def _connected(desk: Desk) -> Iterator[socket.socket]:
    """What is written goes to who builds, what is read comes from it. It ends with the block."""
    if desk.settings.build_socket:
        with socket.socket(socket.AF_UNIX) as line:
            try:
                line.connect(desk.settings.build_socket)
            except OSError:
                raise Unavailable(
                    f"nobody builds at {desk.settings.build_socket}: `systemctl status "
                    "gatepost-build.socket`"
                ) from None
            yield line
        return
    ours, theirs = socket.socketpair()
    with ours, theirs:
        # In a session of its own: who ends a push by its group lets this one clean up behind it.
        process = subprocess.Popen(  # noqa: S603 - ours
            _COMMAND,
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.DEVNULL,
            cwd=desk.installed,
            env=os.environ | _environment(desk.settings),
            start_new_session=True,
        )
        theirs.close()
        try:
            yield ours
        finally:
            ours.shutdown(socket.SHUT_RDWR)
            ours.close()
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """It ends by itself when nobody is there any more, and takes its files away."""
    try:
        process.wait(_TIDY)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    """The process reads the same settings, wherever we had them from."""
    return {PREFIX + name.upper(): str(getattr(settings, name)) for name in _ITS_SETTINGS}
