"""File permissions: only the service's user may read what the service stores."""

import logging
from collections.abc import Iterator
from pathlib import Path

from capture.files import make_private
from gatepost.raw_settings import PREFIX
from gatepost.settings import SECRETS, Settings, SettingsWithSources

log = logging.getLogger(__name__)

_OTHER_USERS = 0o077
"""The mode bits of group and others."""


def make_files_private(settings: Settings) -> None:
    """Removes other users' access to `var/` with all its files, and to the database files."""
    for line in make_private(_private_paths(settings)):
        log.warning("%s", line)


def warn_of_open_secrets(settings: SettingsWithSources, root: Path = Path()) -> None:
    """Logs a warning if other users can read a `.env` that holds a secret.

    It does not change the mode: the file may be shared on purpose.
    """
    path = root / ".env"
    secrets = [name for name in SECRETS if settings.sources.get(name) == ".env"]
    if secrets and path.stat().st_mode & _OTHER_USERS:
        keys = " and ".join(PREFIX + name.upper() for name in secrets)
        log.warning("%s: others may read it, and it holds %s; run `chmod 600 %s`", path, keys, path)


def _private_paths(settings: Settings) -> Iterator[Path]:
    database = settings.database_url.removeprefix("sqlite:///")
    yield from (Path(f"{database}{part}") for part in ("", "-wal", "-shm", ".lock"))
    var = settings.var_dir
    if var.is_dir() and not _has_shared_folder(settings):
        yield from (var, *var.rglob("*"))


def _has_shared_folder(settings: Settings) -> bool:
    """Whether `var` contains a folder that other users must read. The operator sets its modes."""
    var = settings.var_dir.resolve()
    shared_folders = (
        settings.output_dir,
        settings.theme_dir,
        settings.campaigns_dir,
        settings.gated_dir,
        settings.releases_dir,
        Path(),
    )
    return any(folder.resolve().is_relative_to(var) for folder in shared_folders)
