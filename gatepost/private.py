"""What the service keeps is its user's alone: repaired at each start, or said."""

import logging
from collections.abc import Iterator
from pathlib import Path

from capture.private_files import make_private
from gatepost.settings import PREFIX, SECRETS, Settings, Sourced

log = logging.getLogger(__name__)

_OTHERS = 0o077


def keep_private(settings: Settings) -> None:
    """Takes others' rights from `var/` and all in it, and from the database wherever it lies."""
    for line in make_private(_kept(settings)):
        log.warning("%s", line)


def warn_of_open_secrets(sourced: Sourced, root: Path = Path()) -> None:
    """Says so if others may read a `.env` that holds a secret. Never changed: it may be shared."""
    path = root / ".env"
    named = [name for name in SECRETS if sourced.sources.get(name) == ".env"]
    if named and path.stat().st_mode & _OTHERS:
        keys = " and ".join(PREFIX + name.upper() for name in named)
        log.warning("%s: others may read it, and it holds %s; run `chmod 600 %s`", path, keys, path)


def _kept(settings: Settings) -> Iterator[Path]:
    database = settings.database_url.removeprefix("sqlite:///")
    yield from (Path(f"{database}{part}") for part in ("", "-wal", "-shm", ".lock"))
    var = settings.var_dir
    if var.is_dir() and not _holds_more(settings):
        yield from (var, *var.rglob("*"))


def _holds_more(settings: Settings) -> bool:
    """Whether a folder that others must read lies in `var`: then its modes are the operator's."""
    var = settings.var_dir.resolve()
    shared = (
        settings.output_dir,
        settings.theme_dir,
        settings.campaigns_dir,
        settings.gated_dir,
        settings.releases_dir,
        Path(),
    )
    return any(folder.resolve().is_relative_to(var) for folder in shared)
