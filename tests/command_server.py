"""Runs many `gatepost` commands without starting Python for each: a process that forks.

The process has imported the modules of all commands. In a project whose `.venv/bin/gatepost` is the
file that `install_command` writes, each call is a fork of it: with the caller's arguments, folder,
environment, standard streams and clock. The caller's clock may be one of `faketime`.
"""

import contextlib
import importlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn

CALLER: Final = """\
#!{python} -ISE
import json, os, socket, sys, time
call = {{
    "arguments": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ),
    "time": time.time(),
}}
with socket.socket(socket.AF_UNIX) as server:
    server.connect({path!r})
    socket.send_fds(server, [b"!"], [0, 1, 2])
    server.sendall(json.dumps(call).encode() + b"\\n")
    code = server.makefile().read()
sys.exit(int(code) if code else "the command ended without an exit code")
"""


@contextlib.contextmanager
def command_server(path: Path) -> Iterator[None]:
    """Serves commands at this address of a Unix socket."""
    command = [sys.executable, "-m", "tests.command_server", str(path)]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield
        finally:
            process.terminate()


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
    """Answers calls until the process is stopped."""
    from gatepost.cli import COMMANDS  # noqa: PLC0415 - the tests themselves need no import of it

    for module in sorted({name.partition(":")[0] for name in COMMANDS.values()}):
        importlib.import_module(module)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            call, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _run(call)
            call.close()
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG) != (0, 0):
                    pass


def _run(call: socket.socket) -> NoReturn:
    """Runs one command in this process, and answers with its exit code."""
    import time_machine  # noqa: PLC0415

    from gatepost.cli import main  # noqa: PLC0415

    _, streams, _, _ = socket.recv_fds(call, 1, 3)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    with call.makefile() as lines:
        order = json.loads(lines.readline())
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    sys.argv = ["gatepost", *order["arguments"]]
    code: object = 1
    with time_machine.travel(order["time"], tick=True):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            call.sendall(str(code).encode())
            call.close()
            os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
