"""The context of a publication: settings, folders, limits and where to report."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from capture.errors import Refused
from gatepost.raw_settings import PREFIX
from gatepost.releases.limits import Limits
from gatepost.releases.store import ReleaseStore
from gatepost.settings import SECRETS, Settings


@dataclass(frozen=True, slots=True)
class PublishContext:
    """What each step of a publication needs."""

    settings: Settings
    store: ReleaseStore
    install_dir: Path
    """The folder of the installed code and theme."""
    limits: Limits
    report: Callable[[str], None]
    """Prints one line for the user who waits."""

    @classmethod
    def from_settings(
        cls, settings: Settings, install_dir: Path, report: Callable[[str], None]
    ) -> Self:
        """Makes the context. Raises `Refused` if the current user can read leads or keys."""
        check_no_access_to_leads(settings)
        return cls(
            settings=settings,
            store=ReleaseStore(settings.releases_dir.absolute()),
            install_dir=install_dir,
            limits=Limits.from_settings(settings),
            report=report,
        )


def check_no_access_to_leads(settings: Settings) -> None:
    """Raises `Refused` if the current user can read leads or keys.

    The user who builds pushed content must not be able to copy a lead into the site.
    """
    var = settings.var_dir
    if os.access(var, os.R_OK) or os.access(var, os.X_OK):
        raise Refused(
            f"{var}: the user who publishes must not be able to read it; publish as another user "
            f"than the service's, and `chmod 700 {var}`"
        )
    for name in SECRETS:
        if getattr(settings, name):
            raise Refused(
                f"{PREFIX}{name.upper()}: the user who publishes must not know it; set it for the "
                "service alone, or leave it in the var folder"
            )
