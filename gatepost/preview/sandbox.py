"""The built site together with a lead service for test leads."""

import secrets
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from flask import Flask
from jinja2 import Environment, TemplateSyntaxError

from capture.errors import FileErrors, Problem, short_path
from capture.ledger import open_ledger
from capture.ledger.protocol import Ledger
from gatepost.preview.state import with_script
from gatepost.server.serve import make_app, web_config
from gatepost.settings import Settings


class Sandbox:
    """Serves a built site together with a lead service that writes to a temporary ledger.

    The real ledger never forgets, so it must not receive a writer's test leads: they would be
    billed, count as duplicates and fix the campaign's terms.
    """

    def __init__(self, settings: Settings, folder: Path, output: Path) -> None:
        """`folder` is the temporary folder of the preview, and `output` that of the builds."""
        self._folder = folder
        self._settings = settings.model_copy(
            update={
                "site_url": "",  # links point to the preview itself
                "capture_url": "",
                "secret_key": secrets.token_hex(),
                "duplicate_key": secrets.token_hex(),
                "output_dir": output,
                "var_dir": folder,
                "trusted_proxies": 0,
                "rate_limit": "",
            }
        )
        self._ledgers = 0
        self._ledger = self._new_ledger()
        self._app: Flask | None = None
        self._facts: tuple[int, int] | None = None

    def site(self, changed: Collection[Path]) -> Flask:
        """Returns the app for the site after these changes. Raises a `GatepostError`.

        Changed campaigns start an empty ledger: some terms cannot change once there are leads
        (rule 17 of docs/rules.md), but a writer may still change them here.
        """
        facts = _stamp_of(self._settings.output_dir / "site.json")
        only_texts = changed and all(map(self._is_text, changed))
        if self._app and only_texts and facts == self._facts:
            return self._app  # its files are those of the last build already
        if any(path.suffix == ".toml" for path in changed):
            self._ledger = self._new_ledger()
        app = make_app(self._settings, self._ledger)
        app.after_request(with_script)
        self._app, self._facts = app, facts
        return app

    def _is_text(self, path: Path) -> bool:
        """Whether a file is a text, which the lead service does not read."""
        return path.suffix == ".md" and not path.is_relative_to(self._settings.gated_dir.absolute())

    def check_templates(self) -> None:
        """Checks the syntax of all templates: a build parses only those that the site uses.

        Raises `FileErrors`.
        """
        environment = Environment(autoescape=True)
        problems = []
        for path in sorted((self._settings.theme_dir / "templates").glob("*.html")):
            try:
                environment.parse(path.read_text(encoding="utf-8"), path.name, str(path))
            except FileNotFoundError:  # deleted meanwhile, or the lock of an editor
                continue
            except UnicodeDecodeError:
                problems.append(Problem(short_path(path), None, "is not UTF-8: save it as UTF-8"))
            except TemplateSyntaxError as error:
                problems.append(Problem(short_path(path), error.lineno, str(error.message)))
        if problems:
            raise FileErrors(problems)

    def _new_ledger(self) -> Ledger:
        self._ledgers += 1
        url = f"sqlite:///{self._folder}/sandbox-{self._ledgers}.db"
        self._settings = self._settings.model_copy(update={"database_url": url})
        return open_ledger(url, web_config(self._settings).duplicate_key)


def _stamp_of(path: Path) -> tuple[int, int] | None:
    """Time and inode of a file that builds replace; None if there is none."""
    with suppress(OSError):
        status = path.stat()
        return status.st_mtime_ns, status.st_ino
    return None
