"""The reference build of a site, and what another build has made differently."""

import difflib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
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


def build_reference(
    builds: BuildServer, project: Path, folder: Path, now: datetime, mode: Mode = LOCAL
) -> Built:
    """Builds the project clean, with plain Pelican, into `www` in an emptied folder."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "cache").mkdir(parents=True)
    published = project / mode.output / "published.json"
    if published.exists():  # the checks compare with what was published before
        shutil.copy(published, folder)
    settings = folder / "cache" / "reference_settings.py"
    text = REFERENCE.format(project=str(project), module=mode.settings, folder=str(folder))
    settings.write_text(f"{text}{RELEASE_SETTING} = {mode.is_release}\n", encoding="utf-8")
    built = builds.run(["pelican", "-q", "-s", str(settings)], project, now, mode.environment)
    if mode.is_release and not built.code:
        finish_release(SiteFolder.of_complete(folder / "www"), folder / "cache")
    return built


def output_of(folder: Path) -> dict[str, bytes]:
    """All files of a site, and those beside it, by path. `folder` contains `www`."""
    paths = [*folder.glob("[!.]*"), *(folder / "www").rglob("*")]
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(paths) if path.is_file()
    }


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
