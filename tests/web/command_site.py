"""The app in this process, and the command on the same ledger."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from capture.ledger.protocol import Ledger
from capture.web.app import create_app
from capture.web.services import EXTENSION
from tests.service import web_config

KEY = "a key for tests only, and a long one"


def let_command_share_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives the command the keys of the app."""
    for name in ("SECRET_KEY", "DUPLICATE_KEY"):
        monkeypatch.setenv(f"GATEPOST_{name}", KEY)


class CommandSite:
    """The service in this process, over the ledger of the command in a project's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        config = web_config(
            folder,
            database_url=f"sqlite:///{folder}/var/gatepost.db",
            secret_key=KEY.encode(),
            duplicate_key=KEY.encode(),
            counters=folder / "var" / "counters.db",
            site_origin="http://127.0.0.1:8000",
            rate_limit="",
        )
        self.app = create_app(config)
        self.client: FlaskClient = self.app.test_client()

    @property
    def ledger(self) -> Ledger:
        ledger: Ledger = self.app.extensions[EXTENSION].ledger
        return ledger
