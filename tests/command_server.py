"""Runs many `gatepost` commands without starting Python for each: a process that forks.

The process has imported the modules of all commands. Each call is a fork of it, with the caller's
arguments, folder, environment, umask and standard streams. A call comes from `ForkedCommand`, or in
a project from the `.venv/bin/gatepost` that `install_command` writes. The latter also has the
caller's clock, which may be one of `faketime`.

Tests of the start itself, of installed programs and of the complete product start Python.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

CALLER: Final = """\
#!{python} -ISE
import json, os, socket, sys, time
mask = os.umask(0)
os.umask(mask)
call = {{
    "arguments": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ),
    "umask": mask, "time": time.time(),
}}
with socket.socket(socket.AF_UNIX) as server:
    server.connect({path!r})
    socket.send_fds(server, [b"!"], [0, 1, 2])
    server.sendall(json.dumps(call).encode() + b"\\n")
    answers = server.makefile().read().split()
sys.exit(int(answers[1]) if len(answers) > 1 else "the command ended without an exit code")
"""
"""A call that is answered with two lines: the id of the process, and its exit code."""


class CommandServer:
    """A process that runs commands, at an address of a Unix socket. It ends with this process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.command_server", str(path)],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def stop(self) -> None:
        self._process.communicate()  # it ends as soon as its standard input is closed


@contextlib.contextmanager
def command_server(path: Path) -> Iterator[None]:
    """Serves commands at this address of a Unix socket."""
    server = CommandServer(path)
    try:
        yield
    finally:
        server.stop()


class ForkedCommand:
    """A running command in a fork, with those methods of `subprocess.Popen` that tests use.

    It leads a session of its own, and reads nothing from standard input.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdout: IO[bytes],
        stderr: IO[bytes],
    ) -> None:
        self.args = arguments
        self.returncode: int | None = None
        mask = os.umask(0)
        os.umask(mask)
        call = {
            "arguments": [*arguments],
            "folder": str(cwd),
            "environment": dict(env),
            "umask": mask,
            "session": True,
        }
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(_own_server().path))
        with Path(os.devnull).open("rb") as stdin:
            streams = [stream.fileno() for stream in (stdin, stdout, stderr)]
            socket.send_fds(self._socket, [b"!"], streams)
        self._socket.sendall(json.dumps(call).encode() + b"\n")
        self._answers = self._socket.makefile()
        self.pid = int(self._answers.readline())

    def poll(self) -> int | None:
        """The exit code, or None while the command runs."""
        if self.returncode is None and select.select([self._socket], [], [], 0)[0]:
            self._read_code()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Waits for the exit code."""
        if self.returncode is None:
            if not select.select([self._socket], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired([*self.args], timeout or 0)
            self._read_code()
        assert self.returncode is not None
        return self.returncode

    def _read_code(self) -> None:
        self.returncode = int(self._answers.readline())
        self._answers.close()
        self._socket.close()


def run_forked(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float
) -> "subprocess.CompletedProcess[str]":
    """Runs a command in a fork until it ends; like `subprocess.run`, with the output as text."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        command = ForkedCommand(arguments, cwd=cwd, env=env, stdout=out, stderr=err)
        code = command.wait(timeout)
        for file in (out, err):
            file.seek(0)
        return subprocess.CompletedProcess(
            command.args, code, out.read().decode(), err.read().decode()
        )


_own: list[CommandServer] = []


def _own_server() -> CommandServer:
    """The server of this process, for `ForkedCommand`. Started when it is first used."""
    if not _own:
        _own.append(CommandServer(Path(tempfile.mkdtemp(prefix="gatepost-")) / "calls"))
    return _own[0]


def stop_own_server() -> None:
    """Stops the server of `ForkedCommand`, if it runs."""
    while _own:
        server = _own.pop()
        server.stop()
        shutil.rmtree(server.path.parent)


def install_command(path: Path, project: Path) -> None:
    """Creates a `.venv` in the project, with a `gatepost` that calls the server at `path`."""
    own, bin_folder = Path(sys.prefix), project / ".venv/bin"
    bin_folder.mkdir(parents=True)
    for entry in [*own.iterdir(), *(own / "bin").iterdir()]:
        if entry.name not in {"bin", "gatepost"}:
            (project / ".venv" / entry.relative_to(own)).symlink_to(entry)
    command = bin_folder / "gatepost"
    command.write_text(CALLER.format(python=sys.executable, path=str(path)))
    command.chmod(0o755)


def serve(path: str) -> None:
    """Answers calls until standard input is closed. In a fork it returns after the command."""
    from gatepost.command_table import COMMANDS  # noqa: PLC0415 - the tests themselves need no import of it

    modules = {command.path.partition(":")[0] for command in COMMANDS.values()}
    for module in sorted({*modules, "gatepost.server.serve", "gatepost.preview.live"}):
        importlib.import_module(module)
    gc.freeze()  # so that a fork shares the memory of these modules
    calls: dict[int, socket.socket] = {}
    ended, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakeup)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            ready, _, _ = select.select([listener, ended, 0], [], [])
            if 0 in ready:
                return
            if ended in ready:
                os.read(ended, 1024)
                _report_ended(calls)
            if listener in ready:
                call, _ = listener.accept()
                process = os.fork()
                if process == 0:
                    break
                calls[process] = call
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in (ended, wakeup, *(other.detach() for other in calls.values())):
        os.close(number)
    _run(call)


def _report_ended(calls: dict[int, socket.socket]) -> None:
    """Answers the calls of all processes that have ended with their exit codes."""
    with contextlib.suppress(ChildProcessError):
        while (end := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            with calls.pop(end[0]) as call, contextlib.suppress(OSError):
                call.sendall(f"{os.waitstatus_to_exitcode(end[1])}\n".encode())


def _run(call: socket.socket) -> None:
    """Runs one command in this process."""
    import time_machine  # noqa: PLC0415

    from gatepost.cli import main  # noqa: PLC0415

    with call:
        _, streams, _, _ = socket.recv_fds(call, 1, 3)
        with call.makefile() as lines:
            order = json.loads(lines.readline())
        if order.get("session"):
            os.setsid()
        call.sendall(f"{os.getpid()}\n".encode())
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(order["folder"])
    os.umask(order["umask"])
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    sys.argv = ["gatepost", *order["arguments"]]
    with contextlib.ExitStack() as clock:
        if stopped_at := os.environ.get("STOPPED_CLOCK"):  # as in a Python that starts with it
            clock.enter_context(time_machine.travel(float(stopped_at), tick=False))
        elif "time" in order:
            clock.enter_context(time_machine.travel(order["time"], tick=True))
        main()


if __name__ == "__main__":
    serve(sys.argv[1])
