"""Builds of a site in processes of their own, which are forks of one that has imported everything.

    with BuildServer() as builds:
        builds.run("gatepost", site.root, now)

A fork has not built anything yet, so it knows no more than a process that starts anew: the server
itself never builds, and asserts that no function of the project or of Pelican remembers a result.
`BuildServer(is_reference=True)` runs plain `pelican` alone, and has not imported our class.
A build can be killed, or a file can be edited, before it changes a certain file.
"""

import base64
import functools
import gc
import importlib
import json
import os
import pickle
import pkgutil
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

ROOT: Final = Path(__file__).parents[3]
_CHANGES: Final = frozenset({"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link"})
"""Audit events of Python, beside `open`, that change a folder."""
_LIBRARIES: Final = (
    *("pelican", "time_machine", "rich.status", "rich._emoji_codes", "pygments.lexers.python"),
    *("multiprocessing.popen_fork", "importlib.readers", "unidecode.x000", "tzdata", "stringprep"),
    *("encodings.idna", "encodings.ascii", "encodings.unicode_escape", "encodings.utf_8_sig"),
)
_OURS: Final = ("capture.form.campaign_form", "publish.shared_work")
_OF_BUILDS: Final = (
    *("gatepost.cli", "gatepost.settings", "publish.cli", "publish.build.site"),
    *("publish.build.incremental", "publish.build.run_inputs", "publish.build.cache_folder"),
    *("publish.build.progress_bar", "publish.build.release"),
)
_MARKDOWN: Final = (
    *("extra", "smarty", "toc", "sane_lists", "admonition", "meta"),
    *("pymdownx.superfences", "pymdownx.highlight"),
)
_LANGUAGES: Final = ("en", "de", "fr", "it", "ar")
_CHECKED: Final = ("capture.", "gatepost.", "pelican.", "publish.")
"""Packages whose functions must not remember a result when a build begins."""


@dataclass(frozen=True)
class Built:
    """What a build printed, and its exit code; that of a killed one is negative."""

    code: int
    out: str
    err: str

    @property
    def is_killed(self) -> bool:
        return self.code < 0


@dataclass(frozen=True)
class Interruption:
    """What happens to a build before its change number `changes` of a file.

    It is killed, unless there are `edits`: the new content by path, None for a deletion.
    """

    changes: int
    edits: Mapping[str, bytes | None] | None = None

    def to_json(self) -> Any:
        edits = self.edits and {
            path: None if content is None else base64.b64encode(content).decode()
            for path, content in self.edits.items()
        }
        return [self.changes, edits]


