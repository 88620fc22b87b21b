"""The reference build of a site, and what another build has made differently."""

import difflib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from stat import S_ISREG
from typing import Final

from publish.build.build_store import PREVIEW_FILE
from publish.build.release import finish_release
from publish.build.site_folder import SiteFolder
from publish.plugins.project_settings import RELEASE as RELEASE_SETTING
from tests.publish.rebuilding.build_server import BuildServer, Built

REFERENCE: Final = """\
import sys
sys.path.insert(0, {project!r})
from {module} import *
import pelican
PELICAN_CLASS = pelican.Pelican
PATH, THEME = {project!r} + "/content", {project!r} + "/theme"
OUTPUT_PATH, CACHE_PATH = {folder!r} + "/www", {folder!r} + "/cache"
"""
"""Settings of a clean build by the wheel's own class: nothing is known from an earlier one."""
COMPILED: Final = """\
from jinja2 import FileSystemBytecodeCache
JINJA_ENVIRONMENT = {{**JINJA_ENVIRONMENT, "bytecode_cache": FileSystemBytecodeCache({folder!r})}}
"""
"""Lets Jinja keep compiled templates, which takes half of the time of a clean build."""


@dataclass(frozen=True)
class Mode:
    """How a site is built: locally, with full addresses, or for a release."""

    settings: str
    """The name of the settings module."""
    gatepost: tuple[str, ...]
    pelican: tuple[str, ...]
    environment: Mapping[str, str]
    output: str = "output"
    """The folder that contains `www`."""
    is_release: bool = False


LOCAL: Final = Mode("pelicanconf", ("gatepost", "build"), ("pelican",), {})
PRODUCTION: Final = Mode(
    "publishconf",
    ("gatepost", "build", "--production"),
    ("pelican", "-s", "publishconf.py"),
    {"GATEPOST_SITE_URL": "https://www.example.com"},
)


RELEASE: Final = replace(
    PRODUCTION, gatepost=(*PRODUCTION.gatepost, "--release"), pelican=(), is_release=True
)
"""Plain `pelican` makes no release."""
PREVIEW: Final = replace(
    LOCAL,
    environment={"GATEPOST_OUTPUT_DIR": "preview", "STORE": PREVIEW_FILE},
    pelican=(),
    output="preview",
)
"""As the live preview builds: another folder of the same settings, with a store of its own."""


def build_reference(  # noqa: PLR0913 - where and how it is built
    builds: BuildServer,
    project: Path,
    folder: Path,
    now: datetime,
    mode: Mode = LOCAL,
    *,
    compiled: Path | None = None,
) -> Built:
    """Builds the project clean, with plain Pelican, into `www` in an emptied folder.

    Jinja keeps compiled templates in the folder `compiled`, and compares their sources. It must be
    another one for other settings, and for other modules beside them.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "cache").mkdir(parents=True)
    published = project / mode.output / "published.json"
    if published.exists():  # the checks compare with what was published before
        shutil.copy(published, folder)
    settings = folder / "cache" / "reference_settings.py"
    text = REFERENCE.format(project=str(project), module=mode.settings, folder=str(folder))
    if compiled:
        compiled.mkdir(parents=True, exist_ok=True)
        text += COMPILED.format(folder=str(compiled))
    settings.write_text(f"{text}{RELEASE_SETTING} = {mode.is_release}\n", encoding="utf-8")
    command = ["pelican", "-q", "-s", str(settings)]
    built = builds.run(command, project, now, mode.environment, shares_work=False)
    if mode.is_release and not built.code:
        finish_release(SiteFolder.of_complete(folder / "www"), folder / "cache")
    return built


@dataclass(frozen=True)
class OutputFile:
    """A file of a site, or one beside it."""

    content: bytes
    stamp: tuple[int, int]
    """Its time and the number of its inode: others if it was written again."""


def files_of(folder: Path) -> dict[str, OutputFile]:
    """All files of a site, and those beside it, by path. `folder` contains `www`."""
    paths = [*folder.glob("[!.]*")]
    for place, _, names in os.walk(folder / "www"):
        paths += [Path(place, name) for name in names]
    found = {}
    for path in paths:
        status = path.stat()
        if S_ISREG(status.st_mode):
            stamp = status.st_mtime_ns, status.st_ino
            found[str(path.relative_to(folder))] = OutputFile(path.read_bytes(), stamp)
    return dict(sorted(found.items()))


def output_of(folder: Path) -> dict[str, bytes]:
    """The contents of `files_of`."""
    return {name: file.content for name, file in files_of(folder).items()}


def differences(made: Mapping[str, bytes], expected: Mapping[str, bytes]) -> str:
    """What differs between two outputs, for a message; empty if they are equal."""
    lines = [f"missing: {path}" for path in expected if path not in made]
    lines += [f"not in the reference: {path}" for path in made if path not in expected]
    for path in expected:
        if path in made and made[path] != expected[path]:
            lines.append(f"differs: {path}")
            lines += _diff(made[path], expected[path])
    return "\n".join(lines[:80])


def _diff(made: bytes, expected: bytes) -> list[str]:
    texts = (expected, made)
    old, new = (text.decode(errors="replace").splitlines() for text in texts)
    return [line[:300] for line in difflib.unified_diff(old, new, "reference", "made", "", "", 0)]
