"""Compares a site with a clean build: plain Pelican, in a process of its own, with empty folders.

    python -m publish.build.verify CONFIG OVERRIDES

The command makes the clean build. OVERRIDES are Pelican settings as JSON.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pelican import Pelican

from capture.errors import GatepostError, Refused
from publish.build.pelican_run import run_pelican, settings_from
from publish.build.release import finish_release
from publish.build.site_folder import SiteFolder
from publish.checks.layout import PUBLISHED, published_file
from publish.plugins.project_settings import RELEASE


def differences(
    config: Path,
    overrides: Mapping[str, object],
    settings: Mapping[str, Any],
    *,
    is_release: bool,
) -> list[str]:
    """One line for each file in which the site differs from a clean build of it.

    `settings` are Pelican's, after the site was built. Raises `Refused` if the clean build fails.
    """
    site = Path(settings["OUTPUT_PATH"]).absolute()
    with tempfile.TemporaryDirectory(prefix=".gatepost-verify-", dir=site.parent) as folder:
        clean = Path(folder) / "clean" / site.name
        others = {
            "OUTPUT_PATH": str(clean),
            "CACHE_PATH": str(Path(folder) / "cache"),
            PUBLISHED: str(published_file(settings)),
            RELEASE: is_release,
        }
        arguments = [str(config), json.dumps({**overrides, **others})]
        command = [sys.executable, "-m", "publish.build.verify", *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if result.returncode:
            raise Refused(f"the clean build failed: {result.stderr.strip()}")
        return sorted(_different(site, clean))


def _different(site: Path, clean: Path) -> Iterator[str]:
    for name in _names(site) | _names(clean):
        if not (clean / name).is_file():
            yield f"{name} is no file of the site"
        elif not _is_same(site / name, clean / name):
            yield f"{name} differs from a clean build"
    for beside in clean.parent.iterdir():
        if beside != clean and not _is_same(beside, site.parent / beside.name):
            yield f"../{beside.name} differs from a clean build"


def _names(folder: Path) -> set[str]:
    paths = folder.rglob("*")
    return {path.relative_to(folder).as_posix() for path in paths if path.is_file()}


def _is_same(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def main() -> None:
    """Makes a clean build."""
    config, overrides = sys.argv[1:]
    try:
        settings = settings_from(Path(config), json.loads(overrides))
        Path(settings["OUTPUT_PATH"]).mkdir(parents=True)
        run_pelican(settings, Pelican)
        if settings.get(RELEASE):
            site = SiteFolder.of_complete(Path(settings["OUTPUT_PATH"]))
            finish_release(site, Path(settings["CACHE_PATH"]))
    except GatepostError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
