"""Loads a map of redirects with nginx, if it is installed."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from publish.checks.redirects import MAP_HASH_SIZES

FOLDERS: Final = "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin"
"""Where nginx may be besides PATH, which often lacks `sbin`."""
_SECONDS: Final = 20
_ERROR: Final = re.compile(
    r"\[emerg\] (?:\S+#\S+: )?(?P<reason>.+?)(?: in \S+:(?P<line>\d+))?$", re.M
)
_CONFIG: Final = """\
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    {temporary_folders}
    {sizes}
    map $uri $redirect_target {{
        default "";
        include {folder}/redirects.map;
    }}
}}
"""


@dataclass(frozen=True)
class Refusal:
    """Why nginx does not load a map."""

    reason: str
    line: int | None
    """The line of the map, from 1; None if nginx names none."""
    is_about_map: bool = True
    """False if nginx does not run here: it refuses an empty map too."""


def map_refusal(lines: Iterable[str]) -> Refusal | None:
    """The reason why nginx refuses a map of these lines.

    None if it accepts them, or if it is not installed.
    """
    program = shutil.which("nginx") or shutil.which("nginx", path=FOLDERS)
    if program is None:
        return None
    error = _load(program, lines)
    if not error:
        return None
    general = _load(program, ())
    match = _ERROR.search(general or error)
    reason = match["reason"] if match else " ".join((general or error).split())
    line = int(match["line"]) if match and match["line"] and not general else None
    return Refusal(reason, line, is_about_map=not general)


def nginx_places() -> set[str]:
    """The paths where nginx is searched for."""
    folders = f"{os.environ.get('PATH', '')}:{FOLDERS}".split(":")
    return {f"{folder}/nginx" for folder in folders if folder}


def _load(program: str, lines: Iterable[str]) -> str:
    """What nginx says about a map that it refuses; empty if it accepts it."""
    with tempfile.TemporaryDirectory(prefix="gatepost-") as name:
        folder = Path(name)
        (folder / "redirects.map").write_text("".join(f"{line}\n" for line in lines), "utf-8")
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        config = _CONFIG.format(
            folder=folder,
            temporary_folders=" ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds),
            sizes=" ".join(f"{name} {size};" for name, size in MAP_HASH_SIZES.items()),
        )
        (folder / "nginx.conf").write_text(config, "utf-8")
        try:
            result = subprocess.run(  # noqa: S603 - a program of the system, our own file
                [program, "-t", "-q", "-p", name, "-c", f"{name}/nginx.conf"],
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=_SECONDS,
                env={**os.environ, "LC_ALL": "C"},
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        return result.stderr or "no reason given" if result.returncode else ""
