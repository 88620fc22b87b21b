"""Builds of a site in processes of their own, which are forks of one that has imported Pelican.

    with BuildServer() as builds:
        builds.run("gatepost", site.root, now)

A fork has not built anything yet, so it knows no more than a process that starts anew. It can be
killed before it changes a certain file.
"""

import gc
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

import markdown

from publish import shared_work

ROOT: Final = Path(__file__).parents[3]
_CHANGES: Final = frozenset({"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link"})
"""Audit events of Python, beside `open`, that change a folder."""


@dataclass(frozen=True)
class Built:
    """What a build printed, and its exit code; that of a killed one is negative."""

    code: int
    out: str
    err: str

    @property
    def is_killed(self) -> bool:
        return self.code < 0


class BuildServer:
    """The process that forks."""

    def __init__(self, hash_seed: str = "0") -> None:
        environment = {key: v for key, v in os.environ.items() if not key.startswith("GATEPOST_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.publish.rebuilding.build_server"],
            cwd=ROOT,
            env=environment | {"PYTHONHASHSEED": hash_seed},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # it ends when its standard input is closed

    def run(
        self,
        arguments: Sequence[str],
        folder: Path,
        now: datetime,
        environment: Mapping[str, str] | None = None,
        *,
        changes: int = 0,
    ) -> Built:
        """Runs `gatepost ...` or `pelican ...` in a folder, at a time that stands still.

        It is killed before the change number `changes`, if that is given.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with tempfile.TemporaryDirectory() as streams:
            call = {
                "arguments": list(arguments),
                "folder": str(folder),
                "now": now.timestamp(),
                "environment": dict(environment or {}),
                "streams": [f"{streams}/out", f"{streams}/err"],
                "changes": changes,
            }
            self._process.stdin.write(json.dumps(call) + "\n")
            self._process.stdin.flush()
            code = int(self._process.stdout.readline())
            out, err = (Path(path).read_text("utf-8") for path in call["streams"])
        return Built(code, out, err)


def serve() -> None:
    """Answers each call with the exit code of its process."""
    sys.dont_write_bytecode = True  # settings that keep size and time would be read from it
    _import_all()
    shared_work.MANY = 5  # a small site needs them too
    gc.freeze()
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        call = json.loads(line)
        process = os.fork()
        if process == 0:
            os.setsid()
            _run(call)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        print(code, flush=True)  # noqa: T201


def _import_all() -> None:
    """Imports what builds use, and lets libraries fill the tables that they keep in memory."""
    import publish.plugins  # noqa: PLC0415

    for name in ("pelican", "time_machine", "publish.build.site", "publish.cli", "gatepost.cli"):
        importlib.import_module(name)
    for module in pkgutil.iter_modules(publish.plugins.__path__, "publish.plugins."):
        importlib.import_module(module.name)
    for name in ("capture.form.campaign_form", "rich.status", "pygments.lexers.python"):
        importlib.import_module(name)
    markdown.Markdown(extensions=["extra", "smarty", "toc", "pymdownx.superfences"]).convert(
        "~~~python\nx = 1\n~~~"
    )


def _run(call: Mapping[str, Any]) -> None:
    """Runs one command in this process, and ends it."""
    import pelican  # noqa: PLC0415
    import time_machine  # noqa: PLC0415

    from gatepost.cli import main  # noqa: PLC0415

    for number, path in enumerate(call["streams"], start=1):
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(file, number)
        os.close(file)
    os.chdir(call["folder"])
    os.environ.update(call["environment"])
    sys.path.insert(0, "")
    sys.argv = list(call["arguments"])
    commands: dict[str, Callable[[], object]] = {"gatepost": main, "pelican": pelican.main}
    if call["changes"]:
        sys.addaudithook(_kill_at(call["changes"]))
    code: Any = 0
    with time_machine.travel(call["now"], tick=False):
        try:
            commands[sys.argv[0]]()
        except SystemExit as error:
            code = error.code
            if isinstance(code, str):
                print(code, file=sys.stderr)  # noqa: T201
                code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


def _kill_at(count: int) -> Callable[[str, tuple[Any, ...]], None]:
    """A hook that kills this process and its children before change number `count` of a file."""
    writing = os.O_WRONLY | os.O_RDWR
    left = count

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event in _CHANGES or (event == "open" and (arguments[2] or 0) & writing):
            left -= 1
            if not left:
                os.killpg(0, signal.SIGKILL)

    return hook


if __name__ == "__main__":
    serve()
