"""The fork server: builds know nothing of each other, and what stops a running build."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gatepost.preview.build_loop import Builder
from gatepost.preview.state import PreviewOrder
from publish.plugins.current_file import CURRENT_FILE
from tests.service import ROOT
from tests.waiting import HANG_SECONDS

from .conftest import make_preview_project

SCRIPT = """
import os, sys, time
from gatepost.preview.fork_server import _wait_for_hang_up
read_end, write_end = os.pipe()
if os.fork() == 0:
    time.sleep(float(sys.argv[1]))
    os._exit(0)
os.close(write_end)
print(_wait_for_hang_up(read_end, 30))
"""


def run_script(*, close_stdin: bool) -> tuple[int, bytes]:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "600" if close_stdin else "0.3"],
        stdin=-1,
        stdout=-1,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"the next order\n")
        process.stdin.flush()
        if close_stdin:
            process.stdin.close()
        return process.wait(60), process.stdout.read()


def test_an_order_that_arrives_during_a_build_does_not_stop_it() -> None:
    assert run_script(close_stdin=False) == (0, b"True\n")


def test_a_build_is_killed_when_stdin_closes() -> None:
    assert run_script(close_stdin=True) == (-9, b"")


DUMP = """
import json, logging, sys
from pelican import log, readers, signals

def state():
    \"\"\"What a build leaves in the modules of Pelican and of the logger.\"\"\"
    receivers = {
        name: sorted(str(found) for found in vars(signal)["receivers"].values())
        for name, signal in vars(signals).items() if hasattr(signal, "receivers")
    }
    logger = logging.getLogger("pelican")
    return {
        "receivers": {name: len(found) for name, found in receivers.items()},
        "fields": sorted(readers.METADATA_PROCESSORS),
        "logged": sorted(map(repr, log.LimitFilter._raised_messages)),
        "ignored": sorted(map(repr, log.LimitFilter._ignore)),
        "counted": repr(sorted(log.LimitFilter._group_count.items(), key=repr)),
        "handlers": sorted(type(found).__name__ for found in logger.handlers),
        "own": sorted(
            name for name, module in sys.modules.items()
            if (getattr(module, "__file__", None) or "").startswith(FOLDER)
        ),
        "path": sys.path,
    }

with open(f"{FOLDER}/state.json", "w") as file:
    json.dump(state(), file)
"""
PLUGIN = """
import logging
from pelican import readers, signals

def note(pelican):
    readers.METADATA_PROCESSORS["mood"] = lambda value, settings: value
    for number in range(9):
        logging.getLogger("pelican.mine").warning("again %s", number, extra={
            "limit_msg": "no more of these"})
    open("plugin-ran", "w").close()

def register():
    signals.initialized.connect(note)
"""
MODULES = """
import sys
from pelican import signals
known = set(sys.modules)

def note(pelican):
    with open(f"{FOLDER}/imported", "w") as file:
        file.write(" ".join(sorted(set(sys.modules) - known)))

signals.finalized.connect(note)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a copy of this site, which is the current one."""
    make_preview_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def build(builder: Builder, project: Path, *code: str) -> None:
    """Builds with more code in the settings file."""
    config = (ROOT / "pelicanconf.py").read_text()
    own = f"FOLDER = {str(project)!r}\n"
    (project / "pelicanconf.py").write_text("\n".join((config, own, *code)))
    current_file = project / "current"
    overrides = {"OUTPUT_PATH": str(project / "output/www"), CURRENT_FILE: str(current_file)}
    order = PreviewOrder(Path("pelicanconf.py"), overrides, int(HANG_SECONDS), current_file)
    assert builder.build(order).problems == ()


def test_a_build_starts_with_the_modules_of_a_new_process_whatever_was_built_before(
    project: Path,
) -> None:
    (project / "plugins").mkdir()
    (project / "plugins/mine.py").write_text(PLUGIN)
    with_plugin = 'PLUGIN_PATHS = ["plugins"]\nPLUGINS.append("mine")\n'
    with Builder() as builder:
        build(builder, project, with_plugin, 'IGNORE_FILES = ["*.none"]\nLOG_FILTER = [(30, "x")]')
        assert (project / "plugin-ran").exists()
        build(builder, project, DUMP)
    after_another = (project / "state.json").read_bytes()
    with Builder() as builder:
        build(builder, project, DUMP)
    assert (project / "state.json").read_bytes() == after_another


def test_a_build_imports_no_module_of_ours_itself(project: Path) -> None:
    with Builder() as builder:
        build(builder, project, MODULES)
    imported = (project / "imported").read_text().split()
    ours = ("capture.", "gatepost.", "publish.")
    assert [name for name in imported if name.startswith(ours)] == []


def test_a_build_uses_a_module_that_was_saved_again_within_a_second_with_the_same_size(
    project: Path,
) -> None:
    (project / "plugins").mkdir()
    module = project / "plugins/mine.py"
    use = 'PLUGIN_PATHS = ["plugins"]\nPLUGINS.append("mine")\n'
    with Builder() as builder:
        for number in range(3):
            module.write_text(f"def register():\n    open('version-{number}', 'w').close()\n")
            os.utime(module, (1_800_000_000, 1_800_000_000))
            build(builder, project, use)
            assert (project / f"version-{number}").exists()