class BuildServer:
    """The process that forks."""

    def __init__(self, hash_seed: str = "0", *, is_reference: bool = False) -> None:
        environment = {key: v for key, v in os.environ.items() if not key.startswith("GATEPOST_")}
        kind = "reference" if is_reference else "builds"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.publish.rebuilding.build_server", kind],
            cwd=ROOT,
            env=environment | {"PYTHONHASHSEED": hash_seed},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._folder = tempfile.TemporaryDirectory(prefix="builds-")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # it ends when its standard input is closed
        self._folder.cleanup()

    def run(  # noqa: PLR0913 - how a command is run
        self,
        arguments: Sequence[str],
        folder: Path,
        now: datetime,
        environment: Mapping[str, str] | None = None,
        *,
        interruption: Interruption | None = None,
        shares_work: bool = True,
    ) -> Built:
        """Runs `gatepost ...` or `pelican ...` in a folder, at a time that stands still.

        With `shares_work`, five texts or pages are enough to share them over several processes.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        streams = [Path(self._folder.name, name) for name in ("out", "err")]
        call = {
            "arguments": list(arguments),
            "folder": str(folder),
            "now": now.timestamp(),
            "environment": dict(environment or {}),
            "streams": list(map(str, streams)),
            "interruption": interruption.to_json() if interruption else None,
            "shares_work": shares_work,
        }
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        out, err = (path.read_text("utf-8") for path in streams)
        return Built(code, out, err)


def serve(kind: str) -> None:
    """Answers each call with the exit code of its process."""
    sys.dont_write_bytecode = True  # settings that keep size and time would be read from it
    is_reference = kind == "reference"
    _import_all(is_reference=is_reference)
    gc.freeze()
    for line in sys.stdin:
        call = json.loads(line)
        reader, writer = os.pipe()
        process = os.fork()
        if process == 0:
            os.setsid()
            os.close(reader)
            _run(call, writer, is_reference=is_reference)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            patterns = pipe.read()
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        print(code, flush=True)  # noqa: T201
        for pattern, flags in pickle.loads(patterns) if patterns else ():
            re.compile(pattern, flags)


def _import_all(*, is_reference: bool) -> None:
    """Imports what builds use, and lets libraries fill the tables that they keep in memory."""
    import markdown  # noqa: PLC0415
    from babel import Locale  # noqa: PLC0415

    import publish.plugins  # noqa: PLC0415

    plugins = (
        module.name for module in pkgutil.iter_modules(publish.plugins.__path__, "publish.plugins.")
    )
    for name in (*_LIBRARIES, *_OURS, *plugins, *(() if is_reference else _OF_BUILDS)):
        importlib.import_module(name)
    markdown.Markdown(extensions=list(_MARKDOWN)).convert("~~~python\nx = 1\n~~~")
    for language in _LANGUAGES:
        assert Locale(language).languages
    if is_reference:
        assert not [name for name in sys.modules if name.startswith("publish.build")]
    remembering = {
        f"{found.__module__}.{found.__qualname__}"
        for found in gc.get_objects()
        if isinstance(found, functools._lru_cache_wrapper) and found.cache_info().currsize
    }
    ours = {name for name in remembering if name.startswith(_CHECKED)}
    assert ours <= {"capture.countries.countries"}, ours  # an import fills it, from a library


def _run(call: Mapping[str, Any], patterns: int, *, is_reference: bool) -> None:
    """Runs one command in this process, and ends it.

    Writes the regular expressions that it has compiled into the pipe `patterns`: the server then
    compiles them for the next builds.
    """
    import pelican  # noqa: PLC0415
    import time_machine  # noqa: PLC0415

    from publish import shared_work  # noqa: PLC0415

    for number, path in enumerate(call["streams"], start=1):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
        os.close(file)
    os.chdir(call["folder"])
    os.environ.update(call["environment"])
    sys.path.insert(0, "")
    sys.argv = list(call["arguments"])
    if call["shares_work"]:
        shared_work.MANY = 5  # type: ignore[misc]
    gc.disable()  # a build of a small site is over before it needs one
    known = set(re._cache)  # type: ignore[attr-defined]
    if call["interruption"]:
        sys.addaudithook(_interrupt_at(*call["interruption"]))
    code: Any = 0
    with time_machine.travel(call["now"], tick=False):
        try:
            if sys.argv[0] == "pelican":
                pelican.main()
            else:
                from gatepost.cli import main  # noqa: PLC0415

                main()
        except SystemExit as error:
            code = error.code
            if isinstance(code, str):
                print(code, file=sys.stderr)  # noqa: T201
                code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    if is_reference:
        assert not any(name.startswith("publish.build") for name in sys.modules)
    new = [(key[1], key[2]) for key in re._cache if key not in known]  # type: ignore[attr-defined]
    with os.fdopen(patterns, "wb") as pipe:
        pickle.dump(new, pipe)
    os._exit(code or 0)


def _interrupt_at(
    count: int, edits: Mapping[str, str | None] | None
) -> Callable[[str, tuple[Any, ...]], None]:
    """A hook that acts before change number `count` of a file: see `Interruption`."""
    writing = os.O_WRONLY | os.O_RDWR
    left, builder = count, os.getpid()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event in _CHANGES or (event == "open" and (arguments[2] or 0) & writing):
            left -= 1
            if left:
                return
            if edits is None:
                os.killpg(0, signal.SIGKILL)
            elif os.getpid() == builder:
                _edit(edits)

    return hook


def _edit(edits: Mapping[str, str | None]) -> None:
    for name, content in edits.items():
        path = Path(name)
        if content is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(base64.b64decode(content))


if __name__ == "__main__":
    serve(sys.argv[1])
