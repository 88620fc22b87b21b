"""The settings as texts, before they are validated: from the environment and `.env`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from capture.errors import Refused

PREFIX: Final = "GATEPOST_"
"""Every variable of a setting begins with it."""
CACHE_DIR: Final = ".cache"
"""The default of the setting."""
_IN_RELEASE = {
    "campaigns_dir": "campaigns",
    "clients_dir": "clients",
    "gated_dir": "content/gated",
    "output_dir": "output",
}
"""By folder setting: its place in the live release, which is the default if RELEASES_DIR is set."""


def read_raw_settings(
    environment: Mapping[str, str] = os.environ, root: Path = Path()
) -> tuple[dict[str, str], dict[str, str]]:
    """The texts of the settings that are set, and where each comes from, both by field name.

    Raises `Refused` if `.env` cannot be read.
    """
    raw: dict[str, str] = {}
    sources: dict[str, str] = {}
    for origin, values in ((".env", _read_dotenv(root / ".env")), ("environment", environment)):
        for name, value in values.items():
            if name.startswith(PREFIX):
                field = name.removeprefix(PREFIX).lower()
                raw[field] = value
                sources[field] = origin
    if releases := raw.get("releases_dir"):
        for field, place in _IN_RELEASE.items():
            if field not in raw:
                raw[field] = f"{releases}/current/{place}"
                sources[field] = PREFIX + "RELEASES_DIR"
    return raw, sources


def _read_dotenv(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    from dotenv import dotenv_values  # noqa: PLC0415 - most projects have no such file

    try:
        return {name: value or "" for name, value in dotenv_values(path, interpolate=False).items()}
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path}: cannot be read: {error}") from None
