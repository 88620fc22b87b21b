"""A good build as it is served: the site and a lead service that tries out its forms."""

import secrets
from pathlib import Path

from flask import Flask
from jinja2 import TemplateSyntaxError

from capture.errors import FileErrors, Problem, short_path
from capture.ledger import Ledger, open_ledger
from gatepost.preview.pages import Edition, with_script
from gatepost.serve import make_app, web_config
from gatepost.settings import Settings


class Trial:
    """Leads that were sent from the preview, in a ledger that ends with it.

    A real ledger never forgets, so what a writer tries out is kept out of it: nothing is billed,
    counts as a duplicate or binds the campaign's terms.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        """`folder` is the preview's own."""
        self._folder = folder
        self._settings = settings.model_copy(
            update={
                "site_url": "",  # links shall lead to the preview
                "capture_url": "",
                "secret_key": secrets.token_hex(),
                "duplicate_key": secrets.token_hex(),
                "var_dir": folder,
                "trusted_proxies": 0,
                "rate_limit": "",
            }
        )
        self._ledgers = 0
        self._ledger = self._new_ledger()

    def site(self, output: Path, edition: Edition, *, new_terms: bool) -> Flask:
        """An app for what was built into `output`. Raises a `GatepostError`.

        With `new_terms` it starts with an empty ledger: a writer may still change what cannot be
        changed once there are leads (rule 17).
        """
        if new_terms:
            self._ledger = self._new_ledger()
        settings = self._settings.model_copy(update={"output_dir": output})
        app = make_app(settings, self._ledger)
        _check_templates(app, settings.theme_dir / "templates")
        app.after_request(lambda response: with_script(response, edition))
        return app

    def _new_ledger(self) -> Ledger:
        self._ledgers += 1
        url = f"sqlite:///{self._folder}/trial-{self._ledgers}.db"
        self._settings = self._settings.model_copy(update={"database_url": url})
        return open_ledger(url, web_config(self._settings).duplicate_key)


def _check_templates(app: Flask, folder: Path) -> None:
    """The build looks at the site's templates alone; the service has some of its own."""
    problems = []
    for path in sorted(folder.glob("*.html")):
        try:
            app.jinja_env.parse(path.read_text(encoding="utf-8"), path.name, str(path))
        except TemplateSyntaxError as error:
            problems.append(Problem(short_path(path), error.lineno, str(error.message)))
    if problems:
        raise FileErrors(problems)
