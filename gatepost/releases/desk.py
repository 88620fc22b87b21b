"""What publishing is given: where things are, and who is at work."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from capture.errors import Refused
from gatepost.releases.limits import Limits
from gatepost.releases.shelf import Shelf
from gatepost.settings import PREFIX, Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """From the settings, and the folder of the installed code."""

    shelf: Shelf
    installed: Path
    theme: Path
    cache: Path
    site_url: str
    capture_url: str
    ledger_socket: str
    keep: int
    limits: Limits
    say: Callable[[str], None]
    """Tells whoever waits a line."""

    @classmethod
    def of(cls, settings: Settings, installed: Path, say: Callable[[str], None]) -> Self:
        """Raises `Refused` if whoever is at work could read leads or keys."""
        _check_user(settings)
        return cls(
            shelf=Shelf(settings.releases_dir.absolute()),
            installed=installed,
            theme=settings.theme_dir.absolute(),
            cache=settings.cache_dir.absolute(),
            site_url=settings.site_url,
            capture_url=settings.capture_url,
            ledger_socket=settings.ledger_socket,
            keep=settings.keep_releases,
            limits=Limits.of(settings),
            say=say,
        )


def _check_user(settings: Settings) -> None:
    """What people push is built by one who could not put a lead into it if they tried."""
    var = settings.var_dir
    if os.access(var, os.R_OK) or os.access(var, os.X_OK):
        raise Refused(
            f"{var}: the user who publishes must not be able to read it; publish as another user "
            f"than the service's, and `chmod 700 {var}`"
        )
    for name in ("secret_key", "duplicate_key"):
        if getattr(settings, name):
            raise Refused(
                f"{PREFIX}{name.upper()}: the user who publishes must not know it; set it for the "
                "service alone, or leave it in the var folder"
            )
