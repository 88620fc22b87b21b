"""What publishing is given: where things are, and who is at work."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from capture.errors import Refused
from gatepost.releases.limits import Limits
from gatepost.releases.store import ReleaseStore
from gatepost.settings import PREFIX, Settings


@dataclass(frozen=True, slots=True)
class PublishContext:
    """From the settings, and the folder of the installed code."""

    settings: Settings
    store: ReleaseStore
    installed: Path
    limits: Limits
    report: Callable[[str], None]
    """Tells whoever waits a line."""

    @classmethod
    def of(cls, settings: Settings, installed: Path, say: Callable[[str], None]) -> Self:
        """Raises `Refused` if whoever is at work could read leads or keys."""
        check_user(settings)
        return cls(
            settings=settings,
            store=ReleaseStore(settings.releases_dir.absolute()),
            installed=installed,
            limits=Limits.of(settings),
            report=say,
        )


def check_user(settings: Settings) -> None:
    """What people push is built by one who could not put a lead into it if they tried.

    Raises `Refused` if whoever is at work could.
    """
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
